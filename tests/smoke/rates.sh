#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A session's rates: UDP at twice the rate is held to it, TCP gets nearly all of it, each way; what
# is past it is dropped by name; and the rate goes as it came.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

rate=20000000   # bits of IP a second
seconds=10
udp_payload=1400
udp_packet=$((udp_payload + 28))

# iperf SWITCH...: the client's report, as JSON.
iperf() {
  net iperf3 -s -1 -B "$origin4" >"$bed_dir/iperf3.log" 2>&1 &
  wait_until 5 net sh -c "ss -Hltn 'sport = 5201' | grep -q ." || die 'iperf3 does not listen'
  client iperf3 -c "$origin4" -t "$seconds" -J "$@"
  wait "$!"
}

# Of the IP packets that arrived, in bits a second.
udp_rate() {
  iperf -u -b "$((2 * rate))" -l "$udp_payload" "$@" | jq --argjson bytes "$udp_packet" \
    '.end.sum | ((.packets - .lost_packets) * $bytes * 8 / .seconds) | round'
}
tcp_rate() {
  iperf "$@" | jq '.end.sum_received.bits_per_second * 1500 / 1448 | round'
}

# between NAME GOT LOW HIGH: in percent of the rate.
between() {
  local percent
  percent=$(jq -n "$2 * 10000 / $rate | round / 100")
  if jq -en "$percent >= $3 and $percent <= $4" >/dev/null; then
    passed "$1: $percent % of the rate"
  else
    failed "$1" "$percent % of the rate, not $3 to $4"
  fi
}

bed_up
gateway_up
check 'session add' ctl session add "$(mac_of client)" --rate-up "$rate" --rate-down "$rate"

step 'UDP at twice the rate'
between 'up' "$(udp_rate)" 98 102
between 'down' "$(udp_rate -R)" 98 102
check 'what is past it is dropped by name' test "$(verdict over_rate)" -gt 10000

step 'TCP'
between 'up' "$(tcp_rate)" 80 102
between 'down' "$(tcp_rate -R)" 80 102

step 'no rate any more'
before=$(verdict over_rate)
check 'session add' ctl session add "$(mac_of client)" --rate-up 0 --rate-down 0
seconds=2
check 'faster than it was' test "$(tcp_rate)" -gt "$((2 * rate))"
equal 'nothing more is dropped' "$(verdict over_rate)" "$before"

smoke_end
