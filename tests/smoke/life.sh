#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A session ends when it is silent, is restricted when it has used its quota, and has counted what
# both ends have.
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

smoke_end
