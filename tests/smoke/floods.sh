#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What a session still gets while guests send: its TCP goodput beside each kind of flood, against
# that beside as many frames a second of another session. What the flood's frames do beyond the
# gateway is no part of it: they are dropped where they come in.
#
#   FLOODS_PER_SECOND   the flood's frames, and the session's; 0: as many as the session's go at their
#                       fastest. What the flood leaves at its own fastest, which is more frames, is
#                       told beside.
#   FLOODS_RATE         what the session asks for; 0: all it can get
#   FLOODS_SECONDS      how long each is measured
#   FLOODS_ROUNDS       how often each is measured; the median counts
#   FLOODS_LEAST        the least percentage
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly rounds=${FLOODS_ROUNDS:-1} per_second=${FLOODS_PER_SECOND:-50000} least=${FLOODS_LEAST:-50}
readonly rate=${FLOODS_RATE:-300M}
readonly kinds=(syn guess dns arp fragments mixed)
readonly seconds=${FLOODS_SECONDS:-1}

# beside PER-SECOND FLOOD-ARGUMENT...: frames a second that were sent, and the goodput of the
# session's TCP in Mbit/s meanwhile.
beside() {
  local at=$1 flood
  shift
  client "$(program mac-flood)" c0 "$(mac_of net n0)" $((seconds + 1))s "$at" "$@" \
    >"$bed_dir/flood.log" &
  flood=$!
  sleep 0.3
  client iperf3 -c "$origin4" -t "$seconds" -b "$rate" -J >"$bed_dir/iperf.json"
  wait "$flood"
  printf '%s %s\n' $(($(<"$bed_dir/flood.log") / (seconds + 1))) \
    "$(jq '(.end.sum_received.bits_per_second // 0) / 1e6 | round' "$bed_dir/iperf.json")"
}

# median COLUMN FILE
median() { cut -d ' ' -f "$1" "$2" | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

bed_up
add_client other
gateway_up
check 'a session' let_in client
check 'another session, for the load that is compared with' let_in other
in_background net iperf3.log iperf3 -s -B "$origin4"
wait_until 5 net sh -c "ss -Hltn 'sport = 5201' | grep -q ." || die 'iperf3 does not listen'
net nft 'table netdev sink { chain in { type filter hook ingress device n0 priority 0;
  ip saddr 192.0.2.99 drop; arp saddr ip 192.0.2.99 drop; }; }'

step "goodput, Mbit/s; what is asked for: $rate"
for kind in "${kinds[@]}"; do
  for ((round = 0; round < rounds; ++round)); do
    load=$(beside "$per_second" udp "$(mac_of other)")
    echo "$load" >>"$bed_dir/goodput.$kind.session"
    equal=$per_second
    [ "$per_second" -gt 0 ] || equal=${load% *}
    beside "$equal" "$kind" >>"$bed_dir/goodput.$kind"
    [ "$per_second" -gt 0 ] || beside 0 "$kind" >>"$bed_dir/goodput.$kind.fastest"
  done
  flood=$(median 2 "$bed_dir/goodput.$kind") session=$(median 2 "$bed_dir/goodput.$kind.session")
  printf 'note: %s: %s Mbit/s beside %s frames/s, %s beside %s of a session: %s %%\n' "$kind" "$flood" \
    "$(median 1 "$bed_dir/goodput.$kind")" "$session" "$(median 1 "$bed_dir/goodput.$kind.session")" \
    $((flood * 100 / (session > 0 ? session : 1)))
  [ "$per_second" -gt 0 ] ||
    printf 'note: %s: %s Mbit/s beside %s frames/s, the fastest\n' "$kind" \
      "$(median 2 "$bed_dir/goodput.$kind.fastest")" "$(median 1 "$bed_dir/goodput.$kind.fastest")"
  check "$kind: the session gets something" test "$session" -gt 10
  check "$kind: at least $least % of what it gets beside a session" test $((flood * 100)) -ge $((session * least))
done

smoke_end
