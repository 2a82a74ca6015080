#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Three gateways at one Redis. Two are of one venue, and of these the second has a smaller table: what has no room there
# is told, and comes in when there is. The third is of another venue, by its `store_prefix`: what is of the one venue
# holds nowhere else.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/several.bash
. "${BASH_SOURCE[0]%/*}/lib/several.bash"

readonly mac=$several_mac
mac_number() { printf '02:00:5e:01:%02x:%02x' $(($1 / 256)) $(($1 % 256)); }
held() { on "$1" ctl -j stats | jq .sessions.total; }
holds() { [ "$(held "$1")" = "$2" ]; }
health_of() { on "$1" ctl health 2>&1 || true; }
raised() { health_of "$1" | grep -qE -- "$2"; }
quiet() { ! raised "$1" 'have no room'; }

several_up 3
gateway_capacity=4096
on 1 gateway_up
gateway_capacity=64
on 2 gateway_up
use_gateway 3
gateway_sessions+=('store_prefix = "annex:"')
gateway_up
use_gateway 1

step 'sites'
check 'session add at the venue' on 1 ctl session add "$mac" --ttl 1h --tag venue
check 'its other gateway has it' wait_until 2 has 2 "$mac"
check 'client 2 passes' passes 2
check 'the other venue has it not' lacks 3 "$mac"
check_fails 'and client 3 does not pass' passes 3
check 'a session of the same client there' on 3 ctl session add "$mac" --ttl 1h --tag annex
check 'client 3 passes' passes 3
check 'a revoke at the venue' on 1 ctl session revoke "$mac"
check 'is one for its other gateway' wait_until 2 lacks 2 "$mac"
sleep 1
equal 'and for no other venue' "$(field 3 "$mac" tag)" annex
check 'client 3 passes still' passes 3
kill_gateway 2
gateway_capacity=64
on 2 gateway_start
check 'nor is one read when it starts' lacks 2 "$mac"

step 'a table that is full elsewhere'
for number in {1..70}; do printf '{"mac":"%s","ttl_s":3600}\n' "$(mac_number "$number")"; done >"$bed_dir/many"
check '70 sessions' on 1 ctl import "$bed_dir/many"
check '64 of them are at 2' wait_until 5 holds 2 64
check 'it is told' wait_until 5 raised 2 'have no room: 6;'
check 'not at 1, which has room' quiet 1
for number in {1..70}; do has 2 "$(mac_number "$number")" || break; done
check 'the one that is not there is at 1' has 1 "$(mac_number "$number")"
for other in {1..11}; do
  [ "$other" -eq "$number" ] || on 1 ctl session revoke "$(mac_number "$other")" >/dev/null 2>&1 || true
done
check 'when there is room it comes in' wait_until 10 has 2 "$(mac_number "$number")"
same_number() { [ "$(held 1)" = "$(held 2)" ]; }
check 'both have as many' wait_until 10 same_number
check 'and the alarm is over' wait_until 10 quiet 2

several_end
