#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Three gateways that share their sessions by a Redis, under adds, revokes and moves at all of them, while the server or
# gateways are killed or cut off at random: after each round all have the same, nothing revoked is there, and nothing
# that was answered is lost.
#
#   --rounds N    3 if not given
#   --seed N      of what is done, as a run before has told it
rounds=3
seed=$((RANDOM * 32768 + RANDOM))
while [ "${1-}" = --rounds ] || [ "${1-}" = --seed ]; do
  if [ "$1" = --rounds ]; then rounds=$2; else seed=$2; fi
  shift 2
done
RANDOM=$seed
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/several.bash
. "${BASH_SOURCE[0]%/*}/lib/several.bash"

# model ARGUMENT...
model() {
  /usr/bin/python3 "$smoke_lib/shared_model.py" "$bed_dir/model.json" "$@" \
    "$bed_dir/1/control.sock" "$bed_dir/2/control.sock" "$bed_dir/3/control.sock"
}
nap() { sleep "$(($1 / 1000)).$(printf '%03d' $(($1 % 1000)))"; }

several_up 3
gateway_capacity=4096
start_all
printf 'note: seed %d\n' "$seed"

good=0
for ((round = 1; round <= rounds; round++)); do
  model $((seed + round)) 5 >"$bed_dir/load.log" 2>&1 &
  load=$!
  nap $((RANDOM % 1500 + 200))
  which=$((RANDOM % 3 + 1))
  fault=$((RANDOM % 4))
  case $fault in
    0)
      redis_kill
      nap $((RANDOM % 2000))
      redis_up
      ;;
    1)
      kill_gateway "$which"
      on "$which" gateway_start
      ;;
    2)
      cut_off "$which"
      nap $((RANDOM % 3500 + 500))
      join_again "$which"
      ;;
    3) # what it alone knows by then must outlive it
      cut_off "$which"
      nap $((RANDOM % 2500 + 500))
      kill_gateway "$which"
      on "$which" gateway_start
      join_again "$which"
      ;;
  esac
  wait "$load" || failed "round $round: the load" "$(<"$bed_dir/load.log")"
  wait_until 20 all_well || failed "round $round: all are well" "$(on "$which" ctl health || true)"
  if told=$(model verify 2>&1); then good=$((good + 1)); else failed "round $round of seed $seed, fault $fault at $which" "$told"; fi
  printf '    round %d, fault %d at %d: %s; %s\n' "$round" "$fault" "$which" "$(tail -n 1 "$bed_dir/load.log")" "$told"
done
equal "after each of $rounds rounds all agree with what was answered" "$good" "$rounds"

several_end
