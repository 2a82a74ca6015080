#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A restart with many sessions: all are there before the first frame moves, with what they have
# counted; a session's traffic passes at once, and a guest's does not. How long it took is printed:
# from the signal to the end, and from the start to the first answer through the gateway.
#
#   --sessions N    how many, 20000 if not given
sessions=20000
if [ "${1-}" = --sessions ]; then
  sessions=$2
  shift 2
fi
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# others N: so many lines for `gate511ctl import`, each with what an operator gives a session.
others() {
  awk -v n="$1" 'BEGIN {
    for (i = 1; i <= n; i++)
      printf "{\"mac\":\"02:01:00:%02x:%02x:%02x\",\"ttl_s\":86400,\"tag\":\"room-%d\",\"user\":\"user-%d\"}\n",
        int(i / 65536) % 256, int(i / 256) % 256, i % 256, i % 1000, i
  }'
}
answers() { net ping -q -c 1 -W 0.02 "$client4" >/dev/null; }
counted() { ctl -j session get "$(mac_of client)" | jq '.session | [.packets_up, .packets_down]' -c; }
all_there() { stat_of .sessions.total; }
store_is_folded() { [ "$(stat_of .store.unfolded)" = 0 ]; }

gateway_capacity=$((sessions * 5 / 4))
bed_up
add_client guest
# Room for the table and the counters, too.
take_huge_pages $((256 + gateway_capacity / 8000))
gateway_up
check 'session add' let_in client
client ping -q -c 20 -i 0.01 "$portal4" >/dev/null
before=$(counted)
check "import of $sessions sessions" ctl import - < <(others "$sessions")
equal 'all are there' "$(all_there)" $((sessions + 1))
# The client is known to the router by hand: what is timed is the gateway.
ip -n "$(ns net)" neigh replace "$client4" lladdr "$(mac_of client)" dev n0
ip -n "$(ns client)" neigh replace "$portal4" lladdr "$(in_ns net cat /sys/class/net/n0/address)" dev c0
wait_until 60 store_is_folded || true

step 'stop, and start again'
began=$(now_ms)
kill -TERM "$gateway_pid"
wait "$gateway_pid"
stopped=$(now_ms)
write_config
launch_gateway
until answers; do gateway_runs || die "it does not run: $(<"$bed_dir/gate511.log")"; done
forwards=$(now_ms)
passed 'traffic passes again'
printf '    %s sessions: stop %s ms, start to forwarding %s ms, together %s ms\n' "$sessions" \
  $((stopped - began)) $((forwards - stopped)) $((forwards - began))
equal 'all are there again' "$(all_there)" $((sessions + 1))
now=$(counted)
# shellcheck disable=SC2016  # jq's variables
check 'what was counted is kept' jq -en --argjson now "$now" --argjson before "$before" \
  '$now[0] >= $before[0] and $now[1] >= $before[1] and $before[0] >= 20'
check_fails 'a guest does not pass' in_ns guest ping -q -c 1 -W 1 "$origin4"

gateway_mbufs_at_start=
wait_until 5 mbufs_are_at_rest || true
check_invariant
kill -TERM "$gateway_pid"
status=0
wait "$gateway_pid" || status=$?
equal 'it ends well' "$status" 0
gateway_pid=
smoke_end
