#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A session's rates: UDP at twice the rate is held to it, TCP gets nearly all of it, each way; what
# is past it is dropped by name; and the rate goes as it came. Then the same session on two links at
# once, each of them a worker's: together they get what one did.
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

gateway_stop

# --- two workers ---------------------------------------------------------------------------------

# The client's MAC is on either link: `client` is on the first, `twin` on the second.
readonly twin4=203.0.113.100 router_of_twin4=203.0.113.1
add_namespace twin
add_cable twin c0 gateway access2
add_cable net n1 gateway uplink2
as_port access2
as_port uplink2
ip -n "$(ns twin)" link set c0 address "$(mac_of client)"
ip -n "$(ns twin)" address add "$twin4/24" dev c0
ip -n "$(ns net)" address add "$router_of_twin4/24" dev n1
two_links

# together SWITCH...: the reports of a client on each link, at once.
together() {
  local server pids=()
  for server in "$origin4" "$router_of_twin4"; do
    net iperf3 -s -1 -B "$server" >>"$bed_dir/iperf3.log" 2>&1 &
    pids+=("$!")
    wait_until 5 net sh -c "ss -Hltn 'src $server and sport = 5201' | grep -q ." ||
      die 'iperf3 does not listen'
  done
  in_ns twin iperf3 -c "$router_of_twin4" -t "$seconds" -J "$@" >"$bed_dir/twin.json" &
  pids+=("$!")
  client iperf3 -c "$origin4" -t "$seconds" -J "$@"
  wait "${pids[@]}"
  cat "$bed_dir/twin.json"
}

gateway_start
seconds=10
check 'session add' ctl session add "$(mac_of client)" --rate-up "$rate" --rate-down "$rate"

step 'two workers: UDP at the rate on each link'
between 'up' "$(together -u -b "$rate" -l "$udp_payload" | jq -s --argjson bytes "$udp_packet" \
  'map(.end.sum | (.packets - .lost_packets) * $bytes * 8 / .seconds) | add | round')" 98 102

step 'two workers: TCP on both links'
between 'down' "$(together -R | jq -s \
  'map(.end.sum_received.bits_per_second * 1500 / 1448) | add | round')" 80 102
check 'both workers had their part' \
  stat_of '.workers | length == 2 and all(.verdicts.session > 1000)'

smoke_end
