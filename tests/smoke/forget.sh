#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A guest who has logged in by the portal, and is to be forgotten: export tells all that is kept, forget
# leaves no byte of the MAC in any file of gateway and portal, and a client that is not heard of is
# forgotten by itself.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/guest_portal.bash
. "${BASH_SOURCE[0]%/*}/lib/guest_portal.bash"

bed_up
add_client other
mac=$(mac_of client)
other_mac=$(mac_of other)
for folder in records audit; do install -d -m 0700 -o "$gateway_user" "$bed_dir/$folder"; done
gateway_sections=('[records]' "file = \"$bed_dir/records/records.db\"" 'retention_days = 30')
# shellcheck disable=SC2034
gateway_control=("audit_log = \"$bed_dir/audit/audit.jsonl\"")
gateway_guest=('forget_after_s = 60')
gateway_up
portal_up

# traces MAC: the files of gateway and portal in which it stands, as text, as hexadecimal digits, or in bytes of
# either order.
traces() {
  local plain=${1//:/} upper=${1^^} big little='' at form
  big="\\x${1//:/\\x}"
  for ((at = 10; at >= 0; at -= 2)); do little+="\\x${plain:at:2}"; done
  for form in "$1" "$upper" "${1//:/-}" "${upper//:/-}" "$plain" "${plain^^}" "$big" "$little"; do
    LC_ALL=C grep -laP -- "${form//./\\.}" "$bed_dir"/sessions.db* "$bed_dir"/records/* "$bed_dir"/audit/* "$bed_dir"/garden.jsonl \
      "$bed_dir"/portal.db* 2>/dev/null || true
  done | sort -u
}
is_in() { [ "$(told_of "$1" "$2")" = true ]; }
told_of() { ctl -j export --subject "$1" 2>/dev/null | jq "$2"; }

step 'a login'
"$(program gate511ctl)" -s "$bed_dir/control.sock" events follow --consumer billing --types session.added --count 2 >/dev/null 2>&1 &
follower=$!
ticket=$(guest_curl -4 "$(link_from 4)" | ticket_of)
matches 'logged in' "$(guest_curl -4 -i -d "ticket=$ticket" -d method=terms -d accept=yes https://portal.example/login)" '^HTTP/[0-9.]+ 303'
check 'it passes' client ping -q -c 1 "$origin4"
check 'another' ctl session add "$other_mac"
wait "$follower" || true
check 'an end that billing has not acknowledged' ctl session revoke "$mac"
check 'a session added' ctl session add "${mac//:/-}" --user ann
check 'it passes' client ping -q -c 1 "$origin6"
equal 'export: its session' "$(told_of "$mac" '.sessions[0].user')" '"ann"'
check 'its addresses' is_in "$mac" "[.clients[0].addresses[].address] | index(\"$client4\") != null"
check 'its records' is_in "$mac" '.records | length == 2'
check 'what operators did' is_in "$mac" '.audit.lines | length >= 3'
check 'its events' is_in "$mac" '.events | length >= 3'
matches 'and where the portal has its own' "$(ctl export --subject "$mac" 2>&1 >/dev/null)" "gate511-portal export --subject $mac"
equal 'the portal tells it' "$(portal_cli export --subject "$mac" | jq '.logins | length')" 1
matches 'there are traces' "$(traces "$mac" | tr '\n' ' ')" 'audit.jsonl .*portal.db.*records.db.*sessions.db'

step 'forgotten'
ip -n "$(ns client)" link set c0 down # it would speak, and be seen again
forgotten=$(ctl forget "$mac")
matches 'it says what' "$forgotten" '^forgotten: 1 session ended, 1 client seen, [0-9]+ events made nameless, 2 records, [0-9]+ places of the audit log$'
matches 'and what it could not' "$forgotten" "gate511-portal forget $mac"
matches 'the portal forgets it' "$(portal_cli forget "$mac")" '^forgotten: 1 logins, 0 vouchers. devices, 1 spent links'
equal 'no trace in any file' "$(traces "$mac")" ''
equal 'nor in memory' "$(told_of "$mac" '[.sessions, .clients, .events, .records, .audit.places] | tojson')" '"[[],[],[],[],0]"'
check 'once more is well' ctl forget "$mac"
check 'the other is there' ctl session get "$other_mac"
check 'and in the file' test -n "$(traces "$other_mac")"
owed=$("$(program gate511ctl)" -s "$bed_dir/control.sock" -j events follow --consumer billing --types session.ended --count 2)
matches 'billing has the ends, without a name' "$owed" '"mac":"00:00:00:00:00:00"'
gateway_stop
gateway_start
equal 'nor after a restart' "$(traces "$mac")" ''

step 'what it cannot take away is an error'
printf '{"params":{"mac":"%s"}}\n' "$other_mac" >"$bed_dir/audit/audit.jsonl.1"
chmod 0644 "$bed_dir/audit/audit.jsonl.1"
printf 'it was damaged' >"$bed_dir/sessions.db.damaged-5"
answer=$(ctl forget "$other_mac" 2>&1) && answer="exit 0: $answer"
matches 'a former audit log that is root'\''s' "$answer" "not all is forgotten: .*audit.jsonl.1, which the gateway's user cannot write"
matches 'a store that was damaged' "$answer" 'files that were damaged are not looked into: rm .*sessions.db.damaged-5'
rm "$bed_dir/audit/audit.jsonl.1" "$bed_dir/sessions.db.damaged-5"
check 'without them it is well' ctl forget "$other_mac"

step 'not for everyone'
chmod 0777 "$bed_dir" && chmod 0666 "$bed_dir/control.sock"
for method in forget 'export --subject'; do
  # shellcheck disable=SC2086
  matches "$method by another user" "$(setpriv --reuid nobody --regid nogroup --clear-groups "$(program gate511ctl)" \
    -s "$bed_dir/control.sock" $method "$other_mac" 2>&1 || true)" 'is for root alone'
done
equal 'which does not tell the audit log whom he meant' "$(grep -c "subject.*$other_mac" "$bed_dir/audit/audit.jsonl" || true)" 0

ip -n "$(ns client)" link set c0 up
smoke_end
