#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Three gateways that share their sessions by a Redis: what is done at one holds at all. Redis and a
# gateway are killed, and one is cut off while both sides go on: all of them agree again, and nothing
# that was revoked passes.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/several.bash
. "${BASH_SOURCE[0]%/*}/lib/several.bash"

readonly mac=$several_mac
mac_number() { printf '02:00:5e:01:%02x:%02x' $(($1 / 256)) $(($1 % 256)); }

several_up 3
gateway_capacity=4096
start_all

step 'what is done at one holds at all'
since=$(now_ms)
check 'session add at 1' on 1 ctl session add "$mac" --ttl 1h --tag room-12 --user ann --quota 2G
check 'all have it' wait_until 1 all_have "$mac"
within_ms 'soon' 1000 "$since"
for n in 1 2 3; do check "client $n passes" wait_until 1 passes "$n"; done
equal 'it is the same session' "$(field 3 "$mac" id)" "$(field 1 "$mac" id)"
equal 'with the same end' "$(field 3 "$mac" expires_at)" "$(field 1 "$mac" expires_at)"
equal 'and its fields' "$(field 2 "$mac" tag)/$(field 2 "$mac" user)/$(field 2 "$mac" quota_bytes)" room-12/ann/2000000000
check 'a change at 2' on 2 ctl session add "$mac" --tag room-13
check 'is seen at 1' wait_until 1 eval "[ \"\$(field 1 $mac tag)\" = room-13 ]"
check 'it is extended at 3' on 3 ctl session extend "$mac" --ttl 2h
check 'as 1 sees' wait_until 1 eval "[ \"\$(field 1 $mac ttl_s)\" -gt 7000 ]"
check 'revoke at 3' on 3 ctl session revoke "$mac"
check 'none has it' wait_until 1 none_has "$mac"
for n in 1 2 3; do check_fails "client $n does not pass" passes "$n"; done
equal 'the server remembers that it was revoked' "$(redis --raw hget "gate511:s:$mac" e)" 1
check 'for a day' test "$(redis --raw ttl "gate511:s:$mac")" -gt 86000
check 'one that ends soon' on 2 ctl session add "$mac" --ttl 3s
check 'is at all of them' wait_until 1 all_have "$mac"
check 'and ends at all of them' wait_until 5 none_has "$mac"
check 'moved at 1' on 1 ctl session add "$mac" --ttl 1h
wait_until 1 all_have "$mac" || true
check 'session move at 2' on 2 ctl session move "$mac" --to-mac "$(mac_number 1)"
check 'it is at the new MAC everywhere' wait_until 1 all_have "$(mac_number 1)"
check 'and nowhere at the old' wait_until 1 none_has "$mac"
on 1 ctl session revoke "$(mac_number 1)" >/dev/null

step 'one who roams'
check 'idle after 4 s' on 1 ctl session add "$mac" --ttl 1h --idle 4s --quota 100k
wait_until 1 all_have "$mac" || true
for i in {1..14}; do
  passes 2 >/dev/null || true
  sleep 0.5
done
check 'it does not end while it is seen at 2' all_have "$mac"
in_ns client2 ping -q -c 30 -s 1400 -i 0.01 "$origin4" >/dev/null || true
sleep 1
in_ns client3 ping -q -c 30 -s 1400 -i 0.01 "$origin4" >/dev/null || true
check 'its quota is of what it used everywhere' wait_until 3 eval "[ \"\$(field 1 $mac state)\" = restricted ]"
check 'everywhere' wait_until 1 eval "[ \"\$(field 2 $mac state)/\$(field 3 $mac state)\" = restricted/restricted ]"
on 1 ctl session revoke "$mac" >/dev/null
check 'idle after 2 s' on 1 ctl session add "$mac" --ttl 1h --idle 2s
check 'ends everywhere when nobody sees it' wait_until 6 none_has "$mac"

step 'the server is killed and comes back'
check 'session add' on 1 ctl session add "$mac" --ttl 1h
check 'it is everywhere' wait_until 1 all_have "$mac"
redis_kill
check 'health tells it' wait_until 5 eval "{ on 2 ctl health || true; } 2>&1 | grep -q 203.0.113"
for n in 1 2 3; do check "client $n passes" passes "$n"; done
refused=$(on 1 ctl session add "$(mac_number 2)" --ttl 1h 2>&1 || true)
matches 'an add is refused' "$refused" 'redis://203.0.113.5:6379/0 .*nothing was changed'
no_match 'its password is told nowhere' "$refused$(cat "$bed_dir"/[123]/gate511.log)" 'secret'
check_fails 'and is not there' has 1 "$(mac_number 2)"
refused=$(on 2 ctl session revoke "$mac" 2>&1 || true)
matches 'a revoke stands' "$refused" 'the revocation stands'
check 'here' lacks 2 "$mac"
check 'and is not known elsewhere yet' has 1 "$mac"
redis_up
check 'all are well again' wait_until 15 all_well
check 'the revoke has reached all' wait_until 2 none_has "$mac"
check 'an add is taken' on 3 ctl session add "$(mac_number 2)" --ttl 1h
check 'by all' wait_until 1 all_have "$(mac_number 2)"

