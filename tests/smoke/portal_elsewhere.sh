#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The reference portal on another machine than the gateway's, over mutual TLS by a cable for management: a guest
# logs in; a certificate without rights, one of another authority and a gateway of another name are told of; and
# guests that come through a NAT log in by their link alone.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/guest_portal.bash
. "${BASH_SOURCE[0]%/*}/lib/guest_portal.bash"

readonly site=https://portal.example
readonly gateway_address=198.51.100.201

# portal_again LINE...: anew, with these lines of [gateway].
portal_again() {
  [ -z "$portal_pid" ] || { kill "$portal_pid" && wait_until 5 process_ended "$portal_pid"; }
  portal_gateway=("$@")
  : >"$bed_dir/portal.log"
  portal_start
}

# over_tls CERTIFICATE [NAME]: the lines of [gateway] for it.
over_tls() {
  printf '%s\n' "tls_connect = \"$gateway_address:9512\"" "tls_cert = \"$bed_dir/tls/$1.pem\"" \
    "tls_key = \"$bed_dir/tls/$1.key\"" "tls_ca = \"$bed_dir/tls/ca.pem\"" "tls_name = \"${2:-gateway.example}\""
}

log_has() {
  if wait_until 3 grep -qE -- "$2" "$bed_dir/portal.log"; then passed "$1"; else failed "$1" "$(<"$bed_dir/portal.log")"; fi
}

log_in() {
  local ticket
  ticket=$(guest_curl -4 "$(link_from 4)" | ticket_of)
  guest_curl -4 -i -d "ticket=$ticket" -d method=terms -d accept=yes "$site/login"
}

bed_up
add_cable gateway m0 net m1
ip -n "$(ns gateway)" address add "$gateway_address/30" dev m0
ip -n "$(ns net)" address add 198.51.100.202/30 dev m1
portal_certificates
signed_by_ca gateway DNS:gateway.example
signed_by_ca stranger DNS:stranger.example
chmod -R go+rX "$bed_dir/tls"
gateway_control=("tls_listen = \"$gateway_address:9512\"" "tls_cert = \"$bed_dir/tls/gateway.pem\""
  "tls_key = \"$bed_dir/tls/gateway.key\"" "tls_ca = \"$bed_dir/tls/ca.pem\""
  'tls_clients = {"portal.example" = "change"}')
gateway_up
mac=$(mac_of client)

step 'A guest logs in'
mapfile -t lines < <(over_tls portal)
portal_again "${lines[@]}"
no_match 'nothing is wrong' "$(<"$bed_dir/portal.log")" '^gate511-portal: gateway:'
matches 'over TLS' "$(log_in)" $'^Location: /welcome\r$'
equal 'the session is there' "$(ctl -j session get "$mac" | jq -r .session.tag)" portal
equal 'and its origin' "$(client curl -s http://origin.example/)" 'This is the origin.'
matches 'logged out' "$(guest_curl -4 -d "ticket=$(guest_curl -4 "$site/status" | ticket_of)" "$site/logout")" 'You are logged out'

step 'The gateway restarts under it'
gateway_stop
gateway_start
client ip neighbour flush all
client ping -c 1 -W 1 "$portal4" >/dev/null || true
wait_until 5 ctl client get "$mac" || true
matches 'and the next guest logs in' "$(log_in)" $'^Location: /welcome\r$'
ctl session revoke "$mac" >/dev/null

step 'Certificates that are not to be trusted'
mapfile -t lines < <(over_tls stranger)
portal_again "${lines[@]}"
log_has 'a name without rights' "^gate511-portal: gateway: $gateway_address:9512: .*; see that gate511 runs.* control.tls_clients"
matches 'a guest is told that it does not answer' "$(guest_curl -4 -i "$site/")" '^HTTP/1.1 503 '
mapfile -t lines < <(over_tls portal other.example)
portal_again "${lines[@]}"
log_has 'a gateway of another name' "^gate511-portal: gateway: $gateway_address:9512: refuses TLS: hostname mismatch"
check_fails 'no session came of it' ctl session get "$mac"

step 'Guests behind a NAT'
mapfile -t lines < <(over_tls portal)
portal_again "${lines[@]}" 'clients = "translated"'
matches 'who has no link is led to where it gets one' "$(guest_curl -4 "$site/")" 'content="1;url=http://198.51.100.1/"'
matches 'who has one logs in by it' "$(log_in)" $'^Location: /welcome\r$'
matches 'and is led back' "$(guest_curl -4 "$site/welcome")" 'content="1;url=http://origin.example/"'
equal 'its session is by the MAC of the link' "$(ctl -j session get "$mac" | jq -r .session.state)" authenticated
equal 'there is no API by address' "$(guest_curl -4 -o /dev/null -w '%{http_code}' "$site/api")" 404
ctl session revoke "$mac" >/dev/null

[ "$checks_failed" -eq 0 ] || cat "$bed_dir/portal.log"
smoke_end
