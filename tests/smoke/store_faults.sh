#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A store that fails a running daemon: a disk that answers with EIO, where adds are refused and where
# they go on in memory; bytes that have flipped and a file that was cut; a clock that is an hour and
# ten years off at boot.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly mac=02:00:5e:00:53:01 other=02:00:5e:00:53:02 third=02:00:5e:00:53:03
readonly faketime=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1

kill_9() {
  kill -KILL "$gateway_pid"
  wait "$gateway_pid" 2>/dev/null || true
  gateway_pid=
}
restart() {
  gateway_stop
  gateway_start
}
is_there() { ctl session get "$1" >/dev/null 2>&1; }
is_well() { ctl health | grep -q '^ok'; }
sessions() { ctl -j stats | jq .sessions.total; }

bed_up
failing_disk=$(find "$gateway_build" -name libfailing-disk.so -print -quit)
[ -n "$failing_disk" ] || die "no libfailing-disk.so in $gateway_build: build first"
install -d -o "$gateway_user" "$bed_dir/disk"
gateway_store=$bed_dir/disk/sessions.db
gateway_env=(LD_PRELOAD="$failing_disk" FAILING_DISK_UNDER="$bed_dir/disk/" FAILING_DISK_IF="$bed_dir/broken")
gateway_up

step 'EIO, and adds are refused'
check 'session add' ctl session add "$mac"
check 'let in' let_in client
touch "$bed_dir/broken"
matches 'an add' "$(ctl session add "$other" 2>&1 || true)" 'cannot be written: disk I/O error.*; nothing was changed'
check_fails 'it is not there' is_there "$other"
matches 'a revoke stands' "$(ctl session revoke "$mac" 2>&1 || true)" 'the revocation stands'
check_fails 'and is in effect' is_there "$mac"
matches 'health tells it' "$(ctl health || true)" 'cannot be written: disk I/O error'
check 'a session passes' client ping -q -c 3 -i 0.01 "$origin4"
rm "$bed_dir/broken"
check 'on the mended disk health is well' wait_until 5 is_well
check 'and an add is made' ctl session add "$other"
kill_9
gateway_start
check_fails 'the revoke is stored' is_there "$mac"
check 'so is the add' is_there "$other"

step 'EIO, and adds go on in memory'
gateway_on_store_failure=memory
restart
touch "$bed_dir/broken"
check 'an add' ctl session add "$third"
check 'a revoke' ctl session revoke "$other"
matches 'health tells it' "$(ctl health || true)" 'cannot be written: disk I/O error'
rm "$bed_dir/broken"
check 'on the mended disk health is well' wait_until 5 is_well
kill_9
gateway_start
check 'what was made in memory is stored' is_there "$third"
check_fails 'the revoke too' is_there "$other"

step 'flipped and cut files'
gateway_env=()
ctl session revoke --all --yes >/dev/null
for ((i = 0; i < 100; i++)); do printf '{"mac":"02:00:5e:01:00:%02x","ttl_s":0,"tag":"room-%d"}\n' "$i" "$i"; done |
  ctl import - >/dev/null
gateway_stop
cp "$gateway_store" "$bed_dir/whole.db"
size=$(stat -c %s "$bed_dir/whole.db")
set_aside=0 whole=0
for fault in flip flip flip flip cut cut; do
  cp "$bed_dir/whole.db" "$gateway_store"
  rm -f "$gateway_store"-*
  at=$((RANDOM * 32768 % size + RANDOM % 1000))
  if [ "$fault" = cut ]; then
    truncate -s "$((at % size))" "$gateway_store"
  else
    /usr/bin/python3 -c 'import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2])); octet = file.read(1)[0]
    file.seek(int(sys.argv[2])); file.write(bytes([octet ^ 1 << int(sys.argv[3])]))' "$gateway_store" "$((at % size))" "$((RANDOM % 8))"
  fi
  gateway_start
  held=$(sessions)
  # A bit may be one of those that mean nothing; then all are there.
  if [ "$held" -eq 0 ] && grep -q 'was damaged' "$bed_dir/gate511.log"; then
    set_aside=$((set_aside + 1))
  elif [ "$held" -eq 100 ]; then
    whole=$((whole + 1))
  else
    failed "$fault at $((at % size)) of $size" "$held sessions: $(<"$bed_dir/gate511.log")"
  fi
  gateway_stop
done
equal "set aside: $set_aside, whole: $whole" "$((set_aside + whole))" 6

step 'a clock that is wrong at boot'
# boot_at OFFSET: as if the wall clock were off by it; the monotonic ones are not.
boot_at() {
  gateway_stop
  gateway_env=()
  [ "$1" = 0 ] || gateway_env=(LD_PRELOAD="$faketime" FAKETIME="$1" FAKETIME_DONT_FAKE_MONOTONIC=1)
  gateway_start
}
rm -f "$gateway_store"*
gateway_start
check 'session add, for an hour' ctl session add "$mac" --ttl 1h
check 'without an end' ctl session add "$other" --ttl 0
check 'for a second' ctl session add "$third" --ttl 1s
is_gone() { ! ctl session get "$1"; }
wait_until 5 is_gone "$third" || true
for offset in -1h -10y; do
  boot_at "$offset"
  matches "$offset: the clock is told of" "$(<"$bed_dir/gate511.log")" 'the clock is [0-9]+ s behind'
  left=$(ctl -j session get "$mac" | jq .session.ttl_s)
  check "$offset: what has an hour has its hour: $left s" test "$left" -gt 3500 -a "$left" -le 3600
  check "$offset: what has no end is there" is_there "$other"
  check_fails "$offset: what has ended is not" is_there "$third"
done
boot_at +10y
check_fails '+10y: what has an end has ended' is_there "$mac"
check '+10y: what has none is there' is_there "$other"
boot_at 0
check_fails 'with the right clock it does not come back' is_there "$mac"
check 'session add, for two seconds' ctl session add "$third" --ttl 2s
check 'it is there' is_there "$third"
sleep 2.5
check_fails 'and ends in time' is_there "$third"

smoke_end
