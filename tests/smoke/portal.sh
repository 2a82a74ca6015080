#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The reference portal behind the real gateway: guests log in by each method and log out, links that are
# expired, forged, used or another's, wrong codes, the API of RFC 8908 field by field, a gateway that is not
# there, and what hostile guests send.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/guest_portal.bash
. "${BASH_SOURCE[0]%/*}/lib/guest_portal.bash"

readonly site=https://portal.example

# status_of URL CURL-ARGUMENT...: the status alone.
status_of() { guest_curl -o /dev/null -w '%{http_code}' "${@:2}" "$1"; }

# log_in_by METHOD FIELD=VALUE... : from a fresh link to the answer, with its fields.
log_in_by() {
  local method=$1 ticket field=()
  shift
  ticket=$(guest_curl -4 "$(link_from 4)" | ticket_of)
  for one in "$@"; do field+=(--data-urlencode "$one"); done
  guest_curl -4 -i -d "ticket=$ticket" -d "method=$method" "${field[@]}" "$site/login"
}

old_link() { printf '%s/login?%s' "$site" "$(/usr/bin/python3 "$smoke_lib/sign_link.py" "$bed_dir/link.key" "$@")"; }

no_session() { check_fails "$1: no session" ctl session get "$(mac_of client)"; }

# answers NAME STATUS URL CURL-ARGUMENT...
answers() {
  local seen
  seen=$(status_of "$3" "${@:4}" || true)
  equal "$1" "$seen" "$2"
}

log_has() {
  if wait_until 3 grep -qE -- "$2" "$bed_dir/portal.log"; then passed "$1"; else failed "$1" "$(tail -n 20 "$bed_dir/portal.log")"; fi
}

bed_up
add_client other
gateway_up
portal_more=('[operator]' 'listen = "127.0.0.1:8511"' "password_file = \"$bed_dir/operator\"")
(umask 077 && printf 'an operator\n' | "$(program gate511-portal)" hash-password >"$bed_dir/operator")
portal_up
origin_file 1MB 1000000
mac=$(mac_of client)

step 'Vouchers and users on the command line'
mapfile -t codes < <(portal_cli voucher create --count 20 --plan day --note hall)
equal 'twenty codes are made' "${#codes[@]}" 20
matches 'of an alphabet that is not mistaken' "${codes[0]}" '^[2-9A-HJKMNP-TV-Z]{5}-[2-9A-HJKMNP-TV-Z]{5}$'
printf 'SUMMER-2026\nbad!\nSUMMER-2026\n' >"$bed_dir/codes"
import=$(portal_cli voucher import "$bed_dir/codes" --plan hour --devices 2 2>&1 || true)
matches 'a line that is no code is named' "$import" 'codes:2: "bad!" is no code; a code is'
matches 'and one that is there' "$import" 'codes:3: "SUMMER-2026" is there already'
matches 'the others are taken' "$import" '^1 added, 2 bad$'
equal 'listed by note and state, as JSON' \
  "$(portal_cli -j voucher list --note hall --state new | jq -s 'length')" 20
matches 'a sheet to print' "$(portal_cli voucher print --note hall)" "<b>${codes[3]}</b>"
matches 'which has no JSON' "$(portal_cli -j voucher print 2>&1 || true)" \
  '^gate511-portal: --json: a sheet is HTML; see gate511-portal -j voucher list --state new'
equal 'a list has the ids by which sessions are named' "$(portal_cli -j voucher list --note hall | jq -sc 'map(.id) == [range(1; 21)]')" true
matches 'in the table as well' "$(portal_cli voucher list)" "^ *2  ${codes[1]}  new "
matches 'a folder is no file' "$(portal_cli voucher import "$bed_dir" --plan day 2>&1 || true)" "^gate511-portal: $bed_dir: cannot be read: Is a directory; "
equal 'which is an error' "$(portal_cli voucher import - --plan day <"$bed_dir" >/dev/null 2>&1 || echo $?)" 1
matches 'codes that are soon guessed draw a warning' "$(printf '%s\n' 111111 222222 | portal_cli voucher import - --plan day 2>&1)" \
  '^gate511-portal: warning: -: 2 of the codes are short: there are 1,000,000 like them, and as many guesses as login.failures_of_all is find a good one in 11d 13h; make them of'
matches 'no plan' "$(portal_cli voucher create --plan none 2>&1 || true)" \
  '^gate511-portal: --plan: there is no plan "none"; give one of the \[\[plan\]\]s of '
