#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What is over stays over, among three gateways that share a Redis: whatever the client has been since, and whoever
# was cut off or restarted meanwhile. And what is not over is not ended by one who has not seen its client.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/several.bash
. "${BASH_SOURCE[0]%/*}/lib/several.bash"

readonly mac=$several_mac
mac_number() { printf '02:00:5e:01:%02x:%02x' $(($1 / 256)) $(($1 % 256)); }

# add_everywhere ARGUMENT...: at gateway 1.
add_everywhere() {
  check 'session add' on 1 ctl session add "$mac" --ttl 1h "$@"
  check 'it is everywhere' wait_until 2 all_have "$mac"
}

# cut_off_3, and 3 knows it.
cut_off_3() {
  cut_off 3
  check '3 is cut off' wait_until 6 eval "! is_well 3"
}

# over_everywhere WHAT: once 3 is back.
over_everywhere() {
  join_again 3
  check "$1: all are well again" wait_until 15 all_well
  check "$1: none has it" wait_until 3 none_has "$mac"
  for n in 1 2 3; do check_fails "$1: client $n does not pass" passes "$n"; done
}

# ends_of N ID: owner of each event of its end at that gateway, one a line.
ends_of() {
  { timeout 2 "$(program gate511ctl)" -s "$bed_dir/$1/control.sock" -j events follow --since 0 --types session.ended || true; } |
    jq -r "select(.session.id == $2 and .reason != \"moved\") | \"\\(.gateway) \\(.owner)\""
}

several_up 3
gateway_capacity=4096
start_all

step 'moved there and back'
add_everywhere
check 'there, at 2' on 2 ctl session move "$mac" --to-mac "$(mac_number 1)"
check 'it is there everywhere' wait_until 2 all_have "$(mac_number 1)"
check 'back, at 1' on 1 ctl session move "$(mac_number 1)" --to-mac "$mac"
check 'it is back everywhere' wait_until 2 all_have "$mac"
check 'and nowhere else' wait_until 2 none_has "$(mac_number 1)"
for n in 1 2 3; do check "client $n passes" passes "$n"; done

step 'moved, and more time, while one is cut off'
on 1 ctl session revoke "$mac" >/dev/null
add_everywhere
id=$(field 1 "$mac" id)
cut_off_3
check 'moved at 1' on 1 ctl session move "$mac" --to-mac "$(mac_number 2)"
check 'with more time' on 1 ctl session extend "$(mac_number 2)" --ttl 2h
check 'another of the former client' on 1 ctl session add "$mac" --ttl 1h
check 'is revoked' on 1 ctl session revoke "$mac"
over_everywhere 'the former client'
equal 'it is at its new place alone' \
  "$(for n in 1 2 3; do on "$n" ctl -j session list | jq -r ".sessions[]? // . | select(.id == $id) | .mac"; done | sort -u)" \
  "$(mac_number 2)"
on 1 ctl session revoke "$(mac_number 2)" >/dev/null
add_everywhere

step 'one gateway accounts for an end'
passes 2 >/dev/null
id=$(field 1 "$mac" id)
owned_by_2() { [ "$(redis --raw hget "gate511:s:$mac" o)" = 2 ]; }
check '2 has its client' wait_until 35 owned_by_2
check 'revoke at 1' on 1 ctl session revoke "$mac"
check 'none has it' wait_until 2 none_has "$mac"
equal 'only 2 says that it is the owner' "$(ends_of 1 "$id") $(ends_of 2 "$id") $(ends_of 3 "$id")" '1 false 2 true 3 false'

step 'a revoke while it is cut off, and a restart before it is back'
add_everywhere
cut_off_3
refused=$(on 3 ctl session revoke "$mac" 2>&1 || true)
matches 'it is said what is missing' "$refused" 'the revocation stands'
kill_gateway 3
on 3 gateway_start
check 'it is over after the restart' lacks 3 "$mac"
check 'the others have it still' has 1 "$mac"
over_everywhere 'revoked at 3'

step 'another session of the same client meanwhile'
add_everywhere
cut_off_3
check 'revoke at 1' on 1 ctl session revoke "$mac"
check 'another' on 1 ctl session add "$mac" --ttl 1h
check 'is revoked too' on 1 ctl session revoke "$mac"
for n in 1 2; do
  kill_gateway "$n"
  on "$n" gateway_start
done
over_everywhere 'another since'

step 'its time was cut short meanwhile'
add_everywhere
cut_off_3
check 'two seconds are left' on 1 ctl session add "$mac" --ttl 2s
check 'it ends' wait_until 5 lacks 1 "$mac"
over_everywhere 'cut short'

step 'it was moved away meanwhile'
add_everywhere
cut_off_3
check 'moved at 1' on 1 ctl session move "$mac" --to-mac "$(mac_number 2)"
check 'a short one of its own' on 1 ctl session add "$mac" --ttl 1s
check 'it ends' wait_until 5 lacks 1 "$mac"
over_everywhere 'moved away'
check 'it is where it was moved to' wait_until 2 all_have "$(mac_number 2)"
on 1 ctl session revoke "$(mac_number 2)" >/dev/null

step 'a full server can be read'
add_everywhere
kill_gateway 3
check 'revoke while 3 is down' on 1 ctl session revoke "$mac"
redis config set maxmemory 1 >/dev/null
on 3 gateway_start
check '3 knows that it is over' lacks 3 "$mac"
check_fails 'and it does not pass' passes 3
redis config set maxmemory 0 >/dev/null
check 'all are well again' wait_until 15 all_well

step 'idle is one whom nobody sees'
ip -n "$(ns client3)" address flush dev c0
in_background client2 busy.log ping -q -i 0.2 "$origin4"
busy=$background_pid
add_everywhere --idle 3s
check '2 has its client' wait_until 5 owned_by_2
kill_gateway 3
cut_off 3
on 3 gateway_start
sleep 5
check '3 has not ended it' has 3 "$mac"
join_again 3
check 'all are well again' wait_until 15 all_well
check 'all have it' all_have "$mac"
kill -INT "$busy"

several_end
