#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Records of who had which address when: nothing without [records], of guests nothing with it; IPv4,
# IPv6 and temporary addresses of a session; rights; a restart and a kill in the middle of a session;
# a disk that is full; and their age, by a clock that is months ahead.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly faketime=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1

# records SWITCHES...: what the gateway says, as JSON.
records() { ctl -j records "$@"; }
# told FILTER SWITCHES...: what a jq filter makes of it.
told() {
  local filter=$1
  shift
  records "$@" | jq -r "$filter"
}
kill_9() {
  kill -KILL "$gateway_pid"
  wait "$gateway_pid" 2>/dev/null || true
  gateway_pid=
}
# with_records FILE DAYS: from the next start on.
# shellcheck disable=SC2034
with_records() { gateway_sections=("[records]" "file = \"$1\"" "retention_days = $2"); }
# traces TEXT: how often it stands in the file of records and in its log.
traces() { cat "$bed_dir"/records/* | grep -aoF "$1" | wc -l; }
has_address() { [ "$(told "[.records[].addresses[].address] | index(\"$1\") != null" --mac "$mac")" = true ]; }
is_failing() { { ctl health || true; } | grep -q "the records $1 cannot be written"; }
is_well() { ctl health | grep -q '^ok'; }

bed_up
add_client other
mac=$(mac_of client)
other_mac=$(mac_of other)
install -d -m 0700 -o "$gateway_user" "$bed_dir/records"
file=$bed_dir/records/records.db

step 'off, unless it is asked for'
gateway_up
check 'session add' let_in
client ping -q -c 1 "$origin4" >/dev/null
refused=$(ctl records --mac "$mac" 2>&1 || true)
matches 'nothing is there to be asked' "$refused" 'no records are kept; set .records.file.'
equal 'and there is no file' "$(find "$bed_dir/records" -type f | wc -l)" 0
send_away
gateway_stop

step 'a session and its addresses'
with_records "$file" 30
gateway_start
in_ns other ping -q -c 1 -W 1 "$portal4" >/dev/null || true
client ping -q -c 1 -W 1 "$portal6" >/dev/null || true
began=$(date +%s)
check 'session add' ctl session add "$mac" --user alice
check 'IPv4' client ping -q -c 1 "$origin4"
check 'IPv6' client ping -q -c 1 "$origin6"
check 'both are noted' wait_until 5 has_address "$client4"
check 'the IPv6 address too' wait_until 5 has_address "$client6"
client sysctl -q net.ipv6.conf.c0.use_tempaddr=2 net.ipv6.conf.c0.accept_ra=2 net.ipv6.conf.c0.autoconf=1
has_temporary() { client ip -6 addr show dev c0 temporary -tentative | grep -q "$1"; }
client ip addr add 2001:db8::9:1/64 dev c0 mngtmpaddr
check 'a temporary address' wait_until 10 has_temporary 2001:db8
temporary=$(client ip -6 -o addr show dev c0 temporary -tentative | sed -nE 's/.* (2001:db8:[^/]+).*/\1/p' | head -1)
client ping -q -c 1 -I "$temporary" "$origin6" >/dev/null
check "is noted: $temporary" wait_until 5 has_address "$temporary"
client ip addr del "$temporary/64" dev c0
client ip addr del 2001:db8::9:1/64 dev c0
client ip addr add 2001:db8::9:2/64 dev c0 mngtmpaddr
check 'the next one' wait_until 10 has_temporary 2001:db8
second=$(client ip -6 -o addr show dev c0 temporary -tentative | sed -nE 's/.* (2001:db8:[^/]+).*/\1/p' | head -1)
client ping -q -c 1 -I "$second" "$origin6" >/dev/null
check "is noted as well: $second" wait_until 5 has_address "$second"
equal 'who had the first one' "$(told '.records[0].user' --ip "$temporary" --at "$(date +%s)")" alice
equal 'nobody had it before' "$(told '.records | length' --ip "$temporary" --at $((began - 10)))" 0
equal 'of a guest nothing' "$(told '.records | length' --mac "$other_mac")" 0
equal 'nor is there a trace of one' "$(traces "$other_mac")" 0
matches 'for people' "$(ctl records --ip "$client4")" "goes on .*$mac +alice +$client4"

step 'whose business it is'
equal 'mode and owner' "$(stat -c '%a %U' "$file")" "600 $gateway_user"
equal 'of its log, too' "$(stat -c '%a %U' "$file-wal")" "600 $gateway_user"
check_fails 'another user cannot read it' setpriv --reuid nobody --regid nogroup --clear-groups cat "$file"
# A group that may change sessions, as a portal's, may not ask where people were.
chmod 0777 "$bed_dir" && chmod 0666 "$bed_dir/control.sock"
matches 'nor ask' "$(setpriv --reuid nobody --regid nogroup --clear-groups "$(program gate511ctl)" \
  -s "$bed_dir/control.sock" records --mac "$mac" 2>&1 || true)" 'is for root alone'

step 'a restart and a kill in the middle of a session'
gateway_stop
gateway_start
client arping -q -c 1 -w 2 -I c0 "$router4"
check 'it is noted again' has_address "$client4"
sleep 2.5
kill_9
gateway_start
equal 'one record, which goes on' "$(told '.records | map(.ended) | tojson' --mac "$mac")" '[null]'
equal 'from its beginning' "$(told '.records[0].started >= '"$began" --mac "$mac")" true
check 'the addresses are there' has_address "$second"
check 'session revoke' ctl session revoke "$mac"
equal 'its end' "$(told '.records[0].reason' --mac "$mac")" revoked

step 'a disk that is full'
gateway_stop
mkdir "$bed_dir/small"
mount -t tmpfs -o size=256k,mode=0700,uid="$(id -u "$gateway_user")" none "$bed_dir/small"
with_records "$bed_dir/small/records.db" 30
gateway_start
check 'it takes records' ctl records --mac "$mac"
head -c 1M /dev/zero >"$bed_dir/small/filler" 2>/dev/null || true
check 'session add' ctl session add "$mac" --user bob
check 'health tells it' wait_until 5 is_failing "$bed_dir/small/records.db"
matches 'and the log, once' "$(grep -c 'alarm: records_failing: the records .* cannot be written' "$bed_dir/gate511.log")" '^1$'
began_ms=$(now_ms)
check 'sessions are added all the same' ctl session add "$other_mac"
check "in $(($(now_ms) - began_ms)) ms" test $(($(now_ms) - began_ms)) -lt 500
check 'and pass' client ping -q -c 3 -i 0.01 "$origin4"
rm "$bed_dir/small/filler"
check 'when there is room health is well' wait_until 5 is_well
equal 'and nothing is missing' "$(told '.records[0].user' --mac "$mac")" bob
ctl session revoke --all --yes >/dev/null
gateway_stop
umount "$bed_dir/small"

step 'their age'
with_records "$file" 30
traces_before=$(traces "$mac")
check "there are traces of it: $traces_before" test "$traces_before" -gt 0
gateway_env=(LD_PRELOAD="$faketime" FAKETIME=+29d FAKETIME_DONT_FAKE_MONOTONIC=1)
gateway_start
equal 'after 29 days it is there' "$(told '.records | length' --mac "$mac")" 1
gateway_stop
gateway_env=(LD_PRELOAD="$faketime" FAKETIME=+31d FAKETIME_DONT_FAKE_MONOTONIC=1)
gateway_start
is_gone() { [ "$(told '.records | length' --mac "$mac")" = 0 ]; }
check 'after 31 days it is not' wait_until 5 is_gone
for trace in "$mac" alice "$client4" "$temporary" "$second"; do
  equal "no byte of $trace is left" "$(traces "$trace")" 0
done
gateway_stop
gateway_env=()
gateway_start

smoke_end
