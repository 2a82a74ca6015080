#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# nics.sh [MODEL...]: an operator's first evening with real PCI network cards. A small machine under QEMU with Debian, systemd
# and our packages; two cards of a model, virtio-net-pci and e1000 if none is named, are bound to vfio-pci inside. What
# docs/quickstart.md says is run there line by line, and what a client outside gets is looked at.
models=("$@")
set --
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/../smoke/lib/smoke.bash"
# shellcheck source=tests/machine/lib/root.bash
. "$smoke_root/tests/machine/lib/root.bash"
# shellcheck source=tests/machine/lib/vm.bash
. "$smoke_root/tests/machine/lib/vm.bash"
[ ${#models[@]} -gt 0 ] || models=(virtio-net-pci e1000)
guide=$smoke_root/docs/quickstart.md
mac=02:00:5e:00:53:01  # the guide's client
radius_secret=a-secret-of-the-test-bed
blocks=()

# The guide's blocks of commands, in order.
read_guide() {
  local line block=
  while IFS= read -r line; do
    case $line in
      '```sh') block=$'\n' ;;
      '```')
        [ -z "$block" ] || blocks+=("${block#$'\n'}")
        block=
        ;;
      *) [ -z "$block" ] || block+=$line$'\n' ;;
    esac
  done <"$guide"
  equal 'the guide has blocks of commands' "${#blocks[@]}" 9
}

# noted TEXT...: each line of it as a note.
noted() { awk '{ print "note:     " $0 }' <<<"$*"; }

# shown NAME COMMAND...: what it prints is a note, and it must succeed.
shown() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then passed "$name"; else failed "$name" "$said"; fi
  noted "$said"
}

# follow BLOCK: runs a block of the guide where it says.
follow() {
  local block=${blocks[$1]}
  awk '{ print "note: $ " $0 }' <<<"${block%$'\n'}"
  if [ "${block%%$'\n'*}" = '# on a client' ]; then
    answer=$(client timeout 30 bash -c "$block" 2>/dev/null | tr -d '\r') || true
    noted "$(head -n 8 <<<"$answer")"
  else
    shown "$model: $(head -n 1 <<<"$block")" vm "set -e
$block"
  fi
}

# answer_is WHAT: the first line of what the client got.
answer_is() { equal "$model: the client gets $1" "$(head -n 1 <<<"$answer")" "HTTP/1.1 $1"; }

