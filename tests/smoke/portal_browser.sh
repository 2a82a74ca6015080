#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# From 511 to logged in, in a real browser: Chromium asks for a page, is led to gate511-portal, takes a
# wrong voucher and a right one, comes back to the page that it wanted, sees the time left and logs
# out. 511 by IPv6 and the login by IPv4; other languages; no script, no error in the console.
#
#   --pictures DIRECTORY    keep the pictures of docs/ there
pictures=
if [ "${1-}" = --pictures ]; then
  pictures=$2
  shift 2
fi
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/guest_portal.bash
. "${BASH_SOURCE[0]%/*}/lib/guest_portal.bash"

readonly wanted='http://origin.example/wanted/page.html?a=1'

# browse_in NAMESPACE ARGUMENT...: a person at Chromium there, who trusts the test CA. Its home is the
# run's own.
browse_in() {
  HOME=$bed_dir/home timeout 120 ip netns exec "$(ns "$1")" /usr/bin/python3 "$smoke_lib/browse.py" "${@:2}" 2>&1
}
browse() { browse_in client "$@"; }

# trust_ca: as people add an authority to their own.
trust_ca() {
  mkdir -p "$bed_dir/home/.pki/nssdb"
  certutil -d "sql:$bed_dir/home/.pki/nssdb" -N --empty-password
  certutil -d "sql:$bed_dir/home/.pki/nssdb" -A -t C,, -n test -i "$bed_dir/tls/ca.pem"
}

# is_drawn NAME FILE: a picture of something.
is_drawn() { check "$1" test "$(stat -c %s "$2" 2>/dev/null || echo 0)" -gt 10000; }

no_errors() { no_match "$1: nothing in the console" "$2" '^console: '; }

bed_up
gateway_up
portal_more=('[operator]' 'listen = "127.0.0.1:8511"' "password_file = \"$bed_dir/operator\"")
(umask 077 && printf 'an operator\n' | "$(program gate511-portal)" hash-password >"$bed_dir/operator")
portal_up
trust_ca
shots=${pictures:-$bed_dir}
mkdir -p "$bed_dir/origin/wanted" "$shots"
printf '<!doctype html><html lang=en><title>Here</title><p>What was wanted.\n' >"$bed_dir/origin/wanted/page.html"
mapfile -t codes < <(portal_cli voucher create --count 3 --plan day)

step 'A phone: from a page to the portal, and back'
# The pages of 511 and of the portal say in the same words what is to be done.
seen=$(browse --profile "$bed_dir/phone" --phone "open=$wanted" at=https://portal.example/login? \
  'await=Voucher code' say label "shot=$shots/portal-login-phone.png" \
  type=code=AAAAA-AAAAA 'click=Use voucher' 'await=This code is not valid' "shot=$bed_dir/wrong.png" \
  "type=code=${codes[0]}" 'click=Use voucher' 'await=You are online' "shot=$shots/portal-welcome-phone.png" \
  "at=$wanted" 'await=What was wanted' say || true)
matches 'it is led to the portal' "$seen" '^address: https://portal\.example/login\?t='
matches 'whose page is in its language' "$seen" '^language: en'
matches 'the field has a name that is read out' "$seen" '^field: code: Voucher code'
matches 'and it comes back to the page that it wanted' "$seen" '^What was wanted\.$'
check 'at its own address, without a token' grep -qxF "address: $wanted" <<<"$seen"
no_errors 'login' "$seen"
is_drawn 'the login page is drawn' "$shots/portal-login-phone.png"
is_drawn 'and one that says what is wrong' "$bed_dir/wrong.png"
equal 'there is a session, by the voucher' "$(ctl -j session get "$(mac_of client)" | jq -r .session.user)" voucher-1

step 'Time left, and out'
seen=$(browse --profile "$bed_dir/phone" --phone open=https://portal.example/ 'await=Time left' say \
  "shot=$shots/portal-status-phone.png" 'click=Log out' 'await=You are logged out' say \
  "open=$wanted" at=https://portal.example/login? 'await=Voucher code' say || true)
matches 'it sees what is left' "$seen" '^(1 d|23 h 59 min)$'
matches 'it is out' "$seen" '^This device is no longer online'
matches 'and is asked again' "$seen" '^address: https://portal\.example/login\?t='
no_errors 'status' "$seen"
is_drawn 'the status is drawn' "$shots/portal-status-phone.png"
check_fails 'there is no session' ctl session get "$(mac_of client)"

step '511 by IPv6, login by IPv4'
seen=$(browse --profile "$bed_dir/desk" "--map=portal.example=$portal4" "--map=origin.example=[$origin6]" "open=$wanted" \
  at=https://portal.example/login? 'await=Voucher code' "shot=$shots/portal-login-desk.png" \
  type=user=nobody type=password=wrong-password 'click=Log in' 'await=User name or password is wrong' \
  "type=code=${codes[1]}" 'click=Use voucher' "at=$wanted" 'await=What was wanted' say || true)
matches 'it comes back by IPv6' "$seen" '^What was wanted\.$'
addresses=$(ctl -j client get "$(mac_of client)" | jq -r '.client.addresses[].address')
matches 'the gateway knows it by both of its addresses' "$(grep -cxF -e "$client4" -e "$client6" <<<"$addresses")" '^2$'
no_errors 'both families' "$seen"
is_drawn 'the login page is drawn' "$shots/portal-login-desk.png"

step "The operator's page: a revoke by a click"
mac=$(mac_of client)
# Something to plot, of guests and of the session.
add_client guest
in_ns guest sh -c "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do curl -s -m 2 -o /dev/null http://$origin4/; sleep 0.7; done" &
client timeout 8 ping -q -i 0.002 -s 1200 "$origin4" >/dev/null &
seen=$(browse_in net --profile "$bed_dir/operator-desk" open=http://127.0.0.1:8511/ 'type=password=not it' 'click=Log in' \
  'await=wrong' 'type=password=an operator' 'click=Log in' "await=$mac" wait=9 "shot=$shots/portal-operator-desk.png" say \
  "click=Revoke $mac" gone=voucher-2 say || true)
matches 'it shows the session, with the voucher' "$seen" "^$mac authenticated voucher-2 portal "
matches 'and the guest' "$seen" "^$(mac_of guest) "
no_errors 'operator' "$seen"
is_drawn 'the page is drawn' "$shots/portal-operator-desk.png"
check_fails 'the session is revoked' ctl session get "$mac"
equal 'the client gets 511 again' "$(client curl -s -o /dev/null -m 5 -w '%{http_code}' "$wanted")" 511

step 'Other languages'
for language in de ar; do
  seen=$(browse --phone --language "$language" "open=$wanted" at=https://portal.example/login? \
    wait=1 say label "shot=$shots/portal-login-$language.png" || true)
  matches "$language: the page says so" "$seen" "^language: $language"
  no_match "$language: it is not English" "$seen" 'Voucher code'
  no_errors "$language" "$seen"
done

no_match 'the portal saw no error' "$(<"$bed_dir/portal.log")" 'error:|terminate|Sanitizer'
smoke_end
