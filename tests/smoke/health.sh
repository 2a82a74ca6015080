#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Each alarm by its cause: it is raised, told of as an event and a line of the log, tells what to do,
# and is over when the cause is gone.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

preload() { find "$gateway_build" -name "lib$1.so" -print -quit; }
is_raised() { { ctl -j health || true; } | jq -e --arg name "$1" '.problems[] | select(.alarm == $name)'; }
is_over() { ! is_raised "$1"; }
event() { grep -q "\"alarm\":\"$1\".*\"alarm.$2\"" "$bed_dir/events"; }

# raised NAME SEVERITY SENTENCE
raised() {
  local shown status=0
  if ! wait_until 8 is_raised "$1"; then
    failed "$1 is raised" "$(ctl health)"
    return
  fi
  passed "$1 is raised"
  shown=$(ctl health) || status=$?
  matches "$1: for people" "$shown" "^- $2 $1 since [0-9-]+ [0-9:]+Z: $3.*; [a-z].*"
  equal "$1: exit code" "$status" 5
  check "$1: an event" wait_until 2 event "$1" raised
  matches "$1: a line of the log" "$(<"$bed_dir/gate511.log")" "^gate511: alarm: $1: $3.*; [a-z]"
}

# over NAME
over() {
  check "$1 is over" wait_until 10 is_over "$1"
  check "$1: an event of it" wait_until 2 event "$1" cleared
  matches "$1: a line of it" "$(<"$bed_dir/gate511.log")" "^gate511: alarm is over: $1"
}

follow() {
  in_background gateway events "$(program gate511ctl)" -s "$bed_dir/control.sock" -j events follow \
    --since 0 --types alarm.raised,alarm.cleared
}

# hold PROGRAM|THREAD SECONDS: its thread does not run for so long.
hold() {
  python3 "$smoke_lib/hold_thread.py" "$1" "$2" >/dev/null &
  holder=$!
}
worker_thread() {
  grep -lE '^rte-worker|^dpdk-worker|^lcore-worker' "/proc/$gateway_pid"/task/*/comm | head -n 1 |
    cut -d / -f 5
}
# flood COUNT PER-SECOND KIND
flood() { client "$(program mac-flood)" c0 "$(mac_of net n0)" "$@" >"$bed_dir/flood.log"; }

bed_up
mkdir "$bed_dir/disk"
mount -t tmpfs -o "size=1m,mode=0700,uid=$(id -u "$gateway_user")" gate511 "$bed_dir/disk"
trap 'umount "$bed_dir/disk" 2>/dev/null; bed_down' EXIT
gateway_capacity=100
gateway_store=$bed_dir/store/sessions.db
mkdir "$bed_dir/store"
chown "$gateway_user" "$bed_dir/store"
gateway_control=("audit_log = \"$bed_dir/disk/audit.jsonl\"")
gateway_env=(LD_PRELOAD="$(preload failing-disk):$(preload held-mbufs)"
  FAILING_DISK_UNDER="$bed_dir/store" FAILING_DISK_IF="$bed_dir/slow" HELD_MBUFS_IF="$bed_dir/mbufs")
printf 'This is no database, and was none.%.0s' {1..200} >"$gateway_store"
chown "$gateway_user" "$gateway_store"
gateway_up
follow

step 'a store that was damaged'
raised store_damaged warning 'the store .* was damaged'
gateway_stop
rm "$gateway_store".damaged-*
: >"$bed_dir/events"
gateway_start
follow
equal 'at the next start all is well' "$(ctl health)" ok
check 'and the exit code says so' ctl health

step 'a worker, then a port'
hold "$(worker_thread)" 2
raised worker_stalled critical 'the worker on lcore 1 has not moved for 1 s'
wait "$holder"
ip -n "$(ns gateway)" link set uplink down
raised port_down critical "uplink port $(uplink_port) of link venue is down"
ip -n "$(ns gateway)" link set uplink up
over worker_stalled
over port_down

step 'buffers and table'
stat_of .mbufs.total | awk '{ print int($1 * 0.95) }' >"$bed_dir/mbufs"
raised mbufs_low critical '[0-9]+ of [0-9]+ packet buffers are in use'
seq 1 96 | awk '{ printf "{\"mac\":\"02:00:01:00:00:%02x\"}\n", $1 }' >"$bed_dir/many"
check '96 of 100 sessions' ctl import "$bed_dir/many"
raised table_nearly_full warning '96 of 100 sessions are held'
rm "$bed_dir/mbufs"
check 'some are sent away' ctl session revoke --all --yes
over mbufs_low
over table_nearly_full

step 'disks'
echo 2500 >"$bed_dir/slow"
ctl session add 02:00:5e:00:53:01 >/dev/null 2>&1 &
adder=$!
raised store_behind critical "the store's disk has taken nothing for [0-9]+ s; changes that wait for it: [0-9]+"
: >"$bed_dir/slow"  # it fails
wait "$adder" || true
ctl session add 02:00:5e:00:53:02 >/dev/null 2>&1 || true
raised store_failing critical 'the store .* cannot be written: disk I/O error'
rm "$bed_dir/slow"
dd if=/dev/zero of="$bed_dir/disk/filler" bs=4k 2>/dev/null || true
for _ in {1..30}; do ctl session revoke 02:00:5e:00:53:03 >/dev/null 2>&1 || true; done
raised audit_failing warning '.*audit.jsonl.*'
rm "$bed_dir/disk/filler"
ctl session revoke 02:00:5e:00:53:03 >/dev/null 2>&1 || true
over store_behind
over store_failing
over audit_failing

step 'what comes too fast'
hold "$gateway_pid" 2
sleep 0.2
flood 20000 10000 arp
raised ring_drops warning '[0-9]+ reports a second of clients seen were dropped'
wait "$holder"
over ring_drops
equal 'all is well again' "$(ctl health)" ok

step 'ports that tell what they missed'
# Of those that need no NIC libpcap's do alone.
gateway_stop
port_devices() { echo --vdev=net_pcap0,iface=access --vdev=net_pcap1,iface=uplink; }
access_port() { echo net_pcap0; }
uplink_port() { echo net_pcap1; }
: >"$bed_dir/events"
gateway_start
follow
hold "$(worker_thread)" 3
sleep 0.2
flood 40000 20000 udp "$(mac_of client)"
wait "$holder"
raised frames_missed warning "[0-9]+ frames a second came to access port $(access_port) of link venue"
over frames_missed

smoke_end
