#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Changes that a server asks for (RFC 5176), by FreeRADIUS's radclient: a Disconnect after which the
# client gets 511 at once, a CoA that changes a rate in flight, and what is refused: strangers, wrong
# secrets, what is old, comes twice, or names nobody.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/radius.bash
. "${BASH_SOURCE[0]%/*}/lib/radius.bash"

readonly rate=20000000 less=5000000

id_of() { ctl -j session get "$(mac_of "$1")" | jq .session.id; }
status_of() { client curl -s -o /dev/null -m 2 -w '%{http_code}' "http://$origin4/"; }

# asks disconnect|coa ATTRIBUTE...: by radclient, signed, sealed and of now; its answer.
asks() {
  local kind=$1
  shift
  printf '%s\n' "$@" "Event-Timestamp = $(date +%s)" 'Message-Authenticator = 0x00' |
    net radclient -x -r 1 -t 2 127.0.0.1:3799 "$kind" "$radius_secret" 2>&1
}
# answers NAME ANSWER PATTERN
refused() { matches "$1" "$2" "Error-Cause = $3"; }
counts() { check "$1" wait_until 3 radius_has ".coa.$2" "$3"; }

bed_up
gateway_up
radius_users=("$(dashed client)  Cleartext-Password := \"$(dashed client)\"
	User-Name = room-12,
	Session-Timeout = 1800,
	WISPr-Bandwidth-Max-Down = $rate")
radius_mac=('in_flight = 100')
radius_more=('[coa]' 'listen = "127.0.0.1:3799"' '[[coa_client]]' 'address = "127.0.0.1"'
  "secret_file = \"$bed_dir/radius.secret\"")
freeradius_start one 127.0.0.1
radius_start
speaks client
check 'a session' wait_until 5 has_session client
id=$(id_of client)
named=$(acct_id client)
check 'is followed' wait_until 5 radius_has .accounting.starts 1
equal 'its client reaches the origin' "$(status_of)" 200

step 'A CoA changes the rate in flight'
net iperf3 -s -1 -B "$origin4" >"$bed_dir/iperf3.log" 2>&1 &
wait_until 5 net sh -c "ss -Hltn 'sport = 5201' | grep -q ." || die 'iperf3 does not listen'
client iperf3 -c "$origin4" -t 8 -i 1 -J -R -u -b "$((2 * rate))" -l 1400 >"$bed_dir/iperf.json" &
iperf=$!
sleep 4
matches 'it is acknowledged' "$(asks coa "Acct-Session-Id = \"$named\"" "WISPr-Bandwidth-Max-Down = $less")" '^Received CoA-ACK'
wait "$iperf"
# rate_of FROM TO: of these seconds, in bits of IP.
rate_of() {
  jq "[.intervals[$1:$2][].sum.bits_per_second] | add / length * 1428 / 1400 | round" "$bed_dir/iperf.json"
}
before=$(rate_of 1 3)
after=$(rate_of 6 8)
check "before: $before" test "$before" -gt $((rate * 90 / 100)) -a "$before" -lt $((rate * 110 / 100))
check "after: $after" test "$after" -gt $((less * 90 / 100)) -a "$after" -lt $((less * 110 / 100))
equal 'nothing else of it has changed' "$(ctl -j session get "$(mac_of client)" | jq -c '.session | [.id, .user, .rate_up_bps, .rate_down_bps]')" \
  "[$id,\"room-12\",0,$less]"

step 'A CoA extends it'
matches 'found by its MAC and its user' "$(asks coa "Calling-Station-Id = \"$(dashed client)\"" 'User-Name = "room-12"' 'Session-Timeout = 7200')" '^Received CoA-ACK'
check 'to two hours' jq -e '.session.ttl_s > 7000' <(ctl -j session get "$(mac_of client)")

step 'What is refused, and why'
refused 'no such session' "$(asks disconnect 'Acct-Session-Id = "1-77777"')" Session-Context-Not-Found
refused 'one that had this number before' "$(asks disconnect "Acct-Session-Id = \"1-$id\"")" Session-Context-Not-Found
refused 'what is no name of a session' "$(asks disconnect "Acct-Session-Id = \"$id\"")" Session-Context-Not-Found
refused "another's user" "$(asks disconnect "Acct-Session-Id = \"$named\"" 'User-Name = "ann"')" Session-Context-Not-Found
refused 'nobody named' "$(asks disconnect 'NAS-Identifier = "venue-1"')" Missing-Attribute
refused 'another gateway' "$(asks disconnect "Acct-Session-Id = \"$named\"" 'NAS-Identifier = "venue-2"')" NAS-Identification-Mismatch
refused 'another address' "$(asks disconnect "Acct-Session-Id = \"$named\"" 'NAS-IP-Address = 192.0.2.99')" NAS-Identification-Mismatch
refused 'another port' "$(asks disconnect "Acct-Session-Id = \"$named\"" 'NAS-Port-Id = "office"')" Session-Context-Not-Found
refused 'no time' "$(asks coa "Acct-Session-Id = \"$named\"" 'Session-Timeout = 0')" Invalid-Attribute-Value
refused 'nothing to change' "$(asks coa "Acct-Session-Id = \"$named\"")" Missing-Attribute
refused 'what it does not know' "$(asks coa "Acct-Session-Id = \"$named\"" 'Filter-Id = "x"')" Unsupported-Attribute
refused 'a service' "$(asks coa "Acct-Session-Id = \"$named\"" 'Service-Type = Authorize-Only')" Unsupported-Service
refused 'no MAC' "$(asks disconnect 'Calling-Station-Id = "x"')" Invalid-Attribute-Value
equal 'all of it leaves the session alone' "$(id_of client)" "$id"

