#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A guest's programs as they are: DHCP clients of both families, an address by SLAAC from radvd, a
# client that speaks IPv6 alone, one with a resolver that guests may not ask, NTP, traceroute.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

page() { in_ns "$1" curl -s -o /dev/null -m 5 -w '%{http_code}' "${@:2}" || true; }
has_address() { in_ns "$1" ip -6 -o address show dev c0 scope global | grep -q "$2"; }
lease() { # lease FAMILY: what dhclient says; it changes nothing
  timeout 12 ip netns exec "$(ns client)" dhclient "-$1" -1 -d -v -sf /bin/true \
    -lf "$bed_dir/dhclient$1.leases" -pf "$bed_dir/dhclient$1.pid" c0 2>&1 &
  local pid=$!
  wait_until 10 grep -q 'bound to\|Bound to' "$bed_dir/lease$1.log" || true
  kill "$pid" 2>/dev/null || true
}

# The venue's router: radvd in place of dnsmasq's advertisements, and DHCPv6.
serve_router() {
  local pid
  sed -i 's/^dhcp-range=2001:db8::,ra-only,64$/dhcp-range=2001:db8::1000,2001:db8::1fff,64,1h/' \
    "$bed_dir/dnsmasq.conf"
  for pid in $(ip netns pids "$(ns net)"); do
    grep -aq '^dnsmasq' "/proc/$pid/cmdline" && kill "$pid" && wait_until 5 process_ended "$pid"
  done
  in_background net dnsmasq.log dnsmasq -C "$bed_dir/dnsmasq.conf"
  printf 'interface n0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;
    prefix 2001:db8::/64 { AdvOnLink on; AdvAutonomous on; }; RDNSS %s {}; };\n' "$resolver6" \
    >"$bed_dir/radvd.conf"
  chmod 644 "$bed_dir/radvd.conf"
  net sysctl -qw net.ipv6.conf.all.forwarding=1
  in_background net radvd.log radvd -n -C "$bed_dir/radvd.conf" -p "$bed_dir/radvd.pid"
  wait_until 5 net dig +short +time=1 +tries=1 "@$resolver4" origin.example || die 'dnsmasq'
}

bed_up
serve_router
gateway_up

step 'DHCP clients'
lease 4 >"$bed_dir/lease4.log"
matches 'dhclient' "$(<"$bed_dir/lease4.log")" 'bound to 192\.0\.2\.2'
lease 6 >"$bed_dir/lease6.log"
matches 'dhclient -6' "$(<"$bed_dir/lease6.log")" 'IAADDR 2001:db8::1|Bound to'

step 'SLAAC, and a client that speaks IPv6 alone'
add_client_interface six
in_ns six sysctl -qw net.ipv6.conf.c0.{accept_ra,autoconf}=1
printf 'nameserver %s\n' "$resolver6" >"/etc/netns/$(ns six)/resolv.conf"
check 'it gets an address' wait_until 6 has_address six 2001:db8:
matches 'and a route' "$(in_ns six ip -6 route show default)" '^default via fe80::'
equal 'it resolves' "$(in_ns six dig +short +tries=1 +time=2 "@$resolver6" origin.example AAAA)" "$origin6"
equal 'and gets the page by name' "$(page six -6 http://origin.example/)" 511
check 'with a session: add' let_in six
equal 'with a session: the origin' "$(page six -6 http://origin.example/)" 200
check 'with a session: away' send_away six
equal 'and the page again' "$(page six -6 http://origin.example/)" 511

step 'a client whose resolver guests may not ask'
printf 'nameserver %s\noptions timeout:5 attempts:1\n' "$other_resolver4" \
  >"/etc/netns/$(ns client)/resolv.conf"
since=$(now_ms)
check_fails 'it finds no name' client curl -s -o /dev/null http://origin.example/
within_ms 'and is told so at once' 1500 "$since"

step 'NTP'
for pid in $(ip netns pids "$(ns net)"); do  # the bed's echo has the port
  grep -aq 'RECVFROM:123,' "/proc/$pid/cmdline" && kill "$pid" && wait_until 5 process_ended "$pid"
done
for server in "$router4" "$origin4"; do
  in_background net ntp.log python3 "$smoke_lib/ntp_server.py" "$server"
  wait_until 5 net sh -c "ss -Hlun 'src $server and sport = 123' | grep -q ." || die 'an NTP server'
done
time_of() { client timeout 8 ntpdig -t 2 "$1" 2>&1 || true; }
matches 'ntpdig, the server that guests may ask' "$(time_of "$router4")" "\+/-.* $router4 s1 "
no_match 'ntpdig, another server' "$(time_of "$origin4")" ' s1 '
check 'with a session: add' let_in client
matches 'with a session: that one as well' "$(time_of "$origin4")" "\+/-.* $origin4 s1 "
check 'with a session: away' send_away client

step 'traceroute and ping'
for address in "$origin4" "$origin6"; do
  since=$(now_ms)
  route=$(client traceroute -n -q 1 -m 4 -w 2 "$address" 2>&1)
  matches "traceroute to $address says that it is prohibited" "$route" ' !X'
  within_ms 'at once' 1500 "$since"
done
no_match 'traceroute -I finds nobody' "$(client traceroute -I -n -q 1 -m 2 -w 1 "$origin4" | tail -n +2)" '[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+'
check_fails 'ping' client ping -q -c 1 -W 1 "$origin4"
check 'ping of the portal' client ping -q -c 1 -W 2 "$portal4"

smoke_end
