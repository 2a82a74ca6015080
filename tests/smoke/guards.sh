#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Rogue servers on the access side, real ones: nothing of theirs gets through, with a session or
# without, and the operator is told. A spoofed frame on the uplink makes no guest a router.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# told KIND: an event of a guard that was broken by the client's MAC.
told() { grep -q "\"kind\":\"$1\".*\"mac\":\"$client_mac\"\|\"mac\":\"$client_mac\".*\"kind\":\"$1\"" "$bed_dir/events.log"; }
happened() { grep -q "\"$1\".*$2\|$2.*\"$1\"" "$bed_dir/events.log"; }

# send NAMESPACE INTERFACE FRAME: one frame, as Scapy writes it.
send() {
  in_ns "$1" /usr/bin/python3 -c "
from scapy.all import *
conf.verb = 0
sendp($3, iface='$2')"
}

# reaches_uplink FILTER COMMAND...: a frame that matches comes out of the uplink port.
reaches_uplink() {
  local filter=$1
  shift
  : >"$bed_dir/capture.log"
  in_background net capture.log timeout 20 tcpdump --immediate-mode -i n0 -c 1 -n "$filter"
  local capture=$background_pid
  wait_until 5 grep -q '^listening on' "$bed_dir/capture.log" || die "tcpdump: $(<"$bed_dir/capture.log")"
  "$@" >/dev/null 2>&1 || true
  # What was sent is there within milliseconds.
  wait_until 1 process_ended "$capture" || true
  if process_ended "$capture"; then wait "$capture"; else
    end_process "$capture"
    return 1
  fi
}

bed_up
gateway_up
client_mac=$(mac_of client)
router_mac=$(mac_of net n0)
"$(program gate511ctl)" -j -s "$bed_dir/control.sock" events follow >"$bed_dir/events.log" 2>&1 &
bed_pids+=("$!")

step 'what the uplink tells'
router_ll=$(net ip -6 -o addr show dev n0 scope link | awk '{ sub("/.*", "", $4); print $4 }')
client rdisc6 -1 -w 2000 c0 >/dev/null || true
check 'DHCP' client udhcpc -i c0 -n -q -f -t 4 -T 1 -s /bin/true
# Its offer names the router; that it is on this network is seen by its ARP.
sleep 1
client ip neighbour flush dev c0
check 'ARP' client arping -q -c 2 -w 3 -I c0 "$router4"
client dig +short +tries=1 +time=2 "@$resolver4" origin.example >/dev/null
wait_until 5 happened router.learnt "$router_mac" || true
check 'it is told of as an event' happened router.learnt "$router_mac"

for session in guest session; do
  step "rogue servers, $session"
  [ "$session" = guest ] || let_in client >/dev/null
  check_fails 'DHCP server' reaches_uplink "udp port 68 and ether src $client_mac" \
    send client c0 "Ether(src='$client_mac',dst='ff:ff:ff:ff:ff:ff')/IP(src='$client4',dst='255.255.255.255')/UDP(sport=67,dport=68)/BOOTP(op=2,xid=7)/DHCP(options=[('message-type','offer'),'end'])"
  check_fails 'router advertisement' reaches_uplink "icmp6 and ether src $client_mac and ip6[40] == 134" \
    send client c0 "Ether(src='$client_mac',dst='33:33:00:00:00:01')/IPv6(src='fe80::bad',dst='ff02::1',hlim=255)/ICMPv6ND_RA()/ICMPv6NDOptPrefixInfo(prefix='2001:db8:bad::')"
  check_fails 'ARP in the name of the router' reaches_uplink "arp and ether src $client_mac and arp[14:4] == 0xc0000201" \
    send client c0 "Ether(src='$client_mac',dst='ff:ff:ff:ff:ff:ff')/ARP(op=2,hwsrc='$client_mac',psrc='$router4',pdst='$router4')"
  check_fails 'neighbour advertisement in its name' reaches_uplink "icmp6 and ether src $client_mac and ip6[40] == 136" \
    send client c0 "Ether(src='$client_mac',dst='33:33:00:00:00:01')/IPv6(src='$router_ll',dst='ff02::1',hlim=255)/ICMPv6ND_NA(tgt='$router_ll',R=1,S=0,O=1)/ICMPv6NDOptDstLLAddr(lladdr='$client_mac')"
  check_fails 'the MAC of the router' reaches_uplink "ether src $router_mac and udp port 4242" \
    send client c0 "Ether(src='$router_mac',dst='$router_mac')/IP(src='$client4',dst='$router4')/UDP(sport=4242,dport=4242)"
done
for kind in dhcp_server router_message router_claim; do
  check "$kind is told of as an event" told "$kind"
done
for name in rogue_dhcp router_message router_claim router_mac; do
  check "$name is counted" test "$(verdict $name)" -ge 2
done
matches 'the log says it' "$(<"$bed_dir/gate511.log")" 'gate511: guards: [0-9]+ reported, the last: .*; find that device'

step 'a rogue radvd'
printf 'interface c0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; IgnoreIfMissing on; prefix 2001:db8:bad::/64 {}; };\n' \
  >"$bed_dir/radvd.conf"
chmod 644 "$bed_dir/radvd.conf"
client sysctl -qw net.ipv6.conf.all.forwarding=1
check_fails 'its advertisements' reaches_uplink "icmp6 and ether src $client_mac and ip6[40] == 134" \
  timeout 5 ip netns exec "$(ns client)" radvd -n -C "$bed_dir/radvd.conf" -p "$bed_dir/radvd.pid"

step 'a spoofed frame on the uplink'
add_client victim
victim_mac=$(mac_of victim)
check 'the victim is known' in_ns victim ping -q -c 1 -W 2 "$portal4"
send net n0 "Ether(src='$victim_mac',dst='33:33:00:00:00:01')/IPv6(src='fe80::bad',dst='ff02::1',hlim=255)/ICMPv6ND_RA(routerlifetime=1800)"
wait_until 5 happened router.refused "$victim_mac" || true
check 'it is refused, and told of' happened router.refused "$victim_mac"
in_ns victim ip neighbour flush dev c0
check 'the victim is served all the same' in_ns victim ping -q -c 1 -W 2 "$portal4"

smoke_end
