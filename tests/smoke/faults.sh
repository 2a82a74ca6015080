#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Faults of the machine under a session's traffic: forwarding resumes within FAULTS_MOST_MS of each
# one's end, nothing is lost any more, and every frame is accounted for. Disk and clock are the
# store's tests'.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly most_ms=${FAULTS_MOST_MS:-1000}  # 100 on a machine with nothing else to do
readonly faketime=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1
pinging=

# begin_traffic: a session's pings, a hundred a second, each with the time at which it came back.
begin_traffic() {
  : >"$bed_dir/ping.log"
  in_background client ping.log stdbuf -oL ping -n -D -i 0.01 "$origin4"
  pinging=$background_pid
  wait_until 5 grep -q icmp_seq "$bed_dir/ping.log" || die 'a session cannot ping the origin'
}

# back_since MS: when the first ping came back that did so then or later, in ms since the epoch.
back_since() {
  awk -v since="$1" '/icmp_seq/ { at = substr($1, 2) * 1000
    if (at >= since) { printf "%.0f\n", at; exit } }' "$bed_dir/ping.log"
}
is_back_since() { [ -n "$(back_since "$1")" ]; }

# lost_since MS: pings sent then or later that did not come back, though later ones did.
lost_since() {
  awk -v since="$1" '/icmp_seq/ { match($0, /time=[0-9.]+/)
    if (substr($1, 2) * 1000 - substr($0, RSTART + 5, RLENGTH - 5) < since) next
    match($0, /icmp_seq=[0-9]+/); seq = substr($0, RSTART + 9, RLENGTH - 9) + 0
    if (!first || seq < first) first = seq
    if (seq > last) last = seq
    ++seen }
    END { print last - first + 1 - seen }' "$bed_dir/ping.log"
}

# in_time NAME END-MS BACK-MS
in_time() {
  if [ -z "$3" ]; then
    failed "$1: forwarding resumes" "$(tail -n 3 "$bed_dir/gate511.log")"
  elif [ $(($3 - $2)) -le "$most_ms" ]; then
    passed "$1: forwarding resumes: after $(($3 - $2)) ms"
  else
    failed "$1: forwarding resumes within $most_ms ms" "after $(($3 - $2)) ms"
  fi
  [ -z "$3" ] || printf 'note: %s: forwarding resumes after %s ms\n' "$1" $(($3 - $2))
}

# resumes NAME END-MS
resumes() {
  wait_until 3 is_back_since "$2" || true
  in_time "$1" "$2" "$(back_since "$2")"
  sleep 0.5
  equal "$1: nothing is lost afterwards" "$(lost_since "$2")" 0
}

# exact NAME: the counters add up. Not while frames come, so traffic rests.
exact() {
  end_process "$pinging"
  wait_until 5 invariant_holds || true
  if invariant_holds; then passed "$1: counters are exact"; else
    failed "$1: counters are exact" "$(ctl -j stats | jq -c '[.frames_in, .forwarded, .answered, .held, .dropped, .mbufs]')"
  fi
  begin_traffic
}

# limit LIMIT: of the gateway, as its own user: not every root may set another's.
limit() {
  setpriv --reuid "$gateway_user" --regid "$(id -g "$gateway_user")" --clear-groups \
    prlimit --pid "$gateway_pid" "$@"
}

no_session() { ! ctl session get "$1" >/dev/null 2>&1; }