portal_cli voucher revoke "${codes[19]}" >"$bed_dir/said"
equal 'one is revoked' "$(<"$bed_dir/said")" "${codes[19]} revoked"
equal 'one that is not there: 4' "$(portal_cli voucher revoke NONE99 >/dev/null 2>&1 || echo $?)" 4
printf 'a long password\n' | portal_cli user add ann --plan hour
equal 'a user is listed' "$(portal_cli -j user list | jq -r .name)" ann
matches 'a short password is refused' "$(portal_cli user passwd ann 2>&1 <<<short || true)" '^gate511-portal: password: it has 5 bytes; give 8 to 256'

step 'An import that waits for its input'
mkfifo "$bed_dir/slow"
portal_cli voucher import "$bed_dir/slow" --plan day >"$bed_dir/imported" 2>&1 &
import_pid=$!
exec {slow}>"$bed_dir/slow"
printf 'AAAAA-AAAAA\n' >&"$slow"
sleep 0.5
since=$(now_ms)
check 'holds nobody up who writes' portal_cli voucher create --plan hour --note waits
within_ms 'not for a moment' 2000 "$since"
exec {slow}>&-
wait "$import_pid"
equal 'and takes what it got' "$(<"$bed_dir/imported")" '1 added, 0 bad'

step 'What --check tells'
check_config() { "$(program gate511-portal)" --check --config "$bed_dir/check.toml" 2>&1; }
# A line of the configuration that is another: told WHAT WITH TEXT.
told() {
  sed -E "$2" "$bed_dir/portal.toml" >"$bed_dir/check.toml"
  matches "--check: $1" "$(check_config || true)" "^gate511-portal: $3"
  check_fails "--check fails: $1" check_config
}
cp "$bed_dir/portal.toml" "$bed_dir/check.toml"
equal 'that it is good' "$(check_config)" "$bed_dir/check.toml: good"
told 'no certificate' 's|^certificate = .*|certificate = "/none.pem"|' '/none.pem: no certificate: '
told 'no key' 's|^key = .*|key = "/none.key"|' '/none.key: no key: '
told "another's key" "s|^key = .*|key = \"$bed_dir/tls/ca.key\"|" '.*tls/(portal.pem|ca.key): '
told 'no logo' '/^\[portal\]/a logo = "/none.png"' '.*check.toml:2: .portal.logo. /none.png cannot be read: No such file'
told 'no style' '/^\[portal\]/a style = "/none.css"' '.*check.toml:2: .portal.style. /none.css cannot be read: No such file'
told 'no terms' '/^\[login\]/a terms_file = "/none.txt"' '.*check.toml:[0-9]+: .login.terms_file. /none.txt cannot be read: No such file'
told 'no secret' 's|^secret_file = .*|secret_file = "/none.key"|' '.*check.toml:4: .portal.secret_file. /none.key cannot be opened: No such file or directory; it is the gateway'
told 'no password of the operator' 's|^password_file = .*|password_file = "/none"|' '.*check.toml:[0-9]+: .operator.password_file. /none cannot be opened'
told 'no user' 's|^user = .*|user = "nobody511"|' '.*check.toml:[0-9]+: there is no user nobody511; make it: useradd'
told 'a class that no session may have' "/^name = \"day\"/a class = \"$(printf 'x%.0s' {1..300})\"" '.*.plan\[0\].class. is longer than 64 bytes'
sed '/^\[privileges\]/,/^user/d' "$bed_dir/portal.toml" >"$bed_dir/check.toml"
matches 'that root stays for want of a user is a warning' "$(check_config)" \
  '^gate511-portal: warning: .*check.toml: the portal stays root, as there is no user gate511-portal; make it: useradd --system -G gate511 gate511-portal'
sed -i "s|^database = .*|database = \"$bed_dir/made/portal.db\"|" "$bed_dir/check.toml"
check 'and its folder is made all the same' "$(program gate511-portal)" --config "$bed_dir/check.toml" voucher list

step 'The API of RFC 8908 for a guest'
guest_curl -4 -D "$bed_dir/head" -o "$bed_dir/api" "$site/api"
tr -d '\r' <"$bed_dir/head" >"$bed_dir/fields"
matches 'its type' "$(<"$bed_dir/fields")" '^Content-Type: application/captive\+json$'
matches 'it is for this client alone' "$(<"$bed_dir/fields")" '^Cache-Control: private$'
equal 'every member' "$(jq -Sc . "$bed_dir/api")" \
  '{"can-extend-session":false,"captive":true,"user-portal-url":"https://portal.example/","venue-info-url":"https://venue.example/"}'

