#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Sessions that come and go, 1,000 of each a second, with traffic: every session's final counters
# add up to what the workers counted, and neither memory nor mbufs grow.
#
#   --seconds N    for how long, 12 if not given
seconds=12
if [ "${1-}" = --seconds ]; then
  seconds=$2
  shift 2
fi
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

resident_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$gateway_pid/status"; }
store_kib() { du -ck "$bed_dir"/sessions.db* | tail -n 1 | cut -f 1; }
packets_of() { ctl -j session get "$1" | jq '.session.packets_up + .session.packets_down'; }

bed_up
add_client steady
gateway_up
check 'session add' ctl session add "$(mac_of steady)" --ttl 0

step "$seconds s"
generation=$(ctl -j session get "$(mac_of steady)" | jq .generation)
/usr/bin/python3 "$smoke_lib/soak_load.py" "$bed_dir/control.sock" "$seconds" 1000 "$(mac_of client)" \
  >"$bed_dir/soak.json" 2>"$bed_dir/soak.err" &
load=$!
net iperf3 -s -1 -B "$origin4" >"$bed_dir/iperf3.log" 2>&1 &
server=$!
wait_until 5 net sh -c "ss -Hltn 'sport = 5201' | grep -q ." || die 'iperf3 does not listen'
in_ns steady iperf3 -c "$origin4" -t "$seconds" -b 50M >"$bed_dir/iperf3.client" 2>&1 &
steady=$!
client ping -q -i 0.002 -w "$seconds" "$origin4" >/dev/null 2>&1 &
pinged=$!
# What is taken at first stands by then: events that are held, pages of the heap.
sleep "$((seconds / 3))"
resident=$(resident_kib) most_mbufs=0
for ((left = seconds * 5 / 9; left > 0; left--)); do
  sleep 1
  in_use=$(stat_of .mbufs.in_use)
  most_mbufs=$((in_use > most_mbufs ? in_use : most_mbufs))
done
grown=$(($(resident_kib) - resident))
wait "$load" || failed 'the load' "$(<"$bed_dir/soak.err")"
wait "$steady" || failed 'iperf3' "$(<"$bed_dir/iperf3.client")"
wait "$pinged" || true
wait "$server" || true

step 'what came of it'
soak() { jq -c "$1" "$bed_dir/soak.json"; }
printf "    %s\n" "$(soak .)"
printf '    resident: %d KiB, grown by %d KiB in %d s; store: %d KiB; mbufs in use: %d at most\n' \
  "$(resident_kib)" "$grown" "$((seconds * 5 / 9))" "$(store_kib)" "$most_mbufs"
printf 'note: %s sessions added in %s s\n' "$(soak .added)" "$seconds"
check 'half as many as were asked for, at least' test "$(soak .added)" -ge "$((seconds * 500))"
equal 'all that were added were revoked' "$(soak .revoked)" "$(soak .added)"
equal 'one session is left' "$(ctl -j stats | jq .sessions.total)" 1
equal 'each change was counted' "$(ctl -j session get "$(mac_of steady)" | jq ".generation - $generation")" \
  "$(($(soak .added) + $(soak .revoked)))"
equal 'packets of all sessions are those that the workers passed' \
  "$(($(soak .packets) + $(packets_of "$(mac_of steady)")))" "$(verdict session)"
check 'and the one that came and went had some' test "$(soak .packets)" -gt "$((seconds * 200))"
# The events that are held, 8 MiB, are not all there yet in a short run.
check 'memory is flat' test "$grown" -le "$((seconds < 60 ? 16384 : 4096))"
check 'mbufs in use are those of rings and bursts' test "$most_mbufs" -le "$((gateway_mbufs_at_start + 2048))"

smoke_end
