#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the cables are like: long and short frames (MTU 9000 and 1280), and the loss of a carrier, which is
# passed on where the configuration says so; and who makes the checksums of pages.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

status_of() { client curl "-$1" -s -o /dev/null -m 5 -w '%{http_code}' http://origin.example/ || true; }

# cables MTU: all four ends.
cables() {
  ip -n "$(ns client)" link set c0 mtu "$1"
  ip -n "$(ns net)" link set n0 mtu "$1"
  ip -n "$(ns gateway)" link set access mtu "$1"
  ip -n "$(ns gateway)" link set uplink mtu "$1"
}

# whole FAMILY BYTES: an IP packet of so many bytes, in one frame, comes back.
whole() {
  local headers=28
  [ "$1" = 4 ] || headers=48
  client ping "-$1" -q -c 3 -i 0.05 -W 2 -M 'do' -s $(($2 - headers)) "$([ "$1" = 4 ] && echo "$router4" || echo "$router6")"
}

# in_frames_of MTU: the main job.
in_frames_of() {
  local family
  cables "$1"
  gateway_link=("mtu = $1")
  gateway_start
  equal "MTU $1: the ports have it" "$(ctl -j port list | jq -c '[.ports[].mtu]')" "[$1,$1]"
  for family in 4 6; do equal "MTU $1: the page by IPv$family" "$(status_of "$family")" 511; done
  check "MTU $1: let in" let_in client
  for family in 4 6; do
    check "MTU $1: a packet of $1 bytes passes by IPv$family, both ways" whole "$family" "$1"
    client curl "-$family" -s -m 30 -o "$bed_dir/got" http://origin.example/5MB || true
    equal "MTU $1: a download by IPv$family is whole" "$(sha256_of "$bed_dir/got")" "$(sha256_of "$bed_dir/origin/5MB")"
  done
  check "MTU $1: sent away" send_away client
  equal "MTU $1: no frame was too long" "$(verdict oversized)" 0
  check_invariant
  gateway_stop
}

# refused: the gateway does not start with its configuration.
refused() {
  write_config
  launch_gateway
  check 'it does not start' wait_until 10 process_ended "$gateway_pid"
  gateway_pid=
}

bed_up
origin_file 5MB 5000000
take_huge_pages 512

step 'MTU'
in_frames_of 1280
gateway_ports=af_xdp
in_frames_of 3000
gateway_ports=af_packet
gateway_link=('mtu = 9000')
refused
matches 'an MTU that a driver does not take' "$(<"$bed_dir/gate511.log")" \
  '^gate511: port net_af_packet0: takes no MTU of 9000 bytes: .*; driver net_af_packet allows [0-9]+ to 1500$'
cables 1500

step 'carrier'
gateway_link=('carrier = "follow"')
refused
matches 'a driver that cannot' "$(<"$bed_dir/gate511.log")" \
  '^gate511: port net_af_packet0: its link cannot be taken down and let up: .*; leave .carrier = "follow". out'
gateway_ports=tap
gateway_start
is_set() { ip -n "$(ns gateway)" -j link show "$1" | jq -e --arg flag UP ".[0].flags | index(\$flag) != null" >/dev/null; }
is_unset() { ! is_set "$1"; }
equal 'the page' "$(status_of 4)" 511
since=$(now_ms)
ip -n "$(ns gateway)" link set tap0 down
check 'no carrier at the access port: the uplink is taken down' wait_until 2 is_unset tap1
printf 'note: passed on in %s ms\n' $(($(now_ms) - since))
ip -n "$(ns gateway)" link set tap0 up
check 'it is back: the uplink is let up' wait_until 2 is_set tap1
join_ports
check 'frames pass again' wait_until 5 test "$(status_of 4)" = 511
both_up() { ctl -j port list | jq -e 'all(.ports[]; .up)' >/dev/null; }
check 'both are seen up' wait_until 5 both_up
sleep 0.5  # and by the next tick
ip -n "$(ns gateway)" link set tap1 down
check 'no carrier at the uplink: the access port is taken down' wait_until 2 is_unset tap0
ip -n "$(ns gateway)" link set tap1 up
check 'and let up' wait_until 2 is_set tap0
matches 'the log tells' "$(<"$bed_dir/gate511.log")" \
  '^gate511: link venue: port net_tap0 is down, so port net_tap1 is taken down$'
gateway_stop

step 'checksums of pages'
# offloaded VALUE PORTS: with `offloads`, both ports say so, and what they make is right.
offloaded() {
  local seen
  gateway_link=("offloads = \"$1\"")
  gateway_start
  equal "$gateway_ports, offloads = \"$1\": what the ports do" "$(ctl -j port list | jq -c '[.ports[].offloads]')" "$2"
  in_background client pages.log tcpdump -n -U --immediate-mode -i c0 -w "$bed_dir/pages.pcap" 'tcp src port 80 or (ip6 and src port 80)'
  wait_until 5 grep -q 'listening on' "$bed_dir/pages.log" || die "tcpdump: $(<"$bed_dir/pages.log")"
  equal "$gateway_ports, offloads = \"$1\": the page" "$(status_of 4) $(status_of 6)" '511 511'
  sleep 0.2
  end_process "$background_pid"
  rm "$bed_dir/pages.log"
  seen=$(tcpdump -n -vv -r "$bed_dir/pages.pcap" 2>/dev/null | grep -oE 'cksum 0x[0-9a-f]+ \([a-z]+' | sed 's/.*(//' | sort | uniq -c | tr -s ' \n' ' ')
  matches "$gateway_ports, offloads = \"$1\": all checksums on the cable are right" "$seen" '^ [0-9]+ correct $'
  gateway_stop
}
offloaded auto '[["tcp_checksum"],["tcp_checksum"]]'
offloaded off '[[],[]]'
gateway_ports=af_packet
offloaded auto '[[],[]]'
gateway_link=()

smoke_end
