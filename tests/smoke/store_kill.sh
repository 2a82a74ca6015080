#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# kill -9 at random moments under adds, batches, revokes and moves of four clients: after each restart
# every change that was answered is there, none was invented, and none that had expired is back.
#
#   --rounds N    how many kills, 30 if not given
rounds=30
if [ "${1-}" = --rounds ]; then
  rounds=$2
  shift 2
fi
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# store_load MODE ARGUMENT...
store_load() { /usr/bin/python3 "$smoke_lib/store_load.py" "$bed_dir/control.sock" "$bed_dir/state" "$@"; }

bed_up
gateway_capacity=4096
gateway_up

good=0
for ((round = 1; round <= rounds; round++)); do
  store_load load "$round" &
  load=$!
  sleep "0.$((RANDOM % 80 + 10))"
  kill -KILL "$gateway_pid"
  wait "$gateway_pid" 2>/dev/null || true
  wait "$load" || failed "round $round: the load"
  gateway_start
  if told=$(store_load verify 2>&1); then good=$((good + 1)); else failed "round $round" "$told"; fi
done
equal "after each of $rounds kills all is as it was answered" "$good" "$rounds"
printf '    %s\n' "$told"

smoke_end