step '511 over IPv6, login over IPv4'
link=$(link_from 6)
matches 'the gateway leads to the portal' "$link" '^https://portal\.example/login\?t='
page=$(guest_curl -4 "$link")
matches 'a form for each method' "$page" 'name="method" value="voucher"'
ticket=$(ticket_of <<<"$page")
answer=$(guest_curl -4 -i -d "ticket=$ticket" -d method=voucher -d "code= $(tr A-Z- 'a-z ' <<<"${codes[0]}")" "$site/login")
matches 'the voucher is taken, however it is typed' "$answer" '^HTTP/1.1 303 '
matches 'to a page of the own site, without a token' "$answer" $'^Location: /welcome\r$'
welcome=$(guest_curl -4 "$site/welcome")
matches 'which leads back to the page wanted' "$welcome" 'http-equiv="refresh" content="1;url=http://origin.example/"'
equal 'and that is there' "$(client curl -s http://origin.example/)" 'This is the origin.'
session=$(ctl -j session get "$mac" | jq -c '.session | {state,tag,user,rate_down_bps,quota_bytes}')
equal 'the session is as the plan says' "$session" \
  '{"state":"authenticated","tag":"portal","user":"voucher-1","rate_down_bps":50000000,"quota_bytes":1000000000}'

step 'The API of RFC 8908 for a session'
guest_curl -6 -o "$bed_dir/api" "$site/api"
equal 'by the other address too: it is online' "$(jq .captive "$bed_dir/api")" false
equal 'its members' "$(jq -c keys "$bed_dir/api")" \
  '["bytes-remaining","can-extend-session","captive","seconds-remaining","user-portal-url","venue-info-url"]'
check 'seconds are those of the session' jq -e '."seconds-remaining" > 86300 and ."seconds-remaining" <= 86400' "$bed_dir/api"
check 'bytes are those of the quota' jq -e '."bytes-remaining" > 990000000 and ."bytes-remaining" < 1000000000' "$bed_dir/api"

step 'A link is used once'
again=$(guest_curl -4 "$link")
matches 'reloaded, it says what is left' "$again" '<h1>You are online</h1>'
matches 'and leads on, as to who was answered on a connection of before the login' "$again" 'content="1;url=http://origin.example/"'
ticket=$(guest_curl -4 "$site/status" | ticket_of)
matches 'log out' "$(guest_curl -4 -d "ticket=$ticket" "$site/logout")" '<h1>You are logged out</h1>'
no_session 'logged out'
equal 'and the gateway asks again' "$(client curl -s -o /dev/null -w '%{http_code}' http://origin.example/)" 511
matches 'the used link opens nothing' "$(guest_curl -4 "$link")" '<h1>This link has been used</h1>'
log_has 'and is told of' "^gate511-portal: link: $mac's has opened a session already"
no_session 'a used link'

step 'What a session used counts for its voucher'
ctl session revoke "$mac" >/dev/null
left() { portal_quota=$(ctl -j session get "$mac" | jq .session.quota_bytes); }
log_in_by voucher "code=${codes[2]}" >"$bed_dir/said"
left
equal 'the first time all of the quota' "$portal_quota" 1000000000
client curl -s -o /dev/null http://origin.example/1MB
ctl session revoke "$mac" >/dev/null
sleep 1
log_in_by voucher "code=${codes[2]}" >"$bed_dir/said"
left
check "the second time what is left: $portal_quota" test "$portal_quota" -lt 999000000 -a "$portal_quota" -gt 998000000
ctl session revoke "$mac" >/dev/null

step 'The trail'
equal 'says who logged in, when and how' "$(portal_cli -j trail | jq -c '.at |= (. > 1e9)' | tail -n 1)" \
  "{\"at\":true,\"mac\":\"$mac\",\"method\":\"voucher\",\"who\":\"voucher-1\"}"
matches 'to people, the latest first' "$(portal_cli trail --mac "${mac^^}" --since 1h | sed -n 2p)" "^20[^ ]+ [^ ]+Z  $mac  voucher  voucher-3$"
equal 'of a device' "$(portal_cli -j trail --mac 02:00:5e:00:53:77 | wc -l)" 0
equal 'since a time' "$(portal_cli -j trail --since 2030-01-01 | wc -l)" 0
matches 'no MAC' "$(portal_cli trail --mac x 2>&1 || true)" '^gate511-portal: --mac: "x" is no MAC; write it like'
matches 'no time' "$(portal_cli trail --since x 2>&1 || true)" '^gate511-portal: --since: "x" is no time; write it like'