step 'What is not believed'
# by SECRET LINE...: a Disconnect of the session as it stands there, from an address of loopback.
by() {
  local secret=$1
  shift
  printf '%s\n' "Acct-Session-Id = \"$named\"" "$@" | net radclient -x -r 1 -t 1 127.0.0.1:3799 disconnect "$secret" 2>&1 || true
}
now="Event-Timestamp = $(date +%s)"
sealed='Message-Authenticator = 0x00'
matches 'another secret: no answer' "$(by another-secret-of-the-bed "$now" "$sealed")" 'No reply'
counts 'is counted' bad_authenticator 1
radius_says 'and told of' '^gate511-radius: coa: a packet from 127.0.0.1 is not believed: it is not signed with the secret; see that both have the same$'
matches 'no Message-Authenticator: no answer' "$(by "$radius_secret" "$now")" 'No reply'
counts 'is counted' unsealed 1
matches 'an hour old: no answer' "$(by "$radius_secret" "Event-Timestamp = $(($(date +%s) - 3600))" "$sealed")" 'No reply'
counts 'is counted' old 1
matches 'of no time: no answer' "$(by "$radius_secret" "$sealed")" 'No reply'
counts 'is counted' old 2
matches 'a stranger: no answer' "$(by "$radius_secret" "$now" "$sealed" 'Packet-Src-IP-Address = 127.0.0.9')" 'No reply'
counts 'is counted' strangers 1
radius_says 'and told of' '^gate511-radius: coa: a packet from 127.0.0.9 is not believed: it is of no \[\[coa_client\]\]$'
equal 'the session is there still' "$(id_of client)" "$id"

step 'A Disconnect'
net tcpdump -i lo -U -w "$bed_dir/coa.pcap" 'udp dst port 3799' 2>"$bed_dir/tcpdump.log" &
tcpdump=$!
wait_until 5 grep -q 'listening on' "$bed_dir/tcpdump.log" || die 'tcpdump does not listen'
since=$(now_ms)
# By its MAC, which the session has that comes after it.
matches 'it is acknowledged' "$(asks disconnect "Calling-Station-Id = \"$(dashed client)\"" "NAS-Port-Id = \"venue\"")" '^Received Disconnect-ACK'
equal 'the client gets 511' "$(status_of)" 511
within_ms 'within a second' 1000 "$since"
speaks client
sleep 1
check_fails 'and is not let in again at once' has_session client
check 'its Stop was sent' wait_until 5 radius_number '.accounting.stops == 1 and .accounting.spooled == 0'
ctl session add "$(mac_of client)" --ttl 1h --tag radius >/dev/null
check 'the next session is followed' wait_until 5 radius_has .accounting.starts 2
kill "$tcpdump"
wait "$tcpdump" 2>/dev/null || true
acks=$(radius_number .coa.acks)
payload=$(tshark -r "$bed_dir/coa.pcap" -T fields -e udp.payload 2>/dev/null | head -n 1)
check 'what was recorded of it' test -n "$payload"
send_again() {
  net /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(bytes.fromhex(sys.argv[1]), ("127.0.0.1", 3799))' "$payload"
}
for _ in 1 2 3; do send_again; done
counts 'and is sent again is answered as before' repeated 3
equal 'and done once' "$(radius_number .coa.acks)" "$acks"
check 'so the session that is there now stays' has_session client
radius_stop
radius_start
check 'and after a restart' wait_until 5 radius_has .accounting.sessions 1
send_again
counts 'it is not of now' old 1
radius_says 'which is told of' '^gate511-radius: coa: a packet from 127.0.0.1 is not believed: it is of a time before this program was started$'
check 'and the session stays' has_session client
radius_stop

step 'On an address that comes later'
radius_more=("${radius_more[@]/127.0.0.1:3799/203.0.113.251:3799}")
radius_start
radius_says 'it is told of' '^gate511-radius: coa: 203.0.113.251 is no address of this machine; changes are taken as soon as it is, see to coa.listen$'
ip -n "$(ns net)" address add 203.0.113.251/32 dev lo
matches 'then it is answered there' "$(printf '%s\n' 'Acct-Session-Id = "1-1"' 'NAS-IP-Address = 203.0.113.251' "Event-Timestamp = $(($(date +%s) + 2))" \
  'Message-Authenticator = 0x00' 'Packet-Src-IP-Address = 127.0.0.1' | net radclient -x -r 1 -t 2 203.0.113.251:3799 disconnect "$radius_secret" 2>&1 || true)" \
  'Error-Cause = Session-Context-Not-Found'
radius_stop

smoke_end
