#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A flood of frames, each from another made-up MAC: no session comes of it and nothing grows, a
# session's traffic goes on, and a guest gets its page. FLOOD_FRAMES says how many and
# FLOOD_PER_SECOND how fast, where a machine that does nothing else has time for more.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly frames=${FLOOD_FRAMES:-400000} per_second=${FLOOD_PER_SECOND:-50000}

page() { in_ns "$1" curl -s -o /dev/null -m 5 -w '%{http_code}' "http://$origin4/" || true; }
# used: what would grow if anything did.
used() { ctl -j stats | jq -c '[.sessions.total, .sessions.in_limbo, .mbufs.in_use, .mbufs.total]'; }
resident_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$gateway_pid/status"; }
lost() { sed -nE 's/.* ([0-9.]+)% packet loss.*/\1/p' "$bed_dir/ping.log"; }

flood() { client "$(program mac-flood)" c0 "$(mac_of net n0)" "$1" "$per_second"; }

# So small that the table of clients seen is full before.
gateway_guest=('table_capacity = 1024')
bed_up
add_client phone
gateway_up
check 'a session' let_in client
check 'it passes' client ping -q -c 1 -W 2 "$origin4"
# What is taken once and for all, is taken by now.
flood 100000 >/dev/null
check_invariant
before=$(used)
resident=$(resident_kb)
seen=$(stat_of .frames_in)

step "$frames MACs"
in_background client ping.log ping -q -i 0.02 -c $((frames * 50 / per_second)) -W 2 "$origin4"
ping_pid=$background_pid
flood "$frames" >"$bed_dir/flood.log" &
flood_pid=$!
equal 'a guest gets its page meanwhile' "$(page phone)" 511
wait "$flood_pid" || true
kill -INT "$ping_pid" 2>/dev/null || true  # it tells what it has by then
wait_until 5 process_ended "$ping_pid" || true
equal 'all were sent' "$(<"$bed_dir/flood.log")" "$frames"
check 'most were seen' test "$(stat_of .frames_in)" -gt $((seen + frames / 4))
check "a session's pings pass meanwhile" test "$(lost | cut -d . -f 1)" -le 25
printf '    %s of %s frames seen, %s %% of the pings lost\n' \
  $(($(stat_of .frames_in) - seen)) "$frames" "$(lost)"

step 'afterwards'
wait_until 5 invariant_holds || true
equal 'no session, no buffer more' "$(used)" "$before"
grown=$(($(resident_kb) - resident))
is_sanitized || check "memory has not grown: $grown KiB" test "$grown" -le 4096
equal 'the session passes' "$(page client)" 200
equal 'a guest gets its page' "$(page phone)" 511

smoke_end
