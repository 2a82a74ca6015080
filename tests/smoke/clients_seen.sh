#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The gateway knows its clients' addresses from the ARP, ND and DHCP that pass it, whether they are
# guests or have a session: client.list, client.get, session.get by address, and explain.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# rpc METHOD [PARAMS]: the whole answer, whatever it is.
rpc() {
  local params=${2-}
  printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' "$1" "${params:-{\}}" |
    socat -t 5 - "UNIX-CONNECT:$bed_dir/control.sock"
}

# told METHOD PARAMS FILTER: what a jq filter makes of the answer.
told() { rpc "$1" "$2" | jq -r "$3"; }

# addresses_of MAC: `address source`, a line each, sorted.
addresses_of() {
  told client.get "{\"mac\":\"$1\"}" '.result.client.addresses[] | "\(.address) \(.source)"' | sort
}

# The address that udhcpc was given.
lease() {
  client udhcpc -i c0 -n -q -f -t 4 -T 1 -s /bin/true 2>&1 |
    sed -nE 's/.*lease of ([0-9.]+) obtained.*/\1/p'
}

bed_up
add_client other
add_tagged_client tagged
gateway_up
mac=$(mac_of client)
other_mac=$(mac_of other)
tagged_mac=$(in_ns tagged cat /sys/class/net/c0/address)

step 'nobody has spoken yet'
rpc client.get "{\"mac\":\"$mac\"}" >"$bed_dir/answer"
matches 'explain before it was seen' "$(told explain "{\"mac\":\"02:00:5e:00:53:77\"}" '.result.why[2]')" \
  'was not seen'

step 'ARP and ND'
client ping -q -c 1 -W 2 "$portal4" >/dev/null
client ping -q -c 1 -W 2 "$portal6" >/dev/null
in_ns other arping -q -c 1 -w 2 -I c0 "$router4"
in_ns tagged arping -q -c 1 -w 2 -I c0.10 "$(tagged_router4 10)"
matches 'ARP: the IPv4 address' "$(addresses_of "$mac")" "^$client4 arp$"
matches 'ND: the IPv6 address' "$(addresses_of "$mac")" "^$client6 nd$"
matches 'another client' "$(addresses_of "$other_mac")" '^192\.0\.2\.101 arp$'
equal 'a tagged client: its VLAN' \
  "$(told client.get '{"ip":"203.0.113.100"}' '.result.client | "\(.mac) \(.vlan) \(.link)"')" \
  "$tagged_mac 10 venue"
matches 'client.list' "$(told client.list '{"state":"guest"}' '.result.clients[].mac')" "$other_mac"
equal 'client.list by VLAN' "$(told client.list '{"vlan":10}' '.result.clients[].mac')" "$tagged_mac"

step 'DHCP'
leased=$(lease)
matches 'a lease' "$leased" '^192\.0\.2\.2'
matches 'the lease is bound' "$(addresses_of "$mac")" "^$leased dhcp$"
equal 'client.get by the leased address' \
  "$(told client.get "{\"ip\":\"$leased\"}" .result.client.mac)" "$mac"
equal 'it is a guest' "$(told client.get "{\"ip\":\"$leased\"}" .result.client.state)" guest
matches 'session.get of a guest says who it is' \
  "$(told session.get "{\"ip\":\"$leased\"}" .error.message)" "^$leased is $mac, which has no session"

step 'explain a guest'
explained=$(rpc explain "{\"mac\":\"$mac\"}")
equal 'the zone' "$(jq -r .result.zone <<<"$explained")" default
matches 'why' "$(jq -r '.result.why[]' <<<"$explained")" 'it has no session, so it is a guest'
matches 'what was seen' "$(jq -r '.result.why[]' <<<"$explained")" "$leased \(dhcp\)"
rules=$(jq -r '.result.rules[] | "\(.traffic): \(.fate), \(.verdict)"' <<<"$explained")
matches 'DNS to the resolver' "$rules" "^DNS to $resolver4, $resolver6: forwarded, dns$"
matches 'HTTP' "$rules" '^TCP to port 80: answered, page$'
matches 'HTTPS' "$rules" '^TCP to port 443: answered, https_refused$'

step 'a session'
check 'session add' let_in client
equal 'session.get by the leased address' \
  "$(told session.get "{\"ip\":\"$leased\"}" .result.session.mac)" "$mac"
equal 'session.get by the IPv6 address' \
  "$(told session.get "{\"ip\":\"$client6\"}" .result.session.mac)" "$mac"
matches 'explain' "$(told explain "{\"mac\":\"$mac\"}" '.result.why[0]')" 'lets every frame of its client pass'
ip -n "$(ns client)" address add 192.0.2.150/24 dev c0
client arping -q -c 1 -w 2 -I c0 -s 192.0.2.150 "$router4"
matches 'a session is looked at, too' "$(addresses_of "$mac")" '^192\.0\.2\.150 arp$'

step 'two claimants'
ip -n "$(ns other)" address add 192.0.2.150/24 dev c0
in_ns other arping -q -c 1 -w 2 -I c0 -s 192.0.2.150 "$router4" || true
conflict=$(rpc session.get '{"ip":"192.0.2.150"}')
equal 'a conflict' "$(jq -r .error.data.reason <<<"$conflict")" CONFLICT
equal 'both are named' "$(jq -r '.error.data.claimants[].mac' <<<"$conflict" | sort)" \
  "$(printf '%s\n' "$mac" "$other_mac" | sort)"
ip -n "$(ns other)" address add "$leased/24" dev c0
in_ns other arping -q -c 1 -w 2 -I c0 -s "$leased" "$router4" || true
equal 'a binding outranks ARP' "$(told session.get "{\"ip\":\"$leased\"}" .result.session.mac)" "$mac"
equal 'and the conflict is shown' \
  "$(told client.get "{\"ip\":\"$leased\"}" \
    '.result.client.addresses[] | select(.source == "dhcp").also_claimed_by[]')" "$other_mac"

step 'more time, and another MAC'
equal 'session.extend' \
  "$(told session.extend "{\"mac\":\"$mac\",\"ttl_s\":100}" .result.session.ttl_s)" 100
bytes=$(told session.get "{\"mac\":\"$mac\"}" .result.session.bytes_up)
check 'it has counted' test "$bytes" -gt 0
moved=$(told session.move "{\"mac\":\"$mac\",\"to_mac\":\"$other_mac\"}" .result.session)
equal 'session.move moves it' "$(jq -r .mac <<<"$moved")" "$other_mac"
# A kernel that asks for its neighbours sends a packet whenever it likes.
check 'with what it had counted' test "$(jq .bytes_up <<<"$moved")" -ge "$bytes"
matches 'the new client passes' "$(in_ns other curl -sS -m 5 http://origin.example/)" 'This is the origin'
matches 'the old one is a guest' "$(client curl -sSi -m 5 http://origin.example/)" '^HTTP/1\.1 511'

smoke_end
