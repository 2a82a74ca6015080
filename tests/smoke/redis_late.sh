#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two gateways that share a Redis, of which the second goes on alone where it must: what comes late, twice, or to a
# server that takes nothing for a while is in the end at both as it was answered.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/several.bash
. "${BASH_SOURCE[0]%/*}/lib/several.bash"

readonly mac=$several_mac
mac_number() { printf '02:00:5e:01:%02x:%02x' $(($1 / 256)) $(($1 % 256)); }
shared() { on "$1" ctl -j stats | jq -r ".store.shared.$2"; }
states() { printf '%s %s' "$(field 1 "$1" state)" "$(field 2 "$1" state)"; }
states_are() { [ "$(states "$1")" = "$2" ]; }
synced_again() { [ "$(shared "$1" syncs)" -gt "$2" ] && [ "$(shared "$1" synced)" = true ]; }

several_up 2
gateway_capacity=4096
on 1 gateway_up
gateway_on_store_failure=memory
on 2 gateway_up
use_gateway 1

step 'a change that a former connection delivers'
check 'session add' on 1 ctl session add "$mac" --ttl 1h
check 'both have it' wait_until 2 all_have "$mac"
id=$(field 1 "$mac" id)
script=$(sed -n '/kApply = R"lua(/,/^)lua"/p' "$smoke_root/src/control/redis/scripts.hpp" | sed '1d;$d')
# late NUMBER: gateway 1 ends that session, by its connection of that number.
late() {
  redis eval "$script" 3 gate511:seq gate511:stream "gate511:s:$mac" 1 each 1000 86400000 10 "$1" E 0 "$id" 1 '' 2>&1
}
number=$(redis hget gate511:meta n1)
matches 'it is refused' "$(late $((number - 1)))" FORMER
sleep 1
check 'and nothing was done' all_have "$mac"
late "$number" >/dev/null
check 'by the last one it is done' wait_until 2 lacks 2 "$mac"

step 'two change the same at the same time'
check 'session add' on 2 ctl session add "$mac" --ttl 1h
check 'both have it' wait_until 2 all_have "$mac"
for ((try = 1; try <= 40; try++)); do
  on 1 ctl session extend "$mac" --ttl 1m >/dev/null 2>&1 &
  first=$!
  on 2 ctl session extend "$mac" --ttl 1m >/dev/null 2>&1 &
  second=$!
  status=0
  wait "$first" || status=$?
  wait "$second" || status=$?
  if [ "$status" -ne 0 ]; then
    check 'what was refused is taken a moment later' wait_until 2 on 1 ctl session extend "$mac" --ttl 1m
    check 'and at the other' wait_until 2 on 2 ctl session extend "$mac" --ttl 1m
    break
  fi
done
conflicts() { [ $(($(shared 1 conflicts) + $(shared 2 conflicts))) -gt 0 ]; }
check 'one was refused' conflicts
same_end() { [ "$(field 1 "$mac" expires_at)" = "$(field 2 "$mac" expires_at)" ]; }
check 'both know the same end' wait_until 2 same_end

step 'a server that is full, and a gateway that goes on alone'
redis config set maxmemory 1 >/dev/null
check 'an add at 2' on 2 ctl session add "$(mac_number 1)" --ttl 1h
check 'a block at 2' on 2 ctl session add "$mac" --ttl 1h --state blocked
check_fails 'an add at 1 is refused' on 1 ctl session add "$(mac_number 2)" --ttl 1h
redis config set maxmemory 0 >/dev/null
check 'all is well when there is room' wait_until 20 all_well
check 'what was added at 2 is at 1' wait_until 5 has 1 "$(mac_number 1)"
check 'and blocked at both' wait_until 5 states_are "$mac" 'blocked blocked'
kill_gateway 2
on 2 gateway_start
check 'after a restart too' wait_until 5 states_are "$mac" 'blocked blocked'
on 1 ctl session revoke "$mac" >/dev/null

step 'a hash that is larger than any answer'
redis eval "redis.call('HSET', KEYS[1], 'd', string.rep('x', 9000000))" 1 "gate511:s:$(mac_number 9)" >/dev/null
before=$(shared 1 syncs)
redis client kill type normal >/dev/null
check '1 reads all again' wait_until 15 synced_again 1 "$before"
check 'all is well' wait_until 15 all_well
check 'an add' on 1 ctl session add "$(mac_number 3)" --ttl 1h
check 'is at both' wait_until 2 all_have "$(mac_number 3)"
check 'and the client of that hash can be added' on 1 ctl session add "$(mac_number 9)" --ttl 1h
check 'at both' wait_until 2 all_have "$(mac_number 9)"

several_end
