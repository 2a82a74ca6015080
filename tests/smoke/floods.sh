#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What a session still gets while guests send: TCP goodput beside each kind of flood, against goodput
# beside as many frames of another session. The session asks for less than the kernels of the bed can
# do, as it would measure those. FLOODS_RATE is what it asks for (0: all it can get), FLOODS_PER_SECOND
# the flood's frames, FLOODS_ROUNDS how often each is measured (the median counts), FLOODS_LEAST the
# least percentage.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly rounds=${FLOODS_ROUNDS:-1} per_second=${FLOODS_PER_SECOND:-50000} least=${FLOODS_LEAST:-50}
readonly rate=${FLOODS_RATE:-300M}
readonly kinds=(syn guess dns arp fragments mixed)
readonly seconds=2

# goodput FLOOD-ARGUMENT...: of the session's TCP in Mbit/s while the flood goes on.
goodput() {
  client "$(program mac-flood)" c0 "$(mac_of net n0)" $((per_second * (seconds + 1))) "$per_second" \
    "$@" >>"$bed_dir/flood.log" &
  local flood=$!
  sleep 0.3
  client iperf3 -c "$origin4" -t "$seconds" -b "$rate" -J | jq '.end.sum_received.bits_per_second / 1e6 | round'
  wait "$flood"
}

median() { sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

bed_up
add_client other
gateway_up
check 'a session' let_in client
check 'another session, for the load that is compared with' let_in other
in_background net iperf3.log iperf3 -s -B "$origin4"
wait_until 5 net sh -c "ss -Hltn 'sport = 5201' | grep -q ." || die 'iperf3 does not listen'
# What the load draws from the origin's kernel is no part of it.
net nft 'table inet sink { chain in { type filter hook input priority 0; udp dport 9 drop; }; }'

step "goodput, Mbit/s, beside $per_second frames a second"
for ((round = 0; round < rounds; ++round)); do
  goodput udp "$(mac_of other)" >>"$bed_dir/goodput.session"
  for kind in "${kinds[@]}"; do goodput "$kind" >>"$bed_dir/goodput.$kind"; done
done
beside_session=$(median <"$bed_dir/goodput.session")
check 'the session gets something' test "$beside_session" -gt 10
printf 'note: goodput %s Mbit/s beside as many frames of a session, %s frames/s\n' "$beside_session" \
  "$per_second"
for kind in "${kinds[@]}"; do
  beside_flood=$(median <"$bed_dir/goodput.$kind")
  percent=$((beside_flood * 100 / beside_session))
  printf 'note: goodput %s Mbit/s beside the %s flood: %s %%\n' "$beside_flood" "$kind" "$percent"
  check "$kind: at least $least % of it" test "$percent" -ge "$least"
done

smoke_end