step 'a gateway is killed and comes back'
check 'session add' on 2 ctl session add "$mac" --ttl 1h
wait_until 1 all_have "$mac" || true
kill_gateway 3
check 'revoke while it is down' on 1 ctl session revoke "$mac"
check 'add while it is down' on 1 ctl session add "$(mac_number 3)" --ttl 1h
on 3 gateway_start
check_fails 'what was revoked does not pass when it is ready' passes 3
check 'nor is it there' lacks 3 "$mac"
check 'what was added is' has 3 "$(mac_number 3)"
check 'an id is used once' test "$(on 3 ctl -j session add "$(mac_number 4)" --ttl 1h | jq .session.id)" -gt "$(field 3 "$(mac_number 2)" id)"

step 'a gateway starts while the server is away'
kill_gateway 3
cut_off 3
on 3 gateway_start
check 'it has its sessions' has 3 "$(mac_number 3)"
matches 'and says what is missing' "$(on 3 ctl health || true)" 'redis://203.0.113.13:6379/0'
join_again 3
check 'all are well again' wait_until 15 all_well

step 'cut off, and both sides go on'
check 'session add' on 1 ctl session add "$mac" --ttl 1h
for i in {10..29}; do on 1 ctl session add "$(mac_number "$i")" --ttl 1h >/dev/null; done
check 'it is everywhere' wait_until 1 all_have "$(mac_number 29)"
cut_off 3
check 'it is noticed' wait_until 6 eval "! is_well 3"
check 'revoked at 1, client by client' on 1 ctl session revoke "$mac"
for i in {10..19}; do on 1 ctl session revoke "$(mac_number "$i")" >/dev/null; done
for i in {20..24}; do on 3 ctl session revoke "$(mac_number "$i")" >/dev/null 2>&1 || true; done
check 'changed at 1' on 1 ctl session add "$(mac_number 20)" --tag changed
check 'added at 1' on 1 ctl session add "$(mac_number 30)" --ttl 1h
check 'client 3 passes meanwhile' passes 3
sleep "${SMOKE_PARTITION_S:-10}"
join_again 3
check 'all are well again' wait_until 15 all_well
check 'what 1 revoked is gone at 3' wait_until 2 lacks 3 "$mac"
check_fails 'and does not pass' passes 3
for i in {10..24}; do wait_until 2 none_has "$(mac_number "$i")" || failed "revoked: $i"; done
for i in {25..30}; do wait_until 2 all_have "$(mac_number "$i")" || failed "kept: $i"; done
equal 'all have as many' "$(on 1 ctl -j stats | jq .sessions.total) $(on 2 ctl -j stats | jq .sessions.total)" \
  "$(on 3 ctl -j stats | jq .sessions.total) $(on 3 ctl -j stats | jq .sessions.total)"

step 'one that goes on alone'
on 2 gateway_stop
several_sessions=()
gateway_on_store_failure=memory
on 2 gateway_start
gateway_on_store_failure=refuse
check 'session add' on 1 ctl session add "$mac" --ttl 1h --tag before
check 'it is everywhere' wait_until 2 all_have "$mac"
cut_off 2
check 'it is noticed' wait_until 6 eval "! is_well 2"
check 'an add is taken' on 2 ctl session add "$(mac_number 40)" --ttl 1h --tag alone
check 'and a change' on 2 ctl session add "$mac" --tag alone
check 'and a revoke' on 2 ctl session revoke "$(mac_number 30)"
check 'the same client is added at 1' on 1 ctl session add "$(mac_number 40)" --ttl 1h --tag with-others
check 'and one that 2 has changed is changed' on 1 ctl session add "$mac" --tag with-others
check 'another client is added at 2' on 2 ctl session add "$(mac_number 41)" --ttl 1h --tag alone
kill_gateway 1
on 1 gateway_start
join_again 2
check 'all are well again' wait_until 15 all_well
check 'what was added alone is everywhere' wait_until 2 all_have "$(mac_number 41)"
check 'what was revoked alone is nowhere' wait_until 2 none_has "$(mac_number 30)"
for client in "$mac" "$(mac_number 40)"; do
  for n in 1 2 3; do
    check "$client at $n: what the server had first counts" wait_until 2 eval "[ \"\$(field $n $client tag)\" = with-others ]"
  done
done

several_end