thread_named() { grep -lx "$1" "/proc/$gateway_pid"/task/*/comm | head -n 1 | cut -d / -f 5; }

# ask_at_once COUNT: a guest asks the resolver for a host of the garden, from as many ports. Prints
# how many answers it has 1.5 s later, and 5 s later.
ask_at_once() {
  in_ns phone python3 - "$resolver4" "$1" <<'PYTHON'
import select, socket, sys, time

question = b"\6origin\7example\0\0\1\0\1"
sockets = {}
poll = select.poll()
for number in range(int(sys.argv[2])):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.connect((sys.argv[1], 53))
    one.send(number.to_bytes(2, "big") + b"\1\0\0\1\0\0\0\0\0\0" + question)
    poll.register(one, select.POLLIN)
    sockets[one.fileno()] = one
    time.sleep(0.0005)
answers = 0
for wait in 1.5, 3.5:
    end = time.monotonic() + wait
    while (left := end - time.monotonic()) > 0:
        for fd, _ in poll.poll(left * 1000):
            sockets[fd].recv(2048)
            answers += 1
    print(answers, end=" ")
PYTHON
}

gateway_capacity=1024
gateway_garden=('hosts = ["origin.example"]')
gateway_budget=('dns_packets_per_s = 1000000' 'dns_bytes_per_s = 100000000')
bed_up
add_client phone
gateway_up
check 'a session' let_in client
begin_traffic

step 'rings that are full'
readonly held=512 asked=800  # answers that a worker holds at most
in_ns phone dig +short +tries=3 +time=1 "@$resolver4" origin.example >/dev/null || true
sleep 0.5
thread=$(thread_named gate511-garden)
check 'there is a thread of the garden' test -n "$thread"
before=$(stat_of .garden.unlearnt)
since=$(now_ms)
python3 "$smoke_lib/hold_thread.py" "$thread" 4 >"$bed_dir/held" &
holder=$!
sleep 0.3
ask_at_once "$asked" >"$bed_dir/answers" &
asker=$!
sleep 2
equal 'the garden'\''s thread held: as many answers wait as may' "$(verdict dns_held)" "$held"
wait "$holder" "$asker"
equal 'the others went on unlearnt, which is counted' "$(($(stat_of .garden.unlearnt) - before))" $((asked - held))
equal 'its guest has the others at once, and those that waited afterwards' "$(<"$bed_dir/answers")" \
  "$((asked - held)) $asked "
equal 'none waits any more' "$(verdict dns_held)" 0
equal 'no ping was lost by it' "$(lost_since "$since")" 0
before=$(stat_of .sightings_dropped)
since=$(now_ms)
python3 "$smoke_lib/hold_thread.py" "$gateway_pid" 3 >"$bed_dir/held" &
holder=$!
sleep 0.3
client "$(program mac-flood)" c0 "$(mac_of net n0)" 20000 10000 arp >"$bed_dir/flood.log"
wait "$holder"
check 'the control thread held: it answers again' wait_until 1 ctl version
check 'clients seen that the ring had no room for are counted' \
  test $(($(stat_of .sightings_dropped) - before)) -gt 10000
equal 'no ping was lost by it either' "$(lost_since "$since")" 0
exact 'rings that are full'

step 'a link that flaps'
for port in access uplink; do
  # The kernels at both ends look for their link once a second, so that frames are sent and seen
  # below them.
  in_background net "seen.$port" tcpdump -l -n -tt -i n0 "udp dst port 9"
  client "$(program mac-flood)" c0 "$(mac_of net n0)" 2500 1000 udp "$(mac_of client)" \
    >"$bed_dir/flood.log" &
  flood=$!
  sleep 0.5
  ip -n "$(ns gateway)" link set "$port" down
  sleep 1
  ip -n "$(ns gateway)" link set "$port" up
  ended=$(now_ms)
  wait "$flood" || true
  back=$(awk -v since="$ended" '$1 * 1000 >= since { printf "%.0f\n", $1 * 1000; exit }' "$bed_dir/seen.$port")
  in_time "$port down for 1 s" "$ended" "$back"
done
wait_until 5 is_back_since "$(now_ms)" || true
exact 'a link that flaps'

step 'a worker that is held'
thread=$(worker_thread)
check 'there is a worker' test -n "$thread"
python3 "$smoke_lib/hold_thread.py" "$thread" 3 >"$bed_dir/held" &
holder=$!
sleep 0.3
since=$(now_ms)
check 'control answers meanwhile' ctl version
within_ms 'at once' 500 "$since"
check 'and it is held still' kill -0 "$holder"
since=$(now_ms)
busy=$(ctl session revoke 02:00:5e:00:53:99 2>&1 || true)
let_in phone >"$bed_dir/busy" 2>&1 || busy+=$(<"$bed_dir/busy")
within_ms 'two changes are answered within 3 s' 3000 "$since"
matches 'a change tells that a worker does not move' "$busy" '[Bb]usy|BUSY|worker'
wait "$holder"
resumes 'a worker held for 3 s' "$(<"$bed_dir/held")"
check 'the change is made' wait_until 3 ctl session revoke "$(mac_of phone)"
exact 'a worker that is held'

step 'the whole program stopped'
kill -STOP "$gateway_pid"
sleep 1
kill -CONT "$gateway_pid"
resumes 'all threads stopped for 1 s' "$(now_ms)"
exact 'the whole program stopped'

step 'no file descriptor'
# The lowest number that is free, so that there is none below the limit.
free=$(find "/proc/$gateway_pid/fd" -type l -printf '%f\n' | sort -n | awk '$1 != NR - 1 { exit } { ++n } END { print n }')
limit --nofile="$free:"
# shellcheck disable=SC2016 # for the shell that is started
check_fails 'no more clients of the control socket' timeout 2 "$(program gate511ctl)" \
  -s "$bed_dir/control.sock" version
equal 'a guest gets its page meanwhile' \
  "$(in_ns phone curl -s -o /dev/null -m 5 -w '%{http_code}' "http://198.51.100.99/" || true)" 511
limit --nofile=1024:
ended=$(now_ms)
check 'control answers again' wait_until 5 ctl version
equal 'no ping was lost by it' "$(lost_since $((ended - 1000)))" 0
resumes 'no file descriptor' "$ended"

step 'no memory for control'
# Room for stacks, which cannot be refused.
limit --as="$((($(awk '/^VmSize/ { print $2 }' "/proc/$gateway_pid/status") + 1024) * 1024)):"
python3 - "$bed_dir/control.sock" <<'PYTHON' >"$bed_dir/no-memory" 2>&1 || true
import json, socket, sys
for _ in range(8):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(2)
    one.connect(sys.argv[1])
    sessions = [{"mac": "02:00:00:00:%02x:%02x" % (n >> 8, n & 255), "user": "x" * 60} for n in range(900)]
    try:
        one.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.add",
                                "params": {"sessions": sessions}}).encode() + b"\n")
        print(one.recv(300)[:120])
    except OSError as error:
        print(error)
PYTHON
check 'the gateway lives' gateway_runs
limit --as=unlimited:
ended=$(now_ms)
resumes 'no memory for control' "$ended"
check 'control answers again' wait_until 5 ctl version
matches 'it is told of' "$(<"$bed_dir/gate511.log")" '^gate511: memory: there was none left'
exact 'no memory for control'

step 'a full table'
seq 1 2000 | awk '{ printf "{\"mac\":\"02:00:01:00:%02x:%02x\"}\n", $1 / 256, $1 % 256 }' >"$bed_dir/many"
matches 'it says that it is full' "$(ctl import "$bed_dir/many" 2>&1 || true)" 'TABLE_FULL|full'
resumes 'a full table' "$(now_ms)"
check 'a place is freed' ctl session revoke 02:00:01:00:00:05
check 'and taken' ctl session add 02:00:01:00:00:05 --ttl 1h
exact 'a full table'
check 'all are sent away' ctl session revoke --all --yes
check 'a session' let_in client

step 'a port that vanishes'
end_process "$pinging"
mac=$(mac_of client)
ip -n "$(ns gateway)" link delete access
sleep 1
check 'control answers' ctl version
check 'the gateway lives' gateway_runs
check_invariant
gateway_stop
add_cable client c0 gateway access
as_port access
ip -n "$(ns client)" link set c0 address "$mac"
client_addresses client c0 "$client4" "$client6"
# What is preloaded does nothing yet.
failing_disk=$(find "$gateway_build" -name libfailing-disk.so -print -quit)
[ -n "$failing_disk" ] || die "no libfailing-disk.so in $gateway_build: build first"
echo +0 >"$bed_dir/clock"
gateway_env=(LD_PRELOAD="$failing_disk:$faketime" FAILING_DISK_UNDER="$bed_dir/sessions.db"
  FAILING_DISK_IF="$bed_dir/slow" FAKETIME_TIMESTAMP_FILE="$bed_dir/clock" FAKETIME_NO_CACHE=1
  FAKETIME_DONT_FAKE_MONOTONIC=1)
gateway_start
check 'with a new cable and a new start: the session has its way' wait_until 5 client ping -q -c 1 -W 1 "$origin4"
begin_traffic

step 'a slow disk'
since=$(now_ms)
echo 700 >"$bed_dir/slow"
ctl session add 02:00:5e:00:53:01 >"$bed_dir/added" 2>&1 &
adder=$!
sleep 0.3
asked_at=$(now_ms)
check 'control answers others meanwhile' ctl session list
within_ms 'in less than 600 ms' 600 "$asked_at"
added=0
wait "$adder" || added=$?
late=$(($(now_ms) - since))
equal 'a change is made' "$added" 0
check "and answered when it was stored: after $late ms" test "$late" -ge 700
rm "$bed_dir/slow"
resumes 'a slow disk' "$(now_ms)"
equal 'a slow disk: no ping was lost by it' "$(lost_since "$since")" 0
exact 'a slow disk'

step 'a clock that steps'
since=$(now_ms)
check 'a session for 4 s' ctl session add 02:00:5e:00:53:02 --ttl 4s
for offset in +1h -1h; do
  echo "$offset" >"$bed_dir/clock"
  sleep 0.7
  check "$offset: it is there" ctl session get 02:00:5e:00:53:02
  [ "$offset" = +1h ] || continue
  check "$offset: a session is added" ctl session add 02:00:5e:00:53:03
  check "$offset: which tells that it is the gateway's clock" \
    test $(($(ctl -j session get 02:00:5e:00:53:03 | jq .session.created_at) - $(date +%s))) -gt 3500
done
check 'it ends in its own time' wait_until 5 no_session 02:00:5e:00:53:02
check 'and not before' test $(($(now_ms) - since)) -ge 3900
check 'one for an hour is there still' ctl session get "$mac"
echo +0 >"$bed_dir/clock"
equal 'a clock that steps: no ping was lost by it' "$(lost_since "$since")" 0
exact 'a clock that steps'
end_process "$pinging"

step 'buffers and ports without a wire'
while read -r line; do printf '%s\n' "$line"; done < <(
  "$(program worker-faults)" --no-huge 2>"$bed_dir/worker.log" || printf 'not ok: worker-faults fails\n')

smoke_end
