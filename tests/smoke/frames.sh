#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Hostile frames: truncated, oversized and malformed ones are dropped by their name, thousands of
# mutations of good ones do no harm, and the gateway does its main job afterwards.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

send_frames() { client /usr/bin/python3 "$smoke_lib/hostile_frames.py" "$@"; }

# has_counted NAME COUNT: that verdict has grown by that much since $before.
has_counted() {
  ctl -j stats | jq -e --argjson before "$before" --arg name "$1" --argjson count "$2" \
    '.verdicts[$name] - $before.verdicts[$name] >= $count' >/dev/null
}

bed_up
gateway_up
macs=("$(mac_of client)" "$(mac_of net n0)")

# all_counted MODE: each frame that hostile_frames.py sends is counted by its name.
all_counted() {
  local before sent name count
  before=$(ctl -j stats)
  sent=$(send_frames "$1" c0 "${macs[@]}")
  while read -r name count; do
    check "$name" wait_until 3 has_counted "$name" "$count"
  done <<<"$sent"
}

step 'each by its name'
all_counted named
# The kernel reassembles IPv4 before it hands it to DPDK's packet sockets.
[ "$gateway_ports" = af_packet ] || all_counted fragments

step 'at random'
frames_before=$(stat_of .frames_in)
check 'they are sent' send_frames random c0 "${macs[@]}"
check 'they were seen' test "$(stat_of .frames_in)" -gt $((frames_before + 5000))
check 'with a session: session add' let_in client
check 'with a session: they are sent' send_frames random c0 "${macs[@]}"
check 'with a session: session revoke' send_away client
check 'from the uplink' net /usr/bin/python3 "$smoke_lib/hostile_frames.py" random n0 \
  "${macs[1]}" "${macs[0]}"

step 'the daemon lives on'
check 'control answers' ctl version
equal 'a guest gets the page' \
  "$(client curl -s -o /dev/null -m 5 -w '%{http_code}' "http://$origin4/" || true)" 511

smoke_end
