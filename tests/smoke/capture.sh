#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A client's frames by `gate511ctl capture`, and a port's by dpdk-dumpcap, read back by tshark; and what
# becomes of the gateway where who watches is killed.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# capture FILE SECONDS [SWITCH...]: of the client, in the background.
capture() {
  # Itself, not a shell around it; a shell's background processes ignore SIGINT, which is given back.
  (exec env --default-signal=INT "$(program gate511ctl)" -s "$bed_dir/control.sock" capture \
    "$(mac_of client)" --out "$1" --seconds "$2" "${@:3}" >"$bed_dir/capture.log" 2>&1) &
  capturing=$!
  wait_until 3 test -s "$1" || die "no capture: $(<"$bed_dir/capture.log")"
}
# read_back FILE FILTER [FIELD...]: a line for each frame that matches, of these fields.
read_back() {
  local fields=() field
  for field in "${@:3}"; do fields+=(-e "$field"); done
  tshark -n -r "$1" -Y "$2" -T fields "${fields[@]}" 2>>"$bed_dir/tshark.log"
}
count() { read_back "$1" "$2" frame.number | wc -l; }
audited() { jq -c "select(.method == \"$1\")" "$bed_dir/audit.jsonl"; }

bed_up
add_client phone
gateway_control=("audit_log = \"$bed_dir/audit.jsonl\"")
gateway_up

step 'who may'
matches 'not unless it is on' "$(ctl capture "$(mac_of client)" --seconds 1 --out "$bed_dir/no" 2>&1 || echo "exit $?")" \
  'captures are off: set capture.enabled = true'
check 'and there is no file' test ! -e "$bed_dir/no"
gateway_sections=('[capture]' 'enabled = true')
write_config
check 'it is put on by a reload' ctl reload
matches 'not another user' "$(setpriv --reuid "$gateway_user" \
  --regid "$(id -g "$gateway_user")" --clear-groups "$(program gate511ctl)" -s "$bed_dir/control.sock" \
  capture "$(mac_of client)" --seconds 1 --out - 2>&1 || true)" "is for root alone"

step 'what is mistyped begins nothing'
begun() { audited capture.start | wc -l; }
before=$(begun)
for words in '--seconds -1 --out no' '--seconds soon --out no' '--seconds 1m --out /nonexistent/no' \
  '--seconds 1m --out /tmp' '--seconds 1m --out no --snap -4' '--seconds 1m --out no --max-bytes much'; do
  read -ra given <<<"$words"
  answer=$(ctl capture "$(mac_of client)" "${given[@]}" 2>&1) && answer="taken: $answer"
  matches "$words" "$answer" '^gate511ctl: [^;]+: .+; .+$'
done
matches 'an empty name' "$(ctl capture "$(mac_of client)" --seconds 1 --out '' 2>&1 || true)" \
  '^gate511ctl: --out .*: .+; .+$'
equal 'and nobody is watched' "$(begun)" "$before"

step 'one client'
capture "$bed_dir/one.pcapng" 4
matches 'a second one is refused' "$(ctl capture "$(mac_of phone)" --seconds 1 --out "$bed_dir/no" 2>&1 || true)" \
  'one at a time'
in_ns phone ping -q -c 2 -i 0.2 -W 1 "$portal4" >/dev/null || true
client ping -q -c 2 -i 0.2 -W 1 "$origin4" >/dev/null || true
equal 'a guest gets its page' "$(client curl -s -o /dev/null -m 5 -w '%{http_code}' http://origin.example/)" 511
let_in client >/dev/null
check 'a session passes' client ping -q -c 5 -i 0.1 "$origin4"
wait "$capturing"
matches 'it says how many' "$(<"$bed_dir/capture.log")" '^[0-9]+ frames$'
file=$bed_dir/one.pcapng
equal 'its file is for root alone' "$(stat -c '%a %U' "$file")" '600 root'
check 'tshark reads it' tshark -n -r "$file" -q -z io,stat,0
equal 'nobody else is in it' "$(count "$file" "eth.addr == $(mac_of phone)")" 0
matches 'what is dropped, and why' \
  "$(read_back "$file" 'icmp.type == 8' frame.interface_name frame.packet_flags_direction frame.comment)" \
  $'^venue-access\t(0x0+)?1\t[a-z_]+: .*(refused|no rule|prohibited)'
matches 'what passes' "$(read_back "$file" 'icmp.type == 8' frame.interface_name frame.comment)" \
  $'^venue-access\tsession: frame of a client with a session'
equal 'five answers to it, from the uplink' \
  "$(read_back "$file" 'icmp.type == 0' frame.interface_name frame.comment | sort -u)" \
  $'venue-uplink\tsession: frame of a client with a session'
equal 'the gateway'\''s own page, sent by the access port' \
  "$(read_back "$file" 'http.response.code == 511' frame.interface_name frame.packet_flags_direction | head -n 1 | sed 's/0x0*//')" \
  $'venue-access\t2'
matches 'the request, as it came' "$(read_back "$file" http.request frame.comment)" "^page: guest's request answered"
equal 'every checksum is right' "$(tshark -n -r "$file" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE \
  -Y 'tcp.checksum.status == 0 || ip.checksum.status == 0' 2>/dev/null | wc -l)" 0
