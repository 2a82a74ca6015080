#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A session ends when it is silent, is restricted when it has used its quota, passes with the addresses
# alone that it is bound to, and has counted what both ends have.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

session() { ctl -j session get "$(mac_of client)" | jq -e "$1"; }
is_over() { ! ctl session get "$(mac_of client)" >/dev/null 2>&1; }
is_restricted() { session '.session.state == "restricted"' >/dev/null; }
status_of() { client curl -s -o /dev/null -m 5 -w '%{http_code}' "http://$origin4/" || true; }

bed_up
origin_file 20MB 20000000
gateway_up

step 'what it counts'
check 'session add' let_in
check 'ping' client ping -q -c 50 -i 0.01 -s 1000 "$origin4"
# Each is 1,000 bytes of ICMP payload, 8 of its header and 20 of IP's; a few frames of the
# system's own may have come beside them.
up=$(session .session.bytes_up)
down=$(session .session.bytes_down)
check "bytes up: $up" test "$up" -ge 51400 -a "$up" -lt 53000
check "bytes down: $down" test "$down" -ge 51400 -a "$down" -lt 53000
check 'session revoke' send_away

step 'silence'
check 'session add' ctl session add "$(mac_of client)" --idle 2s --quota 0
for _ in 1 2 3 4; do
  client ping -q -c 1 "$origin4" >/dev/null
  sleep 1
done
check 'it is there while it speaks' ctl session get "$(mac_of client)"
# The client's system asks for its neighbours, and sends solicitations, now and then.
check 'it ends' wait_until 30 is_over

step 'quota'
check 'session add' ctl session add "$(mac_of client)" --quota 1M --rate-down 40M
client curl -s -o /dev/null -m 4 "http://$origin4/20MB" || true
check 'it is restricted' wait_until 5 is_restricted
used=$(session '.session.bytes_up + .session.bytes_down')
# At most a second's worth more, with what a policer lets through at once.
check "and has used little more: $used" test "$used" -ge 1000000 -a "$used" -lt 7000000
equal 'it gets the page' "$(status_of)" 511
check 'more quota' ctl session add "$(mac_of client)" --quota 1G --state authenticated
equal 'it passes again' "$(status_of)" 200

step 'bound to its addresses'
# A clone of its MAC is where it is: it has another address.
clone_sees() { client ping -q -c 3 -i 0.01 -W 1 -I "$1" "$2" >/dev/null 2>&1; }
bound_to() { session '.session.bind_ip | join(" ")'; }
told() { grep -c foreign_address "$bed_dir/events"; }
"$(program gate511ctl)" -s "$bed_dir/control.sock" -j events follow --types session.foreign_address >"$bed_dir/events" 2>&1 &
follower=$!
check 'session revoke' send_away
check 'session add' ctl session add "$(mac_of client)" --bind-ip seen
check 'IPv4' client ping -q -c 3 -i 0.01 "$origin4"
check 'IPv6' client ping -q -c 3 -i 0.01 "$origin6"
matches 'what it was seen with' "$(bound_to)" "^\"$client4 (fe80::[0-9a-f:]+ )?2001:db8::/64\"$"
client ip addr add 192.0.2.177/24 dev c0
check_fails 'another IPv4 address' clone_sees 192.0.2.177 "$origin4"
check 'is told of' wait_until 5 grep -q '192.0.2.177' "$bed_dir/events"
client ip addr add 2001:db8:0:7::5/64 dev c0 nodad
check_fails 'another /64' clone_sees 2001:db8:0:7::5 "$origin6"
check 'its own address passes' client ping -q -c 3 -i 0.01 -I "$client4" "$origin4"
client ip addr del 192.0.2.177/24 dev c0
client ip addr del 2001:db8:0:7::5/64 dev c0
# A temporary address, with duplicate address detection, as RFC 8981 has it.
client sysctl -q net.ipv6.conf.c0.use_tempaddr=2 net.ipv6.conf.c0.accept_ra=2 net.ipv6.conf.c0.autoconf=1
has_temporary() { client ip -6 addr show dev c0 temporary -tentative | grep -q 2001:db8; }
client ip addr add 2001:db8::9:1/64 dev c0 mngtmpaddr
check 'a temporary address is found unique' wait_until 10 has_temporary
temporary=$(client ip -6 -o addr show dev c0 temporary -tentative | sed -nE 's/.* (2001:db8:[^/]+).*/\1/p' | head -1)
check "it passes: $temporary" client ping -q -c 3 -i 0.01 -I "$temporary" "$origin6"
# Anew, or what has been told of lately would not be told of again.
check 'bound anew' ctl session add "$(mac_of client)" --bind-ip seen
check 'IPv4' client ping -q -c 3 -i 0.01 "$origin4"
matches 'what it was seen with' "$(bound_to)" "^\"$client4"
before=$(told || true)
lease() { client udhcpc -i c0 -n -q -f -t 4 -T 1 -s /bin/true 2>&1; }
leased=$(lease | sed -nE 's/.*lease of (192\.0\.2\.2[0-9]+) obtained.*/\1/p')
matches 'DHCP' "$leased" '^192'
matches 'DHCP, again' "$(lease)" "lease of $leased obtained"
check 'an ARP probe' client arping -q -D -c 2 -w 3 -I c0 192.0.2.178
client ip addr add 192.0.2.179/24 dev c0
check_fails 'another IPv4 address' clone_sees 192.0.2.179 "$origin4"
check 'is told of' wait_until 5 grep -q '192.0.2.179' "$bed_dir/events"
equal 'and nothing of all that was before it' "$(told || true)" $((before + 1))
kill "$follower" 2>/dev/null || true
client ip addr del 192.0.2.179/24 dev c0
matches 'the lease has replaced what was merely seen' "$(bound_to)" "^\"$leased"
matches 'explain tells it' "$(ctl explain "$(mac_of client)")" "it is bound to $leased \(from DHCP\)"
check 'bound anew' ctl session add "$(mac_of client)" --bind-ip seen
matches 'its lease is known already' "$(bound_to)" "^\"$leased"
client ip addr add "$leased/24" dev c0
check 'it passes with it' client ping -q -c 3 -i 0.01 -I "$leased" "$origin4"
check_fails 'and with the former no more' clone_sees "$client4" "$origin4"
check 'IPv6' client ping -q -c 3 -i 0.01 "$origin6"
# Its system speaks by its link-local address when it likes.
global() { session '.session.bind_ip | map(select(startswith("fe80") | not)) | join(" ")'; }
before=$(global)
gateway_stop
gateway_start
equal "after a restart it is bound to the same: $before" "$(global)" "$before"
check 'and passes' client ping -q -c 3 -i 0.01 -I "$leased" "$origin4"

smoke_end
