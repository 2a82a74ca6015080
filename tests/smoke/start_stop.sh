#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Start and stop: with and without huge pages, by either signal, over a socket file that was left
# behind, and with each kind of ports.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

status_of() { client curl -s -o /dev/null -m 5 -w '%{http_code}' "http://$origin4/" || true; }

short_main_job() {
  equal "$1: a guest gets the page" "$(status_of)" 511
  check "$1: session add" let_in client
  equal "$1: the client passes" "$(status_of)" 200
  check "$1: session revoke" send_away client
  equal "$1: a guest again" "$(status_of)" 511
  check_invariant
}

# A socket file that nobody listens on.
stale_socket() {
  /usr/bin/python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \
    "$bed_dir/control.sock"
  chown "$gateway_user" "$bed_dir/control.sock"
}

free_huge_pages() { cat "${huge_pages_file%/*}/free_hugepages" 2>/dev/null || echo 0; }

bed_up

step 'without starting'
matches '--version' "$("$(program gate511)" --version)" '^gate511 [0-9]+\.[0-9]+\.[0-9]+'
matches '--help' "$("$(program gate511)" --help)" '--config'
write_config
check '--check' "$(program gate511)" --check --config "$bed_dir/gate511.toml"
sed "s/^user = .*/user = \"no-such-user\"/" "$bed_dir/gate511.toml" >"$bed_dir/other.toml"
matches '--check looks the user up' "$("$(program gate511)" --check --config "$bed_dir/other.toml" 2>&1 || echo "exit $?")" \
  'other.toml:[0-9]+: there is no user no-such-user; make it: '
check_fails 'no --config' "$(program gate511)"
matches 'gate511ctl without a daemon' "$(ctl health 2>&1 || echo "exit $?")" '^exit 3$'

# EAL's folders, one of each kind: of a process that is no more, of one that is, of one that cannot be
# seen but has its lock.
readonly eal=$bed_dir/dpdk
readonly of_ended=$eal/gate511-4194302 of_living=$eal/gate511-1 of_locked=$eal/gate511-4194303
make_runtime_folders() {
  mkdir -p "$of_ended" "$of_living" "$of_locked"
  touch "$of_ended"/{config,fbarray_memzone} "$of_locked/config"
  in_background gateway lock.log /usr/bin/python3 -c '
import fcntl, signal, sys
held = open(sys.argv[1], "r+")
fcntl.lockf(held, fcntl.LOCK_EX)
print("held", flush=True)
signal.pause()' "$of_locked/config"
  wait_until 5 grep -q held "$bed_dir/lock.log" || die "lock: $(<"$bed_dir/lock.log")"
}

step 'without huge pages'
if [ "$(free_huge_pages)" -eq 0 ]; then
  make_runtime_folders
  gateway_start
  check 'the runtime folder of a process that has ended is removed' test ! -e "$of_ended"
  check 'not that of one that lives' rmdir "$of_living"
  check 'nor one that is locked' rm -r "$of_locked"
  equal 'none are used' "$(stat_of .huge_pages)" false
  matches 'it says so' "$(<"$bed_dir/gate511.log")" 'without huge pages'
  short_main_job 'ordinary memory'
  gateway_stop TERM
  check 'no control socket is left' test ! -e "$bed_dir/control.sock"
else
  step 'left out: the machine has free huge pages of its own'
fi

step 'with huge pages'
take_huge_pages "$gateway_huge_pages"
if [ "$bed_huge_pages_added" -gt 0 ]; then
  gateway_start
  equal 'they are used' "$(stat_of .huge_pages)" true
  short_main_job 'huge pages'
  gateway_stop INT
else
  step 'left out: the machine has no room for huge pages'
fi

step 'control socket'
stale_socket
gateway_start
check 'a stale socket is replaced' ctl health
second=$({ timeout 20 ip netns exec "$(ns gateway)" "$(program gate511)" \
  --config "$bed_dir/gate511.toml" >/dev/null || echo "exit $?" >&2; } 2>&1)
matches 'a second daemon does not start' "$second" '^exit 1$'
matches 'a live socket is refused' "$second" '^gate511: .*control\.sock.*; '
check 'the first runs on' ctl health
kill -KILL "$gateway_pid"
wait "$gateway_pid" 2>/dev/null || true
gateway_start
short_main_job 'after kill -9'
gateway_stop TERM

step 'what systemd is told'
readonly told=$bed_dir/told.log
in_background gateway told.log /usr/bin/python3 "$smoke_lib/notified.py" "$bed_dir/notify"
wait_until 5 test -S "$bed_dir/notify" || die "notified.py: $(<"$told")"
ready_twice() { [ "$(grep -cx 'READY=1' "$told")" -eq 2 ]; }
fed() { [ "$(grep -c '^WATCHDOG=1$' "$told")" -gt "$1" ]; }
gateway_env=(NOTIFY_SOCKET="$bed_dir/notify" WATCHDOG_USEC=900000)
gateway_start
check 'that it is ready' wait_until 1 grep -qx 'READY=1' "$told"
matches 'and what it does' "$(<"$told")" '^STATUS=link venue \(net_af_packet0 to net_af_packet1\), 1 worker, '
check 'that it is alive' wait_until 3 fed 2
kill -HUP "$gateway_pid"
check 'that it reloads' wait_until 3 grep -qx 'RELOADING=1' "$told"
check 'and is ready again' wait_until 3 ready_twice
in_background gateway hold.log /usr/bin/python3 "$smoke_lib/hold_thread.py" "$(worker_thread)" 3
check 'that a worker hangs' wait_until 3 grep -qx 'STATUS=lcore 1 does not move: .*the watchdog is not fed' "$told"
before=$(grep -c '^WATCHDOG=1$' "$told")
sleep 1
equal 'it is not alive then' "$(grep -c '^WATCHDOG=1$' "$told")" "$before"
check 'and it is when the worker moves again' wait_until 5 fed "$before"
gateway_stop TERM
check 'that it stops' wait_until 1 grep -qx 'STOPPING=1' "$told"
gateway_env=()

for gateway_ports in af_packet tap af_xdp; do
  step "$gateway_ports"
  gateway_start
  matches 'port list' "$(ctl port list)" "$(access_port)"
  short_main_job "$gateway_ports"
  gateway_stop TERM
done

smoke_end