status_of() { client curl "-$1" -s -o /dev/null -m 10 -w '%{http_code}' http://origin.example/ || true; }

page_is() { [ "$(status_of 4)" = "$1" ]; }

is_active() { [ "$(vm "systemctl is-active $1")" = active ]; }

one_evening() {
  model=$1
  step "$model"
  vm_up "$image" "$model"
  wait_until 400 vm_answers || die "the machine does not answer:
$(tail -n 20 "$bed_dir/vm-console.log")"
  vm 'ip address add 10.0.2.15/24 dev eth0; ip link set eth0 up; ip route add default via 10.0.2.2' >/dev/null
  equal "$model: its own card is never bound" "$(vm 'gate511-nic bind eth0' || true)" \
    "gate511-nic: eth0: the machine's default route goes out by it, so that you would lose the machine; take another card; this one is never bound"
  follow 1
  follow 2
  follow 3
  shown "$model: the service" vm 'systemctl show -p ActiveState,SubState,NotifyAccess,WatchdogUSec,StatusText gate511'
  is_active gate511 || die "$(vm 'journalctl -u gate511 -o cat --no-pager -n 20')"
  follow 4
  answer_is '511 Network Authentication Required'
  equal "$model: and by IPv6" "$(status_of 6)" 511
  follow 5
  follow 6
  answer_is '200 OK'
  equal "$model: and by IPv6" "$(status_of 6)" 200
  client curl -s -m 100 -o "$bed_dir/got" -w 'note: %{size_download} bytes at %{speed_download} bytes/s\n' http://origin.example/20MB || true
  equal "$model: a download is whole" "$(sha256_of "$bed_dir/got")" "$(sha256_of "$bed_dir/origin/20MB")"
  follow 7
  equal "$model: a guest again" "$(status_of 4)" 511
  equal "$model: on a VLAN, too" "$(status_on_vlan)" 511
  as_a_pair
  by_radius
  by_the_portal
  offloads
  a_cable_out
  short_frames
  long_frames
  systemd_watches
  follow 8
  equal "$model: it ended well" "$(vm 'systemctl show -p Result --value gate511')" success
  check "$model: the kernel has its cards again" wait_until 10 vm 'test -e /sys/class/net/eth1 -a -e /sys/class/net/eth2'
  vm_down
}

status_on_vlan() { in_ns tagged curl -s -o /dev/null -m 10 -w '%{http_code}' "http://$origin4/" || true; }

# service_ends NAME
service_ends() {
  vm "systemctl stop $1" >/dev/null
  equal "$model: $1 ends well" "$(vm "systemctl show -p Result --value $1")" success
}

# The drop-in that docs/operations.md has for a pair: the other one's sessions are taken at a start, or, where it cannot be
# reached, the store stays. `ssh other gate511ctl export` is what /root/other holds.
as_a_pair() {
  local other=02:00:5e:00:53:77 block
  [ "$model" = "${models[0]}" ] || return 0
  block=$(sed -n "s/^    //; /^cat >.*pair.conf <<'END'$/,/^END$/p" "$smoke_root/docs/operations.md")
  vm "gate511ctl session add $other --tag of-the-other >/dev/null && gate511ctl export >/root/other && gate511ctl session revoke $other >/dev/null
printf '#!/bin/sh\nexec cat /root/other\n' >/usr/local/bin/ssh && chmod 0755 /usr/local/bin/ssh" >/dev/null
  shown "$model: the drop-in of a pair" vm "mkdir -p /etc/systemd/system/gate511.service.d && $block
systemctl daemon-reload && gate511ctl session add $mac && systemctl restart gate511"
  equal "$model: it starts with the other one's sessions, without its own" "$(vm 'gate511ctl -j session list' | jq -c '[.sessions[].tag]')" '["of-the-other"]'
  shown "$model: where the other does not answer" vm "rm /root/other; gate511ctl session add $mac --tag its-own && systemctl restart gate511"
  equal "$model: its store stays" "$(vm 'gate511ctl -j session list' | jq -c '[.sessions[].tag] | sort')" '["its-own","of-the-other"]'
  vm "rm -r /etc/systemd/system/gate511.service.d /usr/local/bin/ssh && systemctl daemon-reload && systemctl restart gate511" >/dev/null
  vm "gate511ctl session revoke $mac; gate511ctl session revoke $other" >/dev/null
}

# gate511-radius within its unit, beside a server that accepts whoever asks.
by_radius() {
  [ "$model" = "${models[0]}" ] || return 0
  vm "setsid python3 /root/radius_server.py 127.0.0.1 $radius_secret good >/dev/null 2>&1 &"
  shown "$model: systemctl start gate511-radius" vm 'systemctl start gate511-radius'
  check "$model: RADIUS lets the guest in" wait_until 60 page_is 200
  matches "$model: gate511-radius status" "$(vm 'gate511-radius status' | jq -c '[.mac.accepted, .gateway.sightings]')" '^\[[1-9][0-9]*,true\]$'
  check "$model: gate511-radius runs" is_active gate511-radius
  vm 'journalctl -u gate511-radius -o cat --no-pager -n 5' | awk '{ print "note:     " $0 }'
  service_ends gate511-radius
  vm "gate511ctl session revoke --tag radius" >/dev/null
  equal "$model: a guest again" "$(status_of 4)" 511
}

# gate511-portal within its unit.
by_the_portal() {
  [ "$model" = "${models[0]}" ] || return 0
  shown "$model: systemctl start gate511-portal" vm 'systemctl start gate511-portal'
  # Asked by the machine itself, of whom the gateway knows no client; 503 would be a gateway that it cannot ask.
  check "$model: it asks the gateway who that is" wait_until 30 vm "python3 -c 'import http.client, ssl
there = http.client.HTTPSConnection(\"10.0.2.15\", context=ssl._create_unverified_context(), timeout=20)
there.request(\"GET\", \"/login\", headers={\"Host\": \"portal.example\"})
print(there.getresponse().status)' | grep -q 403"
  check "$model: gate511-portal runs" is_active gate511-portal
  service_ends gate511-portal
}

# with LINE: the same link, with that line in its section.
with() { vm "sed -i -E '/^(mtu|offloads|carrier) = /d; /^uplink = /a $1' /etc/gate511/gate511.toml && systemctl restart gate511"; }

# pages: how many of the three a client gets, each seen on its cable with the right checksum. On a VLAN by a client of its own.
pages() {
  local seen
  in_background client pages.log tcpdump -n -U -i c0 -w "$bed_dir/pages.pcap" 'tcp src port 80 or (vlan and tcp src port 80)'
  sleep 1
  printf '%s' "$(status_of 4) $(status_of 6) $(status_on_vlan)"
  sleep 1
  end_process "$background_pid" >/dev/null
  seen=$(tcpdump -n -vv -r "$bed_dir/pages.pcap" 2>/dev/null | grep -o 'cksum 0x[0-9a-f]* ([a-z]*' | sort | sed 's/.*(//' | uniq -c | tr -s ' \n' ' ')
  printf ', checksums:%s' "$seen"
}

# The TCP checksums of pages, by the card and by the worker.
offloads() {
  local said seen
  for said in auto off; do
    shown "$model: offloads = \"$said\"" with "offloads = \"$said\""
    noted "$(vm "gate511ctl -j port list | tr '{' '\n' | grep -oE '\"(name|offloads)\":[^,]*'")"
    seen=$(pages)
    noted "$seen"
    matches "$model: offloads \"$said\": the page by IPv4, IPv6 and on a VLAN" "$seen" '^511 511 511, checksums: [0-9]+ correct $'
  done
}

# A cable is out for a while.
port_is() { vm "gate511ctl -j port list" | jq -e --argjson up "$1" '.ports[0].up == $up' >/dev/null; }
a_cable_out() {
  vm_cable 0 off
  check "$model: a cable out is seen" wait_until 20 port_is false
  shown "$model: health tells" vm 'gate511ctl health || true'
  vm_cable 0 on
  check "$model: in again" wait_until 20 port_is true
  check "$model: the page again" wait_until 30 page_is 511
}

# mtu_of_cables BYTES
mtu_of_cables() {
  local port
  for port in access uplink tap0 tap1; do ip -n "$(ns gateway)" link set "$port" mtu "$1"; done
  ip -n "$(ns client)" link set c0 mtu "$1"
  ip -n "$(ns net)" link set n0 mtu "$1"
}

short_frames() {
  mtu_of_cables 1280
  shown "$model: MTU 1280" with 'mtu = 1280'
  equal "$model: MTU 1280: the ports have it" "$(vm 'gate511ctl -j port list' | jq -c '[.ports[].mtu]')" '[1280,1280]'
  equal "$model: MTU 1280: the page by IPv4, by IPv6" "$(status_of 4) $(status_of 6)" '511 511'
  vm "gate511ctl session add $mac" >/dev/null
  check "$model: a packet of 1280 bytes passes, both ways" client ping -q -c 3 -W 5 -M 'do' -s 1252 "$router4"
  vm "gate511ctl session revoke $mac" >/dev/null
  mtu_of_cables 1500
  with 'mtu = 1500' >/dev/null
}

# Jumbo frames, by a card that has them.
long_frames() {
  [ "$model" = e1000 ] || return 0
  mtu_of_cables 9000
  shown "$model: MTU 9000" with 'mtu = 9000'
  shown "$model: MTU 9000: let in" vm "gate511ctl session add $mac && gate511ctl port list"
  check "$model: a packet of 9000 bytes passes, both ways" client ping -q -c 3 -W 5 -M 'do' -s 8972 "$router4"
  client curl -s -m 100 -o "$bed_dir/got" http://origin.example/20MB || true
  equal "$model: a download is whole" "$(sha256_of "$bed_dir/got")" "$(sha256_of "$bed_dir/origin/20MB")"
  vm "gate511ctl session revoke $mac" >/dev/null
}

# A worker that hangs: systemd has it killed and started anew, and its sessions are there.
systemd_watches() {
  local before
  [ "$model" = "${models[0]}" ] || return 0
  vm "gate511ctl session add $mac" >/dev/null
  before=$(vm 'systemctl show -p MainPID --value gate511')
  # Its own thread is stopped as a debugger would; the rest of the process runs on.
  vm "setsid python3 /root/hold_thread.py \$(grep -l rte-worker /proc/$before/task/*/comm | head -n 1 | cut -d / -f 5) 60 >/dev/null 2>&1 &"
  check "$model: a worker that hangs is noticed by systemd" wait_until 40 vm "test \$(systemctl show -p NRestarts --value gate511) -ge 1"
  check "$model: the service runs again" wait_until 20 is_active gate511
  matches "$model: the journal says why" "$(vm 'journalctl -u gate511 --no-pager -o cat')" 'Watchdog timeout'
  check "$model: its session is there" wait_until 20 page_is 200
  vm "gate511ctl session revoke $mac" >/dev/null
}

read_guide
debian_root
packages_built
vm_kernel
step 'its root, with the packages'
new_root vm
root_mount "$machine_dir/vm" /proc /sys /dev
cp "$(package gate511)" "$machine_dir/vm/root/"
shown "${blocks[0]%$'\n'}" chroot "$machine_dir/vm" env DEBIAN_FRONTEND=noninteractive bash -c "apt-get -qq update; cd /root; ${blocks[0]}" | grep -v '^note:'
install_packages "$machine_dir/vm" gate511-portal gate511-radius
(umask 027 && printf '%s\n' "$radius_secret" >"$machine_dir/vm/etc/gate511/radius.secret")
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj /CN=portal.example \
  -keyout "$machine_dir/vm/etc/gate511/portal.key" -out "$machine_dir/vm/etc/gate511/portal.pem" 2>/dev/null
chroot "$machine_dir/vm" sh -c 'cd /etc/gate511 && chgrp gate511-radius radius.secret && chgrp gate511-portal portal.key &&
  chmod 0640 portal.key && sed -i s/192.0.2.20/127.0.0.1/ radius.toml && sed -i s/127.0.0.1:443/10.0.2.15:443/ portal.toml'
cp "$smoke_lib/hold_thread.py" "$smoke_lib/radius_server.py" "$machine_dir/vm/root/"
root_unmount
image=$machine_dir/vm.img
vm_image "$machine_dir/vm" "$image"
rm -rf "$machine_dir/vm"

gateway_ports=tap
bed_up
ip -n "$(ns client)" link set c0 address "$mac"
add_tagged_client tagged
origin_file 20MB 20000000
for model in "${models[@]}"; do one_evening "$model"; done
smoke_end
