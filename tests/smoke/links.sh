#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two links, and the same MAC on both: with `sessions.key = "mac+vlan+link"` it has a session on one
# and is a guest on the other. So it is after a restart, and it can be moved.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# The client of the second link, `annex`, has the MAC of that of the first, `venue`.
readonly twin4=203.0.113.100 router_of_twin4=203.0.113.1
bed_up
add_namespace twin
add_cable twin c0 gateway access2
add_cable net n1 gateway uplink2
as_port access2
as_port uplink2
ip -n "$(ns twin)" link set c0 address "$(mac_of client)"
ip -n "$(ns twin)" address add "$twin4/24" dev c0
ip -n "$(ns twin)" route add default via "$router_of_twin4"
ip -n "$(ns net)" address add "$router_of_twin4/24" dev n1
two_links
gateway_key='mac+vlan+link'

# status NAMESPACE: of the origin's page, or of the gateway's.
status() { in_ns "$1" curl -s -m 5 -o /dev/null -w '%{http_code}' "http://$origin4/"; }
session() { ctl "$@" --link "${link:?}"; }

gateway_up
mac=$(mac_of client)

step 'guests on both links'
equal 'on venue' "$(status client)" 511
equal 'on annex' "$(status twin)" 511

step 'a session on annex'
matches 'a link must be named' "$(ctl session add "$mac" --ttl 1h 2>&1 || true)" \
  '.link. is missing, which a session.s key has here; give one of venue, annex'
link=annex
check 'session add' session session add "$mac" --ttl 1h --tag room-12
equal 'annex: passes' "$(status twin)" 200
equal 'venue: still a guest' "$(status client)" 511
matches 'session list shows the link' "$(ctl session list)" "$mac +0 +annex +authenticated"
equal 'client.get on venue' "$(ctl -j client get "$mac" --link venue | jq -r .client.state)" guest
equal 'client.get on annex' "$(ctl -j client get "$mac" --link annex | jq -r .client.state)" \
  authenticated
matches 'explain on venue' "$(ctl explain "$mac" --link venue)" 'it has no session, so it is a guest'
equal 'events have the link' "$(timeout 5 "$(program gate511ctl)" -j -s "$bed_dir/control.sock" events follow \
  --types session.added --since 0 --count 1 | jq -r .session.link)" annex
matches 'export has it' "$(ctl export)" "\"mac\":\"$mac\",\"vlan\":0,\"link\":\"annex\""

step 'a restart'
gateway_stop
gateway_start
equal 'annex: passes' "$(status twin)" 200
equal 'venue: still a guest' "$(status client)" 511

step 'moved to the other link'
check 'session move' session session move "$mac" --to-link venue
equal 'venue: passes' "$(status client)" 200
equal 'annex: a guest' "$(status twin)" 511
ctl export >"$bed_dir/kept"
check 'revoked there' ctl session revoke "$mac" --link venue
equal 'venue: a guest' "$(status client)" 511
check 'import' ctl import "$bed_dir/kept"
equal 'venue: passes again' "$(status client)" 200
equal 'annex: a guest still' "$(status twin)" 511
equal 'exported as it was' "$(ctl export)" "$(<"$bed_dir/kept")"
gateway_stop

step 'the store is for this key alone'
gateway_key=mac
write_config
launch_gateway
wait_until 20 process_ended "$gateway_pid" || true
matches 'another key is refused' "$(<"$bed_dir/gate511.log")" \
  'gate511.toml:[0-9]+: the store holds sessions \(1\) that are known by "mac\+vlan\+link", and .sessions.key. is "mac"; set it to'
gateway_pid=
gateway_key='mac+vlan+link'
gateway_start

smoke_end
