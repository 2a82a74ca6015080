#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What gate511-radius finds of sessions when it comes back: more than a page of the gateway's, one that
# has moved meanwhile; and a spool that is full, where Starts give way and no Stop does.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/radius.bash
. "${BASH_SOURCE[0]%/*}/lib/radius.bash"

readonly sessions=600 page=500 room=1000

mac_number() { printf '02:00:5e:00:%02x:%02x' $((0x60 + $1 / 256)) $(($1 % 256)); }
# stations STATUS: the MACs of such records, a line each.
stations() {
  awk -v RS= -v status="Acct-Status-Type = $1\n" 'index($0, status)' "$bed_dir"/*/detail 2>/dev/null |
    sed -nE 's/.*Calling-Station-Id = "(.*)"/\1/p'
}
has_station() { stations "$1" | grep -q "$2"; }

bed_up
gateway_capacity=4096
gateway_up
freeradius_start one 127.0.0.1
one=$background_pid
radius_mac=('enabled = false')
radius_spool_max=$room
radius_start

step 'One that moves while it is away'
moved=$(mac_number 0)
ctl session add "$moved" --ttl 1h --tag radius >/dev/null
check 'an Interim' wait_until 6 has_station Interim-Update 02-00-5E-00-60-00
kill -KILL "$radius_pid"
wait_until 5 process_ended "$radius_pid"
ctl session move "$moved" --to-mac 02:00:5e:00:77:77 >/dev/null
radius_start
check 'its Interims go on, by the MAC that it has now' wait_until 6 has_station Interim-Update 02-00-5E-00-77-77
equal 'it has not begun again' "$(stations Start)" 02-00-5E-00-60-00
kill -KILL "$radius_pid"
wait_until 5 process_ended "$radius_pid"
radius_start
check 'over another restart' wait_until 5 radius_number '.accounting.sessions == 1'
ctl session revoke 02:00:5e:00:77:77 >/dev/null
check 'to its Stop' wait_until 5 has_station Stop 02-00-5E-00-77-77

step "$sessions sessions begin while it is away"
radius_stop
end_process "$one"
for ((i = 1; i <= sessions; i++)); do
  printf '{"jsonrpc":"2.0","id":%d,"method":"session.add","params":{"mac":"%s","ttl_s":3600,"tag":"radius"}}\n' "$i" "$(mac_number "$i")"
done | socat -t 5 - "UNIX-CONNECT:$bed_dir/control.sock" >"$bed_dir/added"
equal 'they are there' "$(grep -c '"result"' "$bed_dir/added")" "$sessions"
radius_interim_s=0
radius_start
check "all have Starts, not the first $page alone" wait_until 10 radius_number ".accounting.starts == $sessions"

step 'More records than there is room for'
ctl session revoke --tag radius --yes >/dev/null
check 'all have Stops' wait_until 10 radius_number ".accounting.stops == $sessions"
check 'no more than there is room for wait' radius_number ".accounting.spooled <= $room"
check 'Starts gave way' radius_number ".accounting.dropped.starts >= $((2 * sessions - room))"
check 'no Stop did' radius_number '.accounting.dropped.stops == 0'
radius_says 'the operator is told early' "^gate511-radius: accounting: .*/spool.db holds [0-9]+ records of $room that it may: past that the oldest Interims are dropped, then Starts, then Stops; see to \[\[server\]\], or raise \`accounting.spool_max\`$"
radius_says 'and when it is full' '^gate511-radius: accounting: .*/spool.db is full: 0 Interims, [0-9]+ Starts and 0 Stops were dropped so far; see to \[\[server\]\]$'
freeradius_start two 127.0.0.1
check 'what waits is sent' wait_until 15 radius_number '.accounting.spooled == 0'
equal 'each has its Stop' "$(stations Stop | grep -c '5E-00-6')" "$sessions"
equal 'once' "$(stations Stop | sort | uniq -d | wc -l)" 0
radius_stop

smoke_end
