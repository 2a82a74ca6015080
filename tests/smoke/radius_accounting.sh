#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Accounting to a real FreeRADIUS: Start, Interim and Stop, octets that are those of the wire, and no
# Stop lost or told twice where the server is away for a minute, gate511-radius is killed, or both.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/radius.bash
. "${BASH_SOURCE[0]%/*}/lib/radius.bash"

readonly away_s=60

# ip_bytes DIRECTION: that the client's end of the cable has counted, without Ethernet's headers.
ip_bytes() {
  local at=/sys/class/net/c0/statistics bytes packets
  bytes=$(client cat "$at/$1_bytes")
  packets=$(client cat "$at/$1_packets")
  echo $((bytes - 14 * packets))
}

# within_one_percent NAME GOT WANT
within_one_percent() {
  check "$1: $2 of $3 bytes" jq -en "($2 - $3 | fabs) <= $3 / 100"
}

bed_up
for name in a b c; do add_client "$name"; done
gateway_up
radius_users=("$(dashed client)  Cleartext-Password := \"$(dashed client)\"
	User-Name = room-12,
	Class = 0x6f6e65")
for name in a b c; do
  radius_users+=("$(dashed "$name")  Cleartext-Password := \"$(dashed "$name")\"")
done
freeradius_start one 127.0.0.1
one=$background_pid
radius_start

step 'Start, Interim, Stop'
speaks client
check 'a session' wait_until 5 has_session client
id=$(acct_id client)
check 'its Start' wait_until 5 has_records 1 Start "$id"
start=$(records Start "$id")
equal 'with the name that the server gave' "$(field User-Name <<<"$start")" room-12
equal 'its Class' "$(field Class <<<"$start")" 0x6f6e65
equal 'the MAC' "$(field Calling-Station-Id <<<"$start")" "$(dashed client)"
equal 'and the port' "$(field NAS-Port-Id <<<"$start")" venue
down=$(ip_bytes rx)
up=$(ip_bytes tx)
net iperf3 -s -1 -B "$origin4" >"$bed_dir/iperf3.log" 2>&1 &
wait_until 5 net sh -c "ss -Hltn 'sport = 5201' | grep -q ." || die 'iperf3 does not listen'
client iperf3 -c "$origin4" -t 3 -b 50M -J -R >"$bed_dir/iperf.json"
check 'an Interim' wait_until 6 has_records 1 Interim-Update "$id"
check 'and the next' wait_until 6 has_records 2 Interim-Update "$id"
matches 'with its octets' "$(records Interim-Update "$id" | tail -n 1 | field Acct-Output-Octets)" '^[0-9]{7,}$'
ctl session revoke "$(mac_of client)" >/dev/null
down=$(($(ip_bytes rx) - down))
up=$(($(ip_bytes tx) - up))
check 'its Stop' wait_until 5 has_records 1 Stop "$id"
stop=$(records Stop "$id")
within_one_percent 'octets to the client' "$(field Acct-Output-Octets <<<"$stop")" "$down"
within_one_percent 'octets from the client' "$(field Acct-Input-Octets <<<"$stop")" "$up"
equal 'its cause' "$(field Acct-Terminate-Cause <<<"$stop")" Admin-Reset
equal 'its Class' "$(field Class <<<"$stop")" 0x6f6e65
check "it took a time: $(field Acct-Session-Time <<<"$stop") s" test "$(field Acct-Session-Time <<<"$stop")" -ge 3
check 'nothing waits' wait_until 5 radius_number '.accounting.spooled == 0 and .accounting.delivered >= 4'

step "The server is away for $away_s s"
declare -A ids
for name in a b c; do
  speaks "$name"
  check "$name: a session" wait_until 5 has_session "$name"
  ids[$name]=$(acct_id "$name")
  check "$name: its Start" wait_until 5 has_records 1 Start "${ids[$name]}"
done
end_process "$one"
since=$SECONDS
check 'one ends' ctl session revoke "$(mac_of a)"
check 'its Stop is kept' wait_until 5 radius_has .accounting.stops 2
sleep 1
radius_says 'the operator is told' '^gate511-radius: accounting: no server answers; [0-9]+ records wait in .*spool.db; see to \[\[server\]\]$'
step 'It is killed meanwhile'
kill -KILL "$radius_pid"
wait_until 5 process_ended "$radius_pid"
check 'one ends that it cannot hear of' ctl session revoke "$(mac_of b)"
radius_start
check 'it goes on where it was' wait_until 10 radius_has .accounting.spooled 2
check 'one more ends' ctl session revoke "$(mac_of c)"
check 'all three are kept' wait_until 5 radius_has .accounting.spooled 3
while [ $((SECONDS - since)) -lt "$away_s" ]; do sleep 1; done
kill -KILL "$radius_pid"
wait_until 5 process_ended "$radius_pid"
radius_start
freeradius_start two 127.0.0.1
for name in a b c; do
  check "$name: its Stop comes" wait_until 15 has_records 1 Stop "${ids[$name]}"
done
check 'nothing waits any more' wait_until 15 radius_number '.accounting.spooled == 0'
for name in a b c; do
  equal "$name: once" "$(records Stop "${ids[$name]}" | wc -l)" 1
done
delay=$(records Stop "${ids[a]}" | field Acct-Delay-Time)
check "it tells how late it is: $delay s" test "$delay" -ge $((away_s - 10))
radius_stop

smoke_end
