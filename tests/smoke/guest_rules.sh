#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What a guest may do, and what it may not: only what logging in takes passes; what is refused is
# refused at once, so that no program hangs. The same list with a session shows that it was the
# gateway that refused.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# refused NAME PATTERN COMMAND...: fails, says PATTERN, and does so in a second.
refused() {
  local name=$1 pattern=$2 since output
  shift 2
  since=$(now_ms)
  if output=$("$@" 2>&1); then
    failed "$name: refused" "succeeded: $*
$output"
    return
  fi
  matches "$name: refused" "$output" "$pattern"
  within_ms "$name: refused at once" 1000 "$since"
}

echo_udp() { echo hello | client socat -t 3 - "$1"; }
ask() { client dig +short +tries=1 +time=2 "$@" origin.example; }
tcp_connects() { client curl -sSk -o /dev/null -m 5 "$1"; }
got_lease() { client udhcpc -i c0 -n -q -f -t 4 -T 1 -s /bin/true; }
client_counter() { client nstat -asz "$1" | awk -v name="$1" '$1 == name { print $2 }'; }

bed_up
gateway_up

step 'what passes'
matches 'DHCP' "$(got_lease 2>&1)" 'lease of 192\.0\.2\.2'
check 'ARP' client arping -q -c 1 -w 2 -I c0 "$router4"
check 'ND' client ndisc6 -1 -q -w 2000 "$router6" c0
matches 'router advertisement' "$(client rdisc6 -1 -w 2000 c0)" '2001:db8::/64'
equal 'DNS' "$(ask "@$resolver4")" "$origin4"
equal 'DNS over TCP' "$(ask "@$resolver4" +tcp)" "$origin4"
equal 'DNS over IPv6' "$(ask "@$resolver6" AAAA)" "$origin6"
equal 'NTP' "$(echo_udp "UDP4:$router4:123")" hello
equal 'DNS with EDNS' "$(ask "@$resolver4" +bufsize=1232 +cookie)" "$origin4"
check 'portal' client curl -fsS -m 5 -o /dev/null "http://$portal4/login"
check 'portal over IPv6' client curl -fsS -m 5 -o /dev/null "http://[$portal6]/login"
check 'portal: ping' client ping -q -c 1 -W 2 "$portal4"

step 'what is refused'
refused 'DNS to another resolver' 'unreachable|refused|error|timed out' ask "@$other_resolver4"
refused 'DNS to another resolver, TCP' 'refused|error|reset' ask "@$other_resolver4" +tcp
refused 'DNS to another resolver, IPv6' 'unreachable|refused|error|denied' ask "@$other_resolver6"
refused 'HTTPS' 'refused|Failed to connect' tcp_connects "https://$origin4/"
refused 'HTTPS, IPv6' 'refused|Failed to connect' tcp_connects "https://[$origin6]/"
refused 'SSH port' 'refused|Failed to connect' tcp_connects "http://$origin4:22/"
refused 'SSH port, IPv6' 'refused|Failed to connect' tcp_connects "http://[$origin6]:22/"
refused 'UDP' 'No route to host' echo_udp "UDP4:$origin4:9000"
refused 'UDP, IPv6' 'Permission denied' echo_udp "UDP6:[$origin6]:9000"
refused 'UDP 443' 'No route to host' echo_udp "UDP4:$origin4:443"

step 'what is dropped'
check_fails 'ping' client ping -q -c 1 -W 1 "$origin4"
check_fails 'ping, IPv6' client ping -q -c 1 -W 1 "$origin6"
check_fails 'DNS, TXT' ask "@$resolver4" TXT
check_fails 'DNS, TXT over TCP' ask "@$resolver4" +tcp TXT
check 'they were counted by name' test "$(verdict dns_type)" -ge 2
check_fails 'DNS, a long name' client dig +short +tries=1 +time=1 "@$resolver4" \
  "$(printf 'a%.0s' {1..60}).$(printf 'b%.0s' {1..60}).origin.example"
check 'it was counted by name' test "$(verdict dns_long_name)" -ge 1
check_fails 'ping of the router' client ping -q -c 1 -W 1 "$router4"

step 'from the uplink'
net ping -q -c 2 -i 0.2 -W 1 "$client4" >/dev/null || true
net ping -q -c 2 -i 0.2 -W 1 "$client6" >/dev/null || true
echo hello | net socat -u - "UDP4-DATAGRAM:192.0.2.255:9,broadcast" || true
equal 'no echo request reached the guest' "$(client_counter IcmpInEchos)" 0
equal 'no echo request reached the guest, IPv6' "$(client_counter Icmp6InEchos)" 0
check 'they were counted' test "$(verdict not_solicited)" -ge 4
check 'the broadcast was counted' test "$(verdict multicast_denied)" -ge 1

step 'with a session all of it passes'
check 'session add' let_in client
equal 'DNS to another resolver' "$(ask "@$other_resolver4")" "$origin4"
equal 'DNS to another resolver, IPv6' "$(ask "@$other_resolver6" AAAA)" "$origin6"
check 'HTTPS' tcp_connects "https://$origin4/"
check 'HTTPS, IPv6' tcp_connects "https://[$origin6]/"
check 'SSH port' tcp_connects "http://$origin4:22/"
equal 'UDP' "$(echo_udp "UDP4:$origin4:9000")" hello
equal 'UDP, IPv6' "$(echo_udp "UDP6:[$origin6]:9000")" hello
check 'ping' client ping -q -c 1 -W 2 "$origin4"
check 'ping, IPv6' client ping -q -c 1 -W 2 "$origin6"
check 'fragments, IPv6' client ping -q -c 1 -W 2 -s 3000 "$origin6"
# The kernel reassembles IPv4 before it hands it to DPDK's packet sockets: too long for a frame.
[ "$gateway_ports" = af_packet ] || check 'fragments' client ping -q -c 1 -W 2 -s 3000 "$origin4"
check 'ping from the uplink' net ping -q -c 1 -W 2 "$client4"

smoke_end
