#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Three gateways that share their sessions by a Redis: what is done at one holds at all. Redis and a
# gateway are killed, and one is cut off while both sides go on: all of them agree again, and nothing
# that was revoked passes. They are a user of Redis with the rights that docs/scaling.md tells, and no others.
#
# SMOKE_PARTITION_S is how long one is cut off, 30 s if not set.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/several.bash
. "${BASH_SOURCE[0]%/*}/lib/several.bash"

readonly mac=$several_mac
mac_number() { printf '02:00:5e:01:%02x:%02x' $(($1 / 256)) $(($1 % 256)); }

# none_was_refused NAME: the server has refused the gateways no command since it was started.
none_was_refused() { equal "$1" "$(redis --raw acl log)" ''; }

redis_as_told
several_up 3
gateway_capacity=4096
start_all
equal 'all are the user that the documentation has' "$(redis --raw client list | grep -c ' user=gate511 ')" 6

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
none_was_refused 'the documented rights suffice'
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
end_of_partition=$((SECONDS + ${SMOKE_PARTITION_S:-30}))
cut_off 3
check 'it is noticed' wait_until 6 eval "! is_well 3"
check 'revoked at 1, client by client' on 1 ctl session revoke "$mac"
for i in {10..19}; do on 1 ctl session revoke "$(mac_number "$i")" >/dev/null; done
for i in {20..24}; do
  matches "a revoke of $i at 3 stands" "$(on 3 ctl session revoke "$(mac_number "$i")" 2>&1 || true)" 'the revocation stands'
done
check 'changed at 1, and revoked at 3' on 1 ctl session add "$(mac_number 20)" --tag changed
check 'changed at 1' on 1 ctl session add "$(mac_number 25)" --tag changed
check 'extended at 2' on 2 ctl session extend "$(mac_number 26)" --ttl 20h
check 'moved at 2' on 2 ctl session move "$(mac_number 27)" --to-mac "$(mac_number 31)"
check 'blocked at 1' on 1 ctl session add "$(mac_number 28)" --state blocked
check 'added at 1' on 1 ctl session add "$(mac_number 30)" --ttl 1h
before=$(told_by 3)
for what in "add $(mac_number 32) --ttl 1h" "add $(mac_number 25) --tag alone" "add $(mac_number 25) --state blocked" \
  "extend $(mac_number 26) --ttl 30h"; do
  read -ra words <<<"$what"
  matches "refused at 3: ${words[*]}" "$(on 3 ctl session "${words[@]}" 2>&1 || true)" 'nothing was changed'
done
equal 'and nothing has changed there' "$(told_by 3)" "$before"
matches 'a move at 3 stands' "$(on 3 ctl session move "$(mac_number 29)" --to-mac "$(mac_number 33)" 2>&1 || true)" 'the move stands'
check 'client 3 passes meanwhile' passes 3
while [ "$SECONDS" -lt "$end_of_partition" ]; do sleep 0.2; done
check_fails 'it is cut off still' is_well 3
join_again 3
check 'all are well again' wait_until 15 all_well
check 'what 1 revoked is gone at 3' wait_until 2 lacks 3 "$mac"
check_fails 'and does not pass' passes 3
for i in {10..24} 27 29; do wait_until 2 none_has "$(mac_number "$i")" || failed "revoked: $i"; done
for i in 25 26 28 30 31 33; do wait_until 2 all_have "$(mac_number "$i")" || failed "kept: $i"; done
check 'all tell the same sessions' wait_until 2 told_alike
for n in 1 2 3; do
  equal "at $n the change, the time and the block hold" \
    "$(field "$n" "$(mac_number 25)" tag)/$(($(field "$n" "$(mac_number 26)" ttl_s) / 36000))/$(field "$n" "$(mac_number 28)" state)" changed/1/blocked
  for client in "$mac" "$(mac_number 19)" "$(mac_number 20)" "$(mac_number 24)" "$(mac_number 27)" "$(mac_number 29)"; do
    becomes "$n" "$client"
    equal "client $client, revoked or moved, gets 511 at $n" "$(answered "$n")" 511
  done
  becomes "$n" "$(mac_number 28)"
  check_fails "the blocked client does not pass at $n" passes "$n"
  for client in "$(mac_number 31)" "$(mac_number 33)"; do
    becomes "$n" "$client"
    check "client $client, moved there, passes at $n" passes "$n"
  done
  becomes "$n" "$mac"
done

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
none_was_refused 'the documented rights suffice, for all of that too'

several_end
