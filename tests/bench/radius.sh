#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# How many new guests a second get a session by their MAC, of a FreeRADIUS on the same machine, and
# how long one of them waits, beside the server's own time; and how fast accounting records that had to
# wait are sent once the server is back.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/../smoke/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/radius.bash
. "${BASH_SOURCE[0]%/*}/../smoke/lib/radius.bash"

load() { client /usr/bin/python3 "${BASH_SOURCE[0]%/*}/radius_load.py" "$bed_dir/control.sock" "$@"; }
percentile() { jq "sort | .[(length * $1 / 100 | floor)] // empty"; }

bed_up
gateway_capacity=131072
gateway_guest+=('table_capacity = 131072')
gateway_up
radius_users=('DEFAULT  Auth-Type := Accept')
radius_mac=('per_second = 3000' 'in_flight = 4000')
radius_servers=('')
radius_interim_s=0
freeradius_start one 127.0.0.1
one=$background_pid
radius_start

step 'New guests, some a second'
net tcpdump -i lo -U -w "$bed_dir/radius.pcap" 'udp port 1812' 2>"$bed_dir/tcpdump.log" &
tcpdump=$!
wait_until 5 grep -q 'listening on' "$bed_dir/tcpdump.log" || die 'tcpdump does not listen'
load 100 10 >"$bed_dir/calm.json"
sleep 0.5
kill "$tcpdump"
wait "$tcpdump" 2>/dev/null || true
tshark -r "$bed_dir/radius.pcap" -T fields -e radius.time 2>/dev/null | grep . | jq -s 'map(. * 1000)' >"$bed_dir/server.json"
whole=$(jq .took_ms "$bed_dir/calm.json" | percentile 99)
server=$(percentile 50 <"$bed_dir/server.json")
printf 'note: first seen to session: p50 %s ms, p99 %s ms; the server: p50 %s ms, p99 %s ms\n' \
  "$(jq .took_ms "$bed_dir/calm.json" | percentile 50)" "$whole" "$server" "$(percentile 99 <"$bed_dir/server.json")"
equal 'each has its session' "$(jq .opened "$bed_dir/calm.json")" "$(jq .sent "$bed_dir/calm.json")"
check 'p99 is 20 ms beyond the server at most' jq -en "$whole - $server <= 20"

step 'New guests, as many as it takes'
load 2500 10 >"$bed_dir/full.json"
rate=$(jq '.opened / .seconds | floor' "$bed_dir/full.json")
printf 'note: %s sessions of %s guests in %s s: %s a second\n' "$(jq .opened "$bed_dir/full.json")" \
  "$(jq .sent "$bed_dir/full.json")" "$(jq .seconds "$bed_dir/full.json")" "$rate"
radius_number '{authentication: (.authentication | {sent, sent_again, answers, timeouts}), mac, spooled: .accounting.spooled}' |
  jq -c . | sed 's/^/note: /'
check '2,000 authentications a second' test "$rate" -ge 2000

step 'Records that waited'
spooled() { radius_number .accounting.spooled; }
is_drained() { [ "$(spooled)" -eq 0 ]; }
wait_until 120 is_drained || die "$(spooled) Starts wait still"
end_process "$one"
ctl session revoke --tag radius --yes >/dev/null
sessions=$(jq .opened "$bed_dir/full.json")
wait_until 120 radius_has .accounting.spooled "$sessions" || die 'the Stops do not come'
waiting=$(spooled)
freeradius_start two 127.0.0.1
wait_until 60 radius_number ".accounting.spooled < $waiting" >/dev/null || die 'none is sent'
since=$(now_ms)
first=$(spooled)
wait_until 300 is_drained || die "$(spooled) wait still"
took=$(($(now_ms) - since))
printf 'note: of %s records that waited %s a second were taken, once the server was found\n' "$waiting" $((first * 1000 / took))
check 'faster than sessions end at 500 a second' test $((first * 1000 / took)) -ge 500

smoke_end