step 'A voucher is revoked while its session is open'
log_in_by voucher "code=${codes[3]}" >"$bed_dir/said"
portal_cli voucher revoke "${codes[3]}" >"$bed_dir/said"
equal 'it says how to end that' "$(sed -n 2p "$bed_dir/said")" \
  'its sessions go on until they end; to end them: gate511ctl session revoke --user voucher-4'
check 'which is so' ctl session revoke --user voucher-4
no_session 'by that command'

step 'Links that are not to be trusted'
answer=$(guest_curl -4 -i "${link/t=AQ/t=Aq}")
matches 'forged: refused' "$answer" '^HTTP/1.1 403 '
matches 'forged: says so, and how to get another' "$answer" 'href="http://198.51.100.1/"'
log_has 'forged: told of' '^gate511-portal: link: from 192.0.2.100: the link is signed by none of the keys'
expired=$(guest_curl -4 "$(old_link "$mac" 192.0.2.100 4000 http://origin.example/)")
matches 'expired: led on to where the gateway makes a fresh one' "$expired" 'content="1;url=http://origin.example/"'
expired=$(guest_curl -4 "$(old_link "$mac" 192.0.2.100 4000)")
matches 'expired, without a page wanted' "$expired" 'content="1;url=http://198.51.100.1/"'
fresh=$(link_from 4 http://198.51.100.1/)
matches 'which the gateway answers' "$fresh" '^https://portal\.example/login\?t='
answer=$(guest_curl -4 -i "$(old_link 02:00:5e:00:53:77 192.0.2.100 0)")
matches "another's: refused" "$answer" '^HTTP/1.1 403 '
matches "another's: says so" "$answer" 'This link belongs to another device'
log_has "another's: told of" "^gate511-portal: link: it is 02:00:5e:00:53:77's, and came from 192.0.2.100, which is $mac: refused"
other_ticket=$(in_ns other curl -4sS -m 10 --cacert "$bed_dir/tls/ca.pem" "$site/" | ticket_of)
check "another's form is there" test -n "$other_ticket"
answers "another's form opens nothing" 403 "$site/login" -4 -d "ticket=$other_ticket" -d method=terms -d accept=yes
no_session "another's form"

step 'The other methods'
matches 'by accepting the terms' "$(log_in_by terms accept=yes)" $'^Location: /welcome\r$'
for _ in 1 2 3 4 5 6; do again=$(guest_curl -4 "$fresh"); done
no_match 'who is online is not led in circles' "$again" 'http-equiv="refresh"'
ctl session revoke "$mac" >/dev/null
matches 'not without' "$(log_in_by terms)" 'Please accept the terms'
no_session 'terms not accepted'
matches 'by password' "$(log_in_by password user=ann 'password=a long password')" $'^Location: /welcome\r$'
equal "the session has the user's name" "$(ctl -j session get "$mac" | jq -r .session.user)" ann
ctl session revoke "$mac" >/dev/null
matches 'not by another password' "$(log_in_by password user=ann 'password=a wrong password')" 'User name or password is wrong'
matches 'nor by another name' "$(log_in_by password user=bob 'password=a long password')" 'User name or password is wrong'
no_session 'a wrong password'
matches 'a voucher that was revoked' "$(log_in_by voucher "code=${codes[19]}")" 'This code is not valid'
portal_cli voucher expire "${codes[18]}" >/dev/null
matches 'one that has expired' "$(log_in_by voucher "code=${codes[18]}")" 'This code has expired'
matches "one of another device's" "$(in_ns other curl -4sS -m 10 --cacert "$bed_dir/tls/ca.pem" -d "ticket=$other_ticket" \
  -d method=voucher -d "code=${codes[0]}" "$site/login")" 'already used by as many devices'

step 'Sessions that others have restricted'
ticket=$(guest_curl -4 "$(link_from 4)" | ticket_of)
ctl session add "$mac" --state restricted --tag ops >/dev/null
matches 'are not for a login to lift' \
  "$(guest_curl -4 -d "ticket=$ticket" -d method=terms -d accept=yes "$site/login")" 'This device is blocked'
matches 'as its page says at once' "$(guest_curl -4 "$site/")" 'This device is blocked'
equal 'it is restricted still' "$(ctl -j session get "$mac" | jq -r .session.state)" restricted
ctl session revoke "$mac" >/dev/null

step 'One form, many times at once'
ticket=$(guest_curl -4 "$(link_from 4)" | ticket_of)
seen=$(client /usr/bin/python3 "$smoke_lib/at_once.py" "$portal4" "$bed_dir/tls/ca.pem" 12 \
  "ticket=$ticket&method=voucher&code=${codes[2]}")
equal 'all are answered' "$(wc -l <<<"$seen")" 12
equal 'one logs in' "$(grep -c '^Location: /welcome$' <<<"$seen")" 1
equal 'and the voucher is used, by one device' \
  "$(portal_cli -j voucher list --note hall | jq -c "select(.code == \"${codes[2]}\") | [.state, .used_by]")" '["used",1]'
ctl session revoke "$mac" >/dev/null

step 'A quota holds over several logins'
log_in_by voucher "code=${codes[2]}" >/dev/null
client ping -q -c 20 -i 0.01 -s 1000 "$origin4" >/dev/null
ticket=$(guest_curl -4 "$site/status" | ticket_of)
guest_curl -4 -o /dev/null -d "ticket=$ticket" "$site/logout"
log_in_by voucher "code=${codes[2]}" >/dev/null
left=$(ctl -j session get "$mac" | jq .session.quota_bytes)
check "what was used is used: $left bytes are left" test "$left" -gt 900000000 -a "$left" -le 999980000
ctl session revoke "$mac" >/dev/null

step 'Ten wrong vouchers'
for _ in 1 2 3 4 5 6 7 8 9; do log_in_by voucher code=23456-23456 >/dev/null; done
matches 'a login in between' "$(log_in_by terms accept=yes)" $'^Location: /welcome\r$'
ctl session revoke "$mac" >/dev/null
last=$(log_in_by voucher code=23456-23456)
matches 'then it is to wait' "$(log_in_by voucher "code=${codes[1]}")" '^HTTP/1.1 429 '
matches 'which its page says' "$(log_in_by voucher "code=${codes[1]}")" 'Too many attempts. Try again in'
matches 'told before that the code is wrong' "$last" 'This code is not valid|Too many attempts'
log_has 'the operator is told once' "^gate511-portal: login: $mac has failed 10 times and is to wait for 600 s"
no_session 'ten wrong vouchers'
equal 'the code is new still' "$(portal_cli -j voucher list --note hall | jq -r "select(.code == \"${codes[1]}\").state")" new

step 'The gateway goes, and comes back'
kill "$portal_pid" && wait_until 5 process_ended "$portal_pid"
portal_start  # the wrong codes are forgotten
link=$(link_from 4)
ticket=$(guest_curl -4 "$link" | ticket_of)
cp "$bed_dir/portal.db" "$bed_dir/before.db"
check_invariant
# The portal is on the other side: without the gateway a guest reaches nobody, so the operator's side asks.
gateway_stop
page=$(net curl -sS -m 10 --cacert "$bed_dir/tls/ca.pem" --resolve "portal.example:443:$portal4" -i "$site/")
matches 'without a gateway: a page says so' "$page" '^HTTP/1.1 503 '
matches 'and that nothing was used up' "$page" 'Nothing was used up'
log_has 'and the operator is told what to see to' '^gate511-portal: gateway: .*control.sock: cannot be connected to: .*; see that gate511 runs'
gateway_start
matches 'the gateway does not know its clients yet' "$(guest_curl -4 "$site/")" 'Your device is not known yet'
answer=$(guest_curl -4 -i -d "ticket=$ticket" -d method=voucher -d "code=${codes[1]}" "$site/login")
matches 'a form from before logs in all the same, over a new connection' "$answer" $'^Location: /welcome\r$'
ctl session revoke "$mac" >/dev/null
matches 'and so does a new link' "$(log_in_by terms accept=yes)" $'^Location: /welcome\r$'
ctl session revoke "$mac" >/dev/null
client ip neighbour flush all
client ping -c 1 -W 1 "$portal4" >/dev/null || true
check 'until the client speaks' wait_until 5 ctl client get "$mac"

step 'A plan that is gone'
kill "$portal_pid" && wait_until 5 process_ended "$portal_pid"
mv "$bed_dir/portal.log" "$bed_dir/portal.first"
portal_config | sed 's/^name = "day"/name = "days"/' >"$bed_dir/portal.toml"
in_background net portal.log "$(program gate511-portal)" --config "$bed_dir/portal.toml"
portal_pid=$background_pid
wait_until 10 portal_is_ready
log_has 'is told of at the start' 'warning: .*portal.toml: 20 vouchers and 0 users are of plan "day", which there is none of: they cannot log in; add \[\[plan\]\] name = "day" again'

step 'No rights on the socket'
chmod 0600 "$bed_dir/control.sock"
chown root "$bed_dir/control.sock"
kill "$portal_pid" && wait_until 5 process_ended "$portal_pid"
mv "$bed_dir/portal.log" "$bed_dir/portal.before"
portal_start
log_has 'the operator is told what to do' "^gate511-portal: gateway: .*permission denied; put the portal's user into the gateway's control.group"
matches 'a guest that it does not answer' "$(guest_curl -4 -i "$site/")" '^HTTP/1.1 503 '
chown games "$bed_dir/control.sock"

step 'Its lines as JSON, with names that would break one'
kill "$portal_pid" && wait_until 5 process_ended "$portal_pid"
mv "$bed_dir/portal.log" "$bed_dir/portal.third"
portal_config >"$bed_dir/portal.toml"
printf '[log]\nformat = "json"\n' >>"$bed_dir/portal.toml"
in_background net portal.log "${portal_run[@]}" "$(program gate511-portal)" --config "$bed_dir/portal.toml"
portal_pid=$background_pid
check 'it gets ready' wait_until 10 grep -q '"kind":"ready"' "$bed_dir/portal.log"
for hostile in $'a\x1b[2Jb' $'a\xe2\x80\xaeb' $'a\xff\xc3b' 'a\nb' 'a%0d%0ab'; do
  guest_curl -4 -o /dev/null -H "User-Agent: $hostile" -H "Origin: $hostile" -H "X-Forwarded-For: $hostile" \
    --get --data-urlencode "k=$hostile" --data-urlencode "u=$hostile" "$site/" || true
  guest_curl -4 -o /dev/null -H "Host: $hostile" "$site/$hostile" || true
  guest_curl -4 -o /dev/null --data-urlencode "ticket=$hostile" --data-urlencode "method=$hostile" \
    --data-urlencode "code=$hostile" -H "Origin: $hostile" "$site/login" || true
  guest_curl -4 -o /dev/null --data-urlencode "next=$hostile" "$site/log_out" || true
done
lines=$(wc -l <"$bed_dir/portal.log")
check "it has something to say: $lines lines" test "$lines" -ge 2
equal 'every line is an object' \
  "$(jq -c 'select(.time_ms and .program == "gate511-portal" and .level and .kind and .text)' "$bed_dir/portal.log" | wc -l)" "$lines"
check_fails 'and printable' env LC_ALL=C grep -qP '[\x00-\x1f\x7f-\xff]' "$bed_dir/portal.log"
kill "$portal_pid" && wait_until 5 process_ended "$portal_pid"
mv "$bed_dir/portal.log" "$bed_dir/portal.fourth"
portal_start

step 'Forms of others, and addresses that lead elsewhere'
ticket=$(guest_curl -4 "$site/" | ticket_of)
check 'a form' test -n "$ticket"
form=(-4 -d "ticket=$ticket" -d method=terms -d accept=yes)
answers 'a form from another site' 403 "$site/login" "${form[@]}" -H 'Origin: https://evil.example'
answers 'from a page of no site' 403 "$site/login" "${form[@]}" -H 'Origin: null' -H 'Sec-Fetch-Site: cross-site'
answers 'as browsers tell of it' 403 "$site/login" "${form[@]}" -H 'Sec-Fetch-Site: cross-site'
answers 'without a ticket' 403 "$site/login" -4 -d method=terms -d accept=yes
answers 'with a ticket of another purpose' 403 "$site/logout" -4 -d "ticket=$ticket"
answers 'with one that was changed' 403 "$site/login" -4 -d "ticket=X$ticket" -d method=terms -d accept=yes
answers 'a form in another coding' 415 "$site/login" -4 -F "ticket=$ticket" -F method=terms -F accept=yes
answers 'JSON' 415 "$site/login" -4 -H 'Content-Type: application/json' -d '{}'
answers 'fields twice' 403 "$site/login" "${form[@]}" -d accept=no
no_session 'forms of others'
answers 'the same form, as it was given, logs in' 303 "$site/login" "${form[@]}" -H "Origin: $site"
ctl session revoke "$mac" >/dev/null
ticket=$(guest_curl -4 "$site/" | ticket_of)
answers 'and as Chromium sends it from a page with no referrer' 303 "$site/login" -4 -d "ticket=$ticket" \
  -d method=terms -d accept=yes -H 'Origin: null' -H 'Sec-Fetch-Site: same-origin'
ctl session revoke "$mac" >/dev/null
for bad in 'javascript:alert(1)' '//evil.example/' 'http://user@evil.example/' 'https://portal.example/logout'; do
  ticket=$(guest_curl -4 "$(old_link "$mac" 192.0.2.100 0 "$bad")" | ticket_of)
  answer=$(guest_curl -4 -i -d "ticket=$ticket" -d method=terms -d accept=yes "$site/login")
  matches "a signed link for $bad" "$answer" $'^Location: /welcome\r$'
  no_match "even signed, it does not lead to $bad" "$answer$(guest_curl -4 "$site/welcome")" 'evil|javascript|http-equiv|url=https://portal'
  ctl session revoke "$mac" >/dev/null
  rm -f "$bed_dir/cookies"
done
answers 'another name for the site leads to its own' 302 "$site/status" -4 -H 'Host: evil.example'
matches 'and nowhere else' "$(guest_curl -4 -i "$site/status?x=y" -H 'Host: evil.example')" $'^Location: https://portal.example/\r$'
check_fails 'a made-up cookie leads nowhere' grep -q evil <(guest_curl -4 -H 'Cookie: gate511_return=aHR0cDovL2V2aWwuZXhhbXBsZS8.AAAAAAAAAAAAAAAAAAAAAA' "$site/welcome")
no_match 'a guest gets no cookie before its login' "$(guest_curl -4 -i "$site/")" '^Set-Cookie'

step "The operator's page"
desk() { net curl -sS -m 10 -b "$bed_dir/desk" -c "$bed_dir/desk" "$@"; }
readonly desk=http://127.0.0.1:8511
matches 'asks for a password' "$(desk "$desk/")" 'name="password"'
for path in sessions guests vouchers logins rates; do
  equal "without it there are no $path" "$(desk -o /dev/null -w '%{http_code}' "$desk/data/$path")" 401
done
matches 'not by a wrong one' "$(desk -i -d password=wrong "$desk/login")" '^HTTP/1.1 403 '
printf '127.0.0.1\tFALSE\t/\tFALSE\t0\tgate511_operator\tmade-up\n' >"$bed_dir/desk"
answer=$(desk -i -d 'password=an operator' -H 'Origin: null' -H 'Sec-Fetch-Site: same-origin' "$desk/login")
matches 'by the right one' "$answer" $'^Location: /\r$'
no_match 'and never by a cookie that was brought' "$answer" 'made-up'
matches 'its cookie is for no script and no other site' "$answer" '^Set-Cookie: gate511_operator=.*HttpOnly; SameSite=Strict'
token=$(desk "$desk/" | sed -nE 's/.*name="token" content="([^"]*)".*/\1/p')
no_match 'no script stands in the page' "$(desk "$desk/")" '<script>| on[a-z]+='
ctl session add "$mac" --ttl 1h --tag portal >/dev/null
equal 'it shows the session' "$(desk "$desk/data/sessions" | jq -r '.sessions[0].mac')" "$mac"
check 'vouchers' jq -e '.vouchers | length > 20' <(desk "$desk/data/vouchers")
check 'who logged in' jq -e '.logins[0] | has("at") and has("mac") and has("method") and (keys | length == 4)' <(desk "$desk/data/logins")
check 'guests' jq -e '.clients | type == "array"' <(desk "$desk/data/guests")
check 'what passes' wait_until 6 jq -e '.samples | length > 1' <(sleep 5; desk "$desk/data/rates")
for form in '' 'token=wrong&'; do
  equal "no revoke with the form token '$form'" "$(desk -o /dev/null -w '%{http_code}' -d "${form}mac=$mac" "$desk/revoke")" 403
done
equal 'nor from another site' "$(desk -o /dev/null -w '%{http_code}' -d "token=$token" -d "mac=$mac" -H 'Origin: http://evil.example' "$desk/revoke")" 403
equal 'nor by another name of this machine' "$(desk -o /dev/null -w '%{http_code}' -H 'Host: evil.example:8511' "$desk/")" 403
check 'the session is there still' ctl session get "$mac"
equal 'a revoke by a click, as a browser sends it' \
  "$(desk -d "token=$token" -d "mac=$mac" -H 'Origin: null' -H 'Sec-Fetch-Site: same-origin' "$desk/revoke")" '{"existed":true}'
no_session 'revoked by the operator'
equal 'a voucher too' "$(desk -d "token=$token" -d "code=${codes[5]}" "$desk/voucher/revoke")" '{"existed":true}'
matches 'which lets nobody in then' "$(log_in_by voucher "code=${codes[5]}")" 'This code is not valid'
desk -o /dev/null -d "token=$token" "$desk/logout"
equal 'logged out' "$(desk -o /dev/null -w '%{http_code}' "$desk/data/sessions")" 401

step 'What is no request of a browser'
for path in /../../etc/passwd /%2e%2e/%2e%2e/etc/passwd /style.css/../../portal.db '/..%5c..%5cportal.db' /assets/en.json; do
  answers "$path" 404 "$site$path" -4 --path-as-is
done
answers 'a form that is too long' 413 "$site/login" -4 -d "x=$(head -c 9000 /dev/zero | tr '\0' x)"
answers 'a target that is too long' 414 "$site/$(head -c 3000 /dev/zero | tr '\0' x)" -4
answers 'fields that are too long' 431 "$site/" -4 -H "X: $(head -c 9000 /dev/zero | tr '\0' x)"
answers 'a chunked form' 411 "$site/login" -4 -H 'Transfer-Encoding: chunked' -d x=y
answers 'PUT' 405 "$site/login" -4 -X PUT -d x=y
answers 'a form that is packed' 415 "$site/login" -4 -H 'Content-Encoding: gzip' -d x=y
for field in 'Content-Security-Policy: default-src .none.' 'X-Content-Type-Options: nosniff' 'X-Frame-Options: DENY' \
  'Referrer-Policy: no-referrer' 'Cache-Control: no-store'; do
  matches "each page has $field" "$(guest_curl -4 -i "$site/")" "^$field"
done
no_match 'no page has a script in it' "$(guest_curl -4 "$site/")" '<script|style=| on[a-z]+='
reflected=$(guest_curl -4 "$site/login?t=<script>alert(1)</script>&u=%22%3E%3Cscript%3E")
no_match 'nothing of the request is in a page' "$reflected" '<script|alert\('

step 'Slow clients'
portal_pids=()
for _ in $(seq 1 60); do
  client timeout 30 bash -c "exec 3<>/dev/tcp/$portal4/443; sleep 25" &
  portal_pids+=($!)
done
client ping -6 -c 1 -W 1 "$portal6" >/dev/null || true
since=$(now_ms)
answers 'sixty silent connections of one client keep another from nothing' 200 "$site/" -6
within_ms 'and not for long' 3000 "$since"
answers 'nor that client itself' 200 "$site/" -4
for pid in "${portal_pids[@]}"; do kill "$pid" 2>/dev/null || true; done

step 'Within what the unit allows'
kill "$portal_pid" && wait_until 5 process_ended "$portal_pid"
mv "$bed_dir/portal.log" "$bed_dir/portal.free"
portal_run=(/usr/bin/python3 "$smoke_lib/within_unit.py" "$smoke_root/scripts/systemd/gate511-portal.service" --)
portal_start
equal 'it keeps no capability' "$(sed -nE 's/^Cap(Prm|Eff|Bnd|Amb):[[:space:]]*//p' "/proc/$portal_pid/status" | sort -u | head -n 1)" 0000000000000000
matches 'a guest logs in' "$(log_in_by terms accept=yes)" $'^Location: /welcome\r$'
ctl session revoke "$mac" >/dev/null
matches 'by password as well' "$(log_in_by password user=ann 'password=a long password')" $'^Location: /welcome\r$'
ctl session revoke "$mac" >/dev/null
matches "and what is wrong stands at its field" "$(log_in_by password user=ann 'password=a wrong password')" \
  'value="ann" aria-describedby="problem" aria-invalid="true"'

step 'It stops when it is told to'
since=$(now_ms)
kill "$portal_pid"
check 'it ends' wait_until 5 process_ended "$portal_pid"
within_ms 'in a second' 1000 "$since"
no_match 'and nothing was an error' "$(cat "$bed_dir/portal.free" "$bed_dir/portal.log")" 'error:|terminate|Sanitizer'

[ "$checks_failed" -eq 0 ] || cat "$bed_dir/portal.before" "$bed_dir/portal.log"
smoke_end