matches 'it is in the audit log' "$(audited capture.start)" \
  "\"uid\":0,.*$(mac_of client)\",\"seconds\":4.*\"result\":\"ok\""
matches 'and so is what it came to' "$(audited capture.ended)" "\"frames\":[1-9].*\"why\":\"time\""
matches 'refusals too' "$(audited capture.start | head -n 1)" 'READ_ONLY'
matches 'and in the log' "$(<"$bed_dir/gate511.log")" "^gate511: capture: the traffic of $(mac_of client) is shown to uid 0"

step 'ends'
matches 'a file that is there stays' "$(ctl capture "$(mac_of client)" --seconds 1 --out "$file" 2>&1 || true)" \
  'it is there already: give another name'
check 'who asked for it is gone: another may begin' ctl capture "$(mac_of client)" --seconds 1 --out "$bed_dir/two.pcapng"
capture "$bed_dir/three.pcapng" 60 --snap 64
client ping -q -c 5 -i 0.1 -s 500 "$origin4" >/dev/null
sleep 0.3
kill -INT "$capturing"
wait "$capturing" || true
equal 'Ctrl-C leaves a whole file, cut where it was asked for' \
  "$(read_back "$bed_dir/three.pcapng" 'icmp.type == 8' frame.cap_len frame.len | sort -u)" $'64\t542'
capture "$bed_dir/four.pcapng" 60
kill -KILL "$capturing"
wait "$capturing" 2>/dev/null || true
check 'kill -9 ends it too' wait_until 3 eval 'audited capture.ended | grep -q "\"why\":\"gone\""'
check 'the session passes' client ping -q -c 3 -i 0.05 "$origin4"

step 'a whole port'
gateway_stop
gateway_sections=('[capture]' 'dumpcap = true')
gateway_dpdk=(--no-huge)
write_config
matches 'not without huge pages' "$(RUNTIME_DIRECTORY=$bed_dir timeout 20 ip netns exec "$(ns gateway)" "$(program gate511)" \
  --config "$bed_dir/gate511.toml" 2>&1 >/dev/null || true)" \
  '^gate511: capture.dumpcap: dpdk-dumpcap needs memory that it can share, and dpdk.args has --no-huge; take that out, or set'
gateway_dpdk=("--huge-dir=$bed_dir/huge")
mkdir "$bed_dir/huge"
if ! mount -t hugetlbfs gate511 "$bed_dir/huge" 2>/dev/null || [ "$bed_huge_pages_added" -le 0 ]; then
  printf 'note: no huge pages here: dpdk-dumpcap is left out\n'
  gateway_pid=
  smoke_end
  exit
fi
trap 'umount "$bed_dir/huge" 2>/dev/null; bed_down' EXIT
# In a subshell alone: it takes its place, so that a signal reaches the program.
dumpcap() {
  umask 0
  cd "$bed_dir"
  RUNTIME_DIRECTORY=$bed_dir exec ip netns exec "$(ns gateway)" env --default-signal=INT stdbuf -oL \
    dpdk-dumpcap --file-prefix="gate511-$gateway_pid" "$@"
}
gateway_start
matches 'it is told of at start' "$(<"$bed_dir/gate511.log")" "root can watch all traffic: dpdk-dumpcap --file-prefix=gate511-$gateway_pid"
in_background client ping.log ping -n -i 0.02 "$origin4"
pinging=$background_pid
(dumpcap -i "$(access_port)" -c 50 -w "$bed_dir/port.pcapng") >"$bed_dir/dumpcap.log" 2>&1 || true
check 'dpdk-dumpcap captures' test "$(count "$bed_dir/port.pcapng" icmp)" -ge 40
check 'the session passes' client ping -q -c 3 -i 0.05 "$origin4"
for signal in INT KILL; do
  (dumpcap -i "$(access_port)" -w "$bed_dir/$signal.pcapng") >"$bed_dir/dumpcap.log" 2>&1 &
  dumping=$!
  wait_until 5 grep -q '^Capturing' "$bed_dir/dumpcap.log" || true
  sleep 0.5
  kill -"$signal" "$dumping"
  wait "$dumping" 2>/dev/null || true
  check "ended by SIG$signal: the session passes" client ping -q -c 200 -i 0.01 "$origin4"
done
check 'after the first the second captured' test "$(count "$bed_dir/KILL.pcapng" icmp)" -ge 5
# What a killed one leaves behind keeps others from its port, as docs/config.md says.
(dumpcap -i "$(uplink_port)" -c 20 -w "$bed_dir/next.pcapng") >"$bed_dir/dumpcap.log" 2>&1 || true
check 'after a killed one the other port is captured' test "$(count "$bed_dir/next.pcapng" icmp)" -ge 10
end_process "$pinging"
kill -KILL "$gateway_pid"
wait "$gateway_pid" 2>/dev/null || true
check 'kill -9 leaves huge pages in files' compgen -G "$bed_dir/huge/gate511-${gateway_pid}map_*"
dead=$gateway_pid
gateway_start
check_fails 'the next start removes them' compgen -G "$bed_dir/huge/gate511-${dead}map_*"
gateway_stop
equal 'a stop leaves none in use' "$(du -s "$bed_dir/huge" | cut -f 1)" 0
gateway_pid=

smoke_end
