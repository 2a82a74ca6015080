#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What three gateways and one Redis carry on this machine, beside `redis-benchmark`: an add and a revoke until all
# others have it, changes a second, and all sessions read again. The figures are docs/scaling.md's.
#
#   --sessions N    for the last, 1000000 if not given
sessions=1000000
if [ "${1-}" = --sessions ]; then
  sessions=$2
  shift 2
fi
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/../smoke/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/several.bash
. "$smoke_root/tests/smoke/lib/several.bash"

load() { /usr/bin/python3 "$smoke_root/tests/bench/shared_load.py" "$@"; }
shared() { on "$1" ctl -j stats | jq -r ".store.shared.$2"; }
syncs_are() { [ "$(shared "$1" syncs)" -ge "$2" ] && [ "$(shared "$1" synced)" = true ]; }

several_up 3
gateway_capacity=$((sessions + 65536))
start_all
sockets=$bed_dir/1/control.sock,$bed_dir/2/control.sock,$bed_dir/3/control.sock

processes=("redis=$redis_pid")
for n in 1 2 3; do processes+=("gateway$n=${several_pids[n]}"); done

step "one by one, at a load of $(cut -d' ' -f1 /proc/loadavg)"
load "$sockets" spread 300
step "changes a second, at a load of $(cut -d' ' -f1 /proc/loadavg)"
load "$sockets" add 60000 "${processes[@]}"
load "$bed_dir/1/control.sock" add 60000 "${processes[@]}"
step "all read again, $sessions sessions"
have=$(on 1 ctl -j stats | jq .sessions.total)
load "$bed_dir/1/control.sock" add $((sessions - have))
load "$sockets" wait "$sessions" >/dev/null
redis info memory | grep -E '^used_memory_human'
before=$(shared 2 syncs)
cut_off 2
sleep 4
since=$(now_ms)
join_again 2
wait_until 120 syncs_are 2 $((before + 1)) || failed 'it is synced again' "$(on 2 ctl health)"
printf 'gateway 2: all read again %d ms after its cable was back\n' $(($(now_ms) - since))
equal 'and nothing is lost' "$(on 2 ctl -j stats | jq .sessions.total)" "$sessions"
step 'the server alone'
redis --no-auth-warning ping >/dev/null
in_ns server redis-benchmark -a a@secret -q -n 200000 -P 16 -c 8 -t hset,get 2>/dev/null | tr '\r' '\n' | grep 'requests per second'

several_end
