#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Guests who log in at the portal as users of a real FreeRADIUS, by PAP and by CHAP: the terms that it
# gives hold, the session is accounted for and can be disconnected, and where nobody answers the page
# says so and opens nothing.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/guest_portal.bash
. "${BASH_SOURCE[0]%/*}/lib/guest_portal.bash"
# shellcheck source=tests/smoke/lib/radius.bash
. "${BASH_SOURCE[0]%/*}/lib/radius.bash"

readonly site=https://portal.example password='a long password'

# log_in USER PASSWORD: from a fresh link to the answer, with its fields.
log_in() {
  local ticket
  ticket=$(guest_curl -4 "$(link_from 4)" | ticket_of)
  guest_curl -4 -i -d "ticket=$ticket" -d method=password --data-urlencode "user=$1" \
    --data-urlencode "password=$2" "$site/login"
}
log_out() {
  local ticket
  ticket=$(guest_curl -4 "$site/status" | ticket_of)
  guest_curl -4 -o /dev/null -d "ticket=$ticket" "$site/logout"
}
has_session() { ctl session get "$(mac_of client)"; }
no_session() { check_fails "$1: no session" has_session; }
record() { awk -v RS= -v status="Acct-Status-Type = $1\n" 'index($0, status)' "$bed_dir/one/detail" 2>/dev/null; }
has_record() { record "$1" | grep -q "$2"; }

bed_up
gateway_up
mac=$(mac_of client)
portal_methods='"password"'
portal_login=()
portal_more=('[radius]' "socket = \"$bed_dir/radius/radius.sock\"")
radius_users=("ann  Cleartext-Password := \"$password\"
	Session-Timeout = 1800,
	Idle-Timeout = 600,
	WISPr-Bandwidth-Max-Down = 20000000,
	Class = 0x6f6e65"
  "02-00-5E-00-53-99  Cleartext-Password := \"02-00-5E-00-53-99\"")
radius_mac=('enabled = false')
radius_more=('[coa]' 'listen = "127.0.0.1:3799"' '[[coa_client]]' 'address = "127.0.0.1"'
  "secret_file = \"$bed_dir/radius.secret\"")
freeradius_start one 127.0.0.1
one=$background_pid
radius_start
portal_up

step 'By user and password'
matches 'logs in' "$(log_in ann "$password")" $'^Location: /welcome\r$'
session=$(ctl -j session get "$mac" | jq -c .session)
equal 'by the terms of the server' "$(jq -c '[.user, .tag, .idle_s, .rate_up_bps, .rate_down_bps]' <<<"$session")" \
  '["ann","portal",600,0,20000000]'
check 'and its end' jq -e '.ttl_s > 1700 and .ttl_s <= 1800' <<<"$session"
check 'it was asked by PAP' grep -q "Login OK: \[ann\]" "$bed_dir/one.log"
check 'it is accounted for' wait_until 5 has_record Start 'User-Name = "ann"'
check 'with its Class' has_record Start 'Class = 0x6f6e65'
log_out
no_session 'logged out'
check 'until it logs out' wait_until 5 has_record Stop 'User-Name = "ann"'

step 'What is wrong'
matches 'another password' "$(log_in ann 'a wrong password')" 'User name or password is wrong'
matches 'another user' "$(log_in bob "$password")" 'User name or password is wrong'
matches 'no password' "$(log_in ann '')" 'User name or password is wrong'
matches 'one that is too long' "$(log_in ann "$(printf 'x%.0s' {1..200})")" 'User name or password is wrong'
matches 'the MAC of somebody who is let in by it' "$(log_in 02-00-5E-00-53-99 02-00-5E-00-53-99)" \
  'User name or password is wrong'
no_session 'wrong passwords'
check_fails 'MACs are no users: the server was not asked' grep -q 02-00-5E-00-53-99 "$bed_dir/one.log"
equal 'the server was asked for two, three were refused' "$(radius_number .login.rejected)" 3

step 'By CHAP'
radius_stop
radius_more+=('[login]' 'method = "chap"')
radius_start
matches 'logs in' "$(log_in ann "$password")" $'^Location: /welcome\r$'
log_out
matches 'not by another password' "$(log_in ann 'a wrong password')" 'User name or password is wrong'
no_session 'a wrong password by CHAP'
equal 'twice' "$(radius_number '[.login.accepted, .login.rejected]' | jq -c .)" '[1,1]'

step 'Within what the unit allows, its socket given to a group'
radius_stop
radius_group=$(id -gn "$radius_user")
radius_run=(/usr/bin/python3 "$smoke_lib/within_unit.py" "$smoke_root/scripts/systemd/gate511-radius.service" --)
radius_start
equal 'it keeps no capability' "$(sed -nE 's/^Cap(Prm|Eff|Bnd|Amb):[[:space:]]*//p' "/proc/$radius_pid/status" | sort -u | head -n 1)" 0000000000000000
equal 'the group has the socket' "$(stat -c %G "$bed_dir/radius/radius.sock")" "$radius_group"

step 'A Disconnect'
matches 'logs in' "$(log_in ann "$password")" $'^Location: /welcome\r$'
check 'is followed' wait_until 5 radius_has .accounting.sessions 1
sleep 1 # what is dated as the program's start is may be of before it
printf '%s\n' 'User-Name = "ann"' "Event-Timestamp = $(date +%s)" 'Message-Authenticator = 0x00' |
  net radclient -x -r 1 -t 2 127.0.0.1:3799 disconnect "$radius_secret" >"$bed_dir/said" 2>&1 || true
matches 'is acknowledged' "$(<"$bed_dir/said")" '^Received Disconnect-ACK'
no_session 'disconnected'
equal 'the client gets 511' "$(client curl -s -o /dev/null -m 2 -w '%{http_code}' "http://$origin4/")" 511

step 'Nobody answers'
end_process "$one"
answer=$(log_in ann "$password")
matches 'a server that is silent: the page says that there is trouble' "$answer" '^HTTP/1.1 503 '
no_session 'no server'
radius_stop
matches 'nor gate511-radius' "$(log_in ann "$password")" '^HTTP/1.1 503 '
check 'the operator is told' grep -qE '^gate511-portal: radius: .*radius.sock: .*; see that gate511-radius runs, and that its servers answer$' "$bed_dir/portal.log"
no_session 'no gate511-radius'

smoke_end
