#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The store: sessions, counters and ends over a restart; a disk that is full; a file that is damaged.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly mac=02:00:5e:00:53:01 other=02:00:5e:00:53:02 third=02:00:5e:00:53:03

restart() {
  gateway_stop
  gateway_start
}

kill_9() {
  kill -KILL "$gateway_pid"
  wait "$gateway_pid" 2>/dev/null || true
  gateway_pid=
}

session_of() { ctl -j session get "$1" | jq -e .session; }

bed_up
# A disk of its own, which can be filled.
mkdir "$bed_dir/disk"
mount -t tmpfs -o "size=4m,mode=0700,uid=$(id -u "$gateway_user")" gate511 "$bed_dir/disk"
trap 'umount "$bed_dir/disk" 2>/dev/null; bed_down' EXIT
gateway_store=$bed_dir/disk/sessions.db
gateway_up

step 'over a restart'
check 'session add' ctl session add "$mac" --ttl 1h --tag room-12 --user ann
check 'session add, without an end' ctl session add "$other" --ttl 0 --state blocked
check 'session add, a second long' ctl session add "$third" --ttl 1s
check 'let in' let_in client
client ping -q -c 20 -i 0.01 "$origin4" >/dev/null
before=$(session_of "$mac" | jq -c '[.id, .tag, .user, .created_at, .expires_at]')
sent=$(session_of "$(mac_of client)" | jq .packets_up)
sleep 1.2
since=$(now_ms)
restart
printf '    stop and start: %d ms\n' $(($(now_ms) - since))
equal 'a session is as it was' "$(session_of "$mac" | jq -c '[.id, .tag, .user, .created_at, .expires_at]')" "$before"
equal 'one without an end too' "$(session_of "$other" | jq -c '[.state, .ttl_s]')" '["blocked",0]'
check_fails 'one that has ended is not back' session_of "$third"
check 'what was counted is kept' test "$(session_of "$(mac_of client)" | jq .packets_up)" -ge "$sent"
check 'the session passes' client ping -q -c 3 -i 0.01 "$origin4"
check 'revoke' ctl session revoke "$mac"
kill_9
gateway_start
check_fails 'a revoke survives kill -9' session_of "$mac"
check 'a session too' client ping -q -c 3 -i 0.01 "$origin4"

step 'ends for a consumer'
timeout 5 "$(program gate511ctl)" -s "$bed_dir/control.sock" events follow --consumer billing --count 1 >/dev/null 2>&1 &
follower=$!
sleep 0.5
ctl session add "$mac" >/dev/null
wait "$follower" || true
ctl session revoke "$mac" >/dev/null
kill_9
gateway_start
ends=$(timeout 5 "$(program gate511ctl)" -s "$bed_dir/control.sock" -j events follow --consumer billing --types session.ended --count 1 || true)
matches 'the end comes after the restart' "$ends" "$mac.*session.ended"

step 'a full disk'
check 'session add' ctl session add "$mac"
dd if=/dev/zero of="$bed_dir/disk/filler" bs=4k 2>/dev/null || true
for i in {1..400}; do
  answer=$(ctl session add "02:00:5e:01:$(printf '%02x:%02x' $((i / 256)) $((i % 256)))" \
    --user "$(head -c 30 /dev/urandom | base64 -w 0)" 2>&1) || break
done
matches 'an add is refused' "$answer" 'cannot be written: .*full.*; nothing was changed'
refused_mac=02:00:5e:01:$(printf '%02x:%02x' $((i / 256)) $((i % 256)))
check_fails 'and is not there' session_of "$refused_mac"
matches 'health tells it' "$(ctl health || true)" 'cannot be written'
answer=$(ctl session revoke "$mac" 2>&1 || true)
matches 'a revoke stands' "$answer" 'the revocation stands'
check_fails 'and is in effect' session_of "$mac"
check 'a session passes' client ping -q -c 3 -i 0.01 "$origin4"
rm "$bed_dir/disk/filler"
check 'with room again health is well' wait_until 5 eval 'ctl health | grep -q "^ok"'
check 'and a session is added' ctl session add "$refused_mac"
kill_9
gateway_start
check_fails 'the revoke was stored at last' session_of "$mac"
check 'the session too' session_of "$refused_mac"

step 'another key'
gateway_stop
gateway_key='mac+vlan'
write_config
refused=$(timeout 20 ip netns exec "$(ns gateway)" "$(program gate511)" --config "$bed_dir/gate511.toml" 2>&1 >/dev/null || true)
matches 'sessions of another key are refused, with what to do' "$refused" \
  '^gate511: .*gate511.toml:[0-9]+: the store holds sessions \([0-9]+\) that are known by "mac", and .sessions.key. is "mac\+vlan"; set it to "mac" again and start, .* give each line the .vlan.'
gateway_key=mac
gateway_start
check 'under its own key the session is there' session_of "$refused_mac"

step 'a damaged file'
gateway_stop
printf 'This is no database, and was none.%.0s' {1..200} >"$bed_dir/disk/sessions.db"
rm -f "$bed_dir/disk/sessions.db-wal"
gateway_start
matches 'a damaged one is set aside, loudly' "$(<"$bed_dir/gate511.log")" 'was damaged .*sessions.db.damaged-[0-9]+; no session'
matches 'health tells it' "$(ctl health || true)" 'was damaged'
equal 'it is kept' "$(find "$bed_dir/disk" -name 'sessions.db.damaged-*' | wc -l)" 1
equal 'no session was invented' "$(ctl -j stats | jq .sessions.total)" 0
check 'and the gateway works' let_in client
check 'the session passes' client ping -q -c 3 -i 0.01 "$origin4"

smoke_end
