#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Zones on one trunk: VLAN 10 gets the 511 with a portal and a name of its own, VLAN 20 (`off`)
# passes, VLAN 30 (`monitor`) passes and is counted as what would have become of it.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

gateway_zones() {
  cat <<CONFIG

[[zone]]
name = "hall"
link = "venue"
vlans = [10]
[zone.portal]
url = "http://$portal4/hall"
[zone.response]
network_name = "Hall Wi-Fi"

[[zone]]
name = "staff"
link = "venue"
vlans = [20]
enforce = "off"

[[zone]]
name = "lab"
link = "venue"
vlans = ["30-39"]
enforce = "monitor"
CONFIG
}

# zone NAME FILTER: what `stats.get` says of a zone, by a jq filter.
zone() { ctl -j stats | jq -c ".zones[] | select(.name == \"$1\") | $2"; }

# page_of CLIENT FAMILY
page_of() { in_ns "$1" curl -sSi -m 5 "-$2" "http://$(origin_of "$2")/"; }

origin_of() { if [ "$1" = 4 ]; then echo "$origin4"; else echo "[$origin6]"; fi; }

bed_up
origin_file 1MB 1000000
add_tagged_client hall 10
add_tagged_client staff 20
add_tagged_client lab 30
gateway_up

for family in 4 6; do
  step "IPv$family"
  hall=$(page_of hall "$family")
  matches 'VLAN 10: 511' "$hall" '^HTTP/1\.1 511 '
  matches 'VLAN 10: its own name' "$hall" 'Hall Wi-Fi'
  matches 'VLAN 10: its own portal' "$hall" "href=\"http://$portal4/hall\?t=[A-Za-z0-9_-]{67}\""
  untagged=$(page_of client "$family")
  matches 'untagged: 511' "$untagged" '^HTTP/1\.1 511 '
  matches 'untagged: the default name' "$untagged" 'Example Wi-Fi'
  matches 'untagged: the default portal' "$untagged" "href=\"$portal_url\?t="
  matches 'VLAN 20 passes' "$(page_of staff "$family")" 'This is the origin'
  matches 'VLAN 30 passes' "$(page_of lab "$family")" 'This is the origin'
done

step 'HTTPS and UDP, which guests have not'
equal 'VLAN 20' "$(in_ns staff curl -sk -m 5 "https://$origin4/")" 'This is the origin.'
equal 'VLAN 30' "$(in_ns lab curl -sk -m 5 "https://$origin4/")" 'This is the origin.'
check_fails 'VLAN 10' in_ns hall curl -sk -m 5 "https://$origin4/"
equal 'UDP on VLAN 30' \
  "$(in_ns lab socat -t 2 - "UDP4:$origin4:9000" <<<hello)" hello

step 'what was counted'
equal 'hall is enforced' "$(zone hall .enforce)" '"on"'
check 'hall: pages' test "$(zone hall '.verdicts.page // 0')" -ge 2
equal 'hall: nothing beside' "$(zone hall .would_have)" '{}'
check 'staff: passed' test "$(zone staff '.verdicts.unenforced // 0')" -ge 20
equal 'staff: nothing else' "$(zone staff '.verdicts | keys')" '["unenforced"]'
check 'lab: passed' test "$(zone lab '.verdicts.monitored // 0')" -ge 20
equal 'lab: nothing was answered or dropped' \
  "$(zone lab '.verdicts | keys - ["arp", "monitored", "mld", "multicast", "neighbour"]')" '[]'
check 'lab: connections that would have been accepted' \
  test "$(zone lab '.would_have.syn_ack // 0')" -ge 2
check 'lab: HTTPS that would have been refused' \
  test "$(zone lab '.would_have.https_refused // 0')" -ge 1
check 'lab: UDP that would have been refused' \
  test "$(zone lab '(.would_have.udp_refused // 0) + (.would_have.reply_too_large // 0)')" -ge 1
equal 'lab: each frame once' "$(zone lab '(.verdicts | add) == (.would_have | add)')" true
equal 'the zones make up the whole' \
  "$(ctl -j stats | jq '([.zones[].verdicts[]] | add) == .frames_in')" true
matches 'gate511ctl stats' "$(ctl stats)" '^lab +venue +monitor .*would have been'

step 'a session in a zone that is monitored'
check 'session add' let_in lab
check 'its traffic' in_ns lab curl -sS -m 5 -o /dev/null "http://$origin4/1MB"
check 'is counted as a session' test "$(zone lab '.verdicts.session // 0')" -ge 100
check 'bytes too' \
  test "$(ctl -j session get "$(mac_of lab)" | jq .session.bytes_down)" -ge 1000000

smoke_end
