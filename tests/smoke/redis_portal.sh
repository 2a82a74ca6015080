#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two gateways that share their sessions by a Redis, and one portal, which speaks with the first. A guest of the second
# logs in by the link that it got there, and its session holds at both.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/several.bash
. "${BASH_SOURCE[0]%/*}/lib/several.bash"
# shellcheck source=tests/smoke/lib/guest_portal.bash
. "${BASH_SOURCE[0]%/*}/lib/guest_portal.bash"

readonly mac=$several_mac
readonly site=https://portal.example

# portal_page ARGUMENT...: what the guest gets there.
portal_page() { guest_curl -4 --resolve "portal.example:443:$portal4" "$@"; }

# octet LINK N: that octet of its token.
octet() {
  local token=${1#*t=}
  token=${token%%&*}=
  tr -- '-_' '+/' <<<"$token" | base64 -d | od -An -tu1 -j "$2" -N 1 | tr -d ' '
}

several_up 2
gateway_capacity=4096
portal_ns=net2 guest_ns=client2 portal_socket=$bed_dir/1/control.sock
ip -n "$(ns net2)" address add "$portal4/24" dev n0
ip -n "$(ns net2)" address add "$portal6/64" dev n0 nodad
start_all
portal_up

step 'a guest of the second gateway'
# Another client has the same address at the gateway that the portal asks.
ip -n "$(ns client1)" link set c0 address 02:00:5e:00:53:77
known_at_1() { passes 1 >/dev/null 2>&1 || true; on 1 ctl -j client get "$client4" 2>/dev/null | grep -q '02:00:5e:00:53:77'; }
check 'the first gateway knows its address as that of another client' wait_until 10 known_at_1
link=$(link_from 4 "http://$origin4/")
equal 'its link is of version 2' "$(octet "$link" 0)" 2
equal 'and says whose it is' "$(octet "$link" 30)" 2
ticket=$(portal_page "$link" | ticket_of)
matches 'it logs in' "$(portal_page -i -d "ticket=$ticket" -d method=terms -d accept=yes "$site/login")" $'^Location: /welcome\r$'
check 'its session is at both' wait_until 2 all_have "$mac"
equal 'added by the gateway that the portal asks' "$(($(field 2 "$mac" id) >> 45))" 1
check 'it passes at the second' passes 2
check_fails 'the other client does not pass at the first' passes 1

step 'and at the first'
ip -n "$(ns client1)" link set c0 address "$mac"
check 'it passes there' wait_until 5 passes 1

step 'a link of a key that the portal has not'
forged=${link/t=Ag/t=AQ}
no_match 'logs nobody in' "$(portal_page "$forged")" 'name="ticket"'

several_end
