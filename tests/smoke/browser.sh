#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Chromium as a guest: it draws the page, follows its refresh to the portal, logs in there and comes
# to where it wanted to go. Node uploads, and NetworkManager says that there is a portal.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

portal_url=http://$portal4:8080/login

# browse DIRECTORY URL SWITCH...: Chromium as somebody's who has just started it.
browse() {
  client timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage \
    "--user-data-dir=$bed_dir/$1" --timeout=20000 "${@:3}" "$2" 2>"$bed_dir/chromium-$1.log"
}

bed_up
gateway_up
in_background net portal.log /usr/bin/python3 "$smoke_lib/portal.py" "$portal4" 8080 \
  "$bed_dir/link.key" "$(program gate511ctl)" -s "$bed_dir/control.sock" session add --ttl 1h
wait_until 5 net curl -s -o /dev/null "http://$portal4:8080/" || die "portal: $(<"$bed_dir/portal.log")"

step 'Node: a large body'
for family in 4 6; do
  address=origin$family
  name=${!address}
  [ "$family" = 4 ] || name="[$name]"
  equal "IPv$family: fetch of a POST of 2 MB" "$(client timeout 20 node -e '
    fetch(process.argv[1], { method: "POST", body: Buffer.alloc(2e6) })
      .then(async (r) => console.log(r.status, r.statusText, (await r.text()).includes("refresh")))
      .catch((e) => console.log(e.cause ?? e));' "http://$name/upload" 2>&1)" \
    '511 Network Authentication Required true'
done

step 'Chromium'
# The page by itself, as it is drawn: without what leads away from it at once.
client curl -sS -m 5 http://origin.example/ | sed 's/<meta http-equiv="refresh"[^>]*>//' >"$bed_dir/page.html"
matches 'the page is drawn' "$(browse page "file://$bed_dir/page.html" --dump-dom)" \
  '<title>Example Wi-Fi.*</title>'
browse page "file://$bed_dir/page.html" "--screenshot=$bed_dir/page.png" --window-size=390,844 || true
check 'and has what it takes to be seen' test "$(stat -c %s "$bed_dir/page.png")" -gt 5000
mkdir -p "$bed_dir/origin/wanted"
printf '<!doctype html><title>Here</title><p>What was wanted.\n' >"$bed_dir/origin/wanted/page.html"
for visit in first second; do  # it may come by a connection of before the login, as people do: then it reloads
  seen=$(browse "$visit" http://origin.example/wanted/page.html?a=1 --dump-dom --virtual-time-budget=15000 || true)
  ! grep -q 'What was wanted' <<<"$seen" || break
done
matches 'it logs in and gets to where it wanted to go' "$seen" 'What was wanted'
equal 'there is a session' "$(ctl -j session list | jq -r '.sessions[].mac')" "$(mac_of client)"

step 'NetworkManager'
check 'session revoke' send_away
# It configures the interface itself, as it would a person's.
ip -n "$(ns client)" address flush dev c0
cat >"$bed_dir/nm.conf" <<CONFIG
[main]
plugins=keyfile
dhcp=internal
auth-polkit=false
dns=none
[keyfile]
path=$bed_dir/nm
[connectivity]
enabled=true
uri=http://origin.example/check_network_status.txt
response=NetworkManager is online
interval=300
CONFIG
mkdir "$bed_dir/nm"
(umask 077 && cat >"$bed_dir/nm/venue.nmconnection") <<CONNECTION
[connection]
id=venue
uuid=6f0a2f0e-5a1c-4a53-9d0e-511000000511
type=ethernet
interface-name=c0
[ethernet]
[ipv4]
method=manual
address1=$client4/24,$router4
[ipv6]
method=disabled
CONNECTION
connectivity=$(client unshare -m "$smoke_lib/network_manager.sh" "$bed_dir/nm.conf" \
  2>"$bed_dir/nm.log" || true)
equal 'NetworkManager says' "$connectivity" portal

smoke_end
