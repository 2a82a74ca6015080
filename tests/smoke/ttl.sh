#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A session ends by itself when its time is over, and not before.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

status_of() { client curl -s -o /dev/null -m 5 -w '%{http_code}' "http://$origin4/" || true; }
is_guest() { [ "$(status_of)" = 511 ]; }

bed_up
gateway_up

step 'two seconds'
check 'session add' let_in client 2s
since=$(now_ms)
equal 'in' "$(status_of)" 200
sleep 1
equal 'in after a second' "$(status_of)" 200
check 'out again' wait_until 5 is_guest
within_ms 'out in time' 3200 "$since"
equal 'no session is left' "$(ctl -j session list | jq '.sessions | length')" 0

step 'a new time counts from now'
check 'session add, 2 s' let_in client 2s
check 'session add, 1 h' let_in client 1h
sleep 3
equal 'in' "$(status_of)" 200

step 'without an end'
check 'session add, for ever' let_in client 0
equal 'in' "$(status_of)" 200
check 'session revoke' send_away client
equal 'out' "$(status_of)" 511

smoke_end
