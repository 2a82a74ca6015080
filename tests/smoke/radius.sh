#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Guests asked for by their MAC, of a real FreeRADIUS: accepted with terms that hold, rejected, asked
# for once; a wrong secret, replies that are forged, replayed or broken, a server that is silent, the
# next server, and MACs made up by the thousand.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/radius.bash
. "${BASH_SOURCE[0]%/*}/lib/radius.bash"

readonly rate=20000000

# shows NAME: it is seen, on its VLAN if it is on one.
shows() { if [ "$1" = v ]; then speaks v "$(tagged_router4 10)"; else speaks "$1"; fi; }

gets_session() {
  shows "$2"
  check "$1" wait_until 5 has_session "$2"
}
gets_none() {
  shows "$2"
  sleep 1
  check_fails "$1: no session" has_session "$2"
}

bed_up
for name in a b c d e f g h i j; do add_client "$name"; done
add_tagged_client v 10
gateway_up
radius_users=("$(dashed client)  Cleartext-Password := \"$(dashed client)\"
	User-Name = room-12,
	Session-Timeout = 1800,
	Idle-Timeout = 600,
	WISPr-Bandwidth-Max-Up = $rate,
	WISPr-Bandwidth-Max-Down = $rate,
	ChilliSpot-Max-Total-Octets = 1000000000,
	Class = 0x6f6e65")
# What no server should say.
radius_users+=("$(dashed g)  Cleartext-Password := \"$(dashed g)\"
	Session-Timeout = 60,
	Session-Timeout += 61")
for name in c d e f i v; do
  radius_users+=("$(dashed "$name")  Cleartext-Password := \"$(dashed "$name")\"")
done

step 'What --check tells'
(umask 027 && printf '%s\n' "$radius_secret" >"$bed_dir/radius.secret")
chgrp "$(id -g games)" "$bed_dir/radius.secret"
install -d -o games "$bed_dir/radius"
# told WHAT WITH TEXT: a line of the configuration that is another.
told() {
  radius_config | sed -E "$2" >"$bed_dir/check.toml"
  matches "--check: $1" "$("$(program gate511-radius)" --check --config "$bed_dir/check.toml" 2>&1 || true)" "^gate511-radius: $3"
}
radius_config >"$bed_dir/check.toml"
equal '--check: that it is good' "$("$(program gate511-radius)" --check --config "$bed_dir/check.toml" 2>&1)" "$bed_dir/check.toml: good"
told 'an unknown key' 's/^tries/retries/' '.*check.toml:9: .*retries'
told 'no address' 's/^address = "127.0.0.2"/address = "radius.example"/' '.*check.toml:[0-9]+: .server\[1\].address. is "radius.example", which is no address; write it like'
told 'no secret' 's|^secret_file = .*|secret_file = "/none"|' '.*check.toml:[0-9]+: .server\[0\].secret_file. /none cannot be opened: No such file or directory; make one'
told 'no user' 's/^user = .*/user = "nobody511"/' '.*check.toml:[0-9]+: there is no user nobody511; make it: useradd'

step 'Accepted'
freeradius_start one 127.0.0.1
one=$background_pid
radius_start
gets_session 'a guest that is known gets a session' client
session=$(ctl -j session get "$(mac_of client)" | jq -c .session)
equal 'with all that the server says' "$(jq -c '[.user, .tag, .idle_s, .rate_up_bps, .rate_down_bps, .quota_bytes]' <<<"$session")" \
  "[\"room-12\",\"radius\",600,$rate,$rate,1000000000]"
check 'and its end' jq -e '.ttl_s > 1700 and .ttl_s <= 1800' <<<"$session"
net iperf3 -s -1 -B "$origin4" >"$bed_dir/iperf3.log" 2>&1 &
wait_until 5 net sh -c "ss -Hltn 'sport = 5201' | grep -q ." || die 'iperf3 does not listen'
percent=$(client iperf3 -c "$origin4" -t 5 -J -R -u -b "$((2 * rate))" -l 1400 |
  jq --argjson rate "$rate" '.end.sum | ((.packets - .lost_packets) * 1428 * 8 / .seconds) / $rate * 1000 | round / 10')
check "its rate holds: $percent %" jq -en "$percent >= 98 and $percent <= 102"

step 'Rejected'
gets_none 'a guest that is not known' a
equal 'it was asked for once' "$(grep -c "Login incorrect.*$(dashed a)" "$bed_dir/one.log")" 1
equal 'and counted' "$(radius_number '[.mac.accepted, .mac.rejected, .mac.opened]' | jq -c .)" '[1,1,1]'
# asked_with ATTRIBUTE VALUE: the server was, in each request that it has had.
asked_with() {
  equal "$1" "$(grep -E "^\s*$1 = " "$bed_dir/one/asked" | sort -u | tr -d '\t')" "$1 = $2"
}
step 'What the server is told'
asked_with NAS-Identifier '"venue-1"'
asked_with NAS-Port-Id '"venue"'
asked_with NAS-Port 0
asked_with NAS-Port-Type Wireless-802.11
asked_with Service-Type Call-Check
equal 'Calling-Station-Id' "$(grep -c "Calling-Station-Id = \"$(dashed a)\"" "$bed_dir/one/asked")" 1

step 'By the API of the door'
check 'gate511-radius status tells its numbers' radius_number '.authentication.answers == 2 and .gateway.sightings and .authentication.bad_authenticator == 0'
matches 'and is refused where there is none' "$("$(program gate511-radius)" --config <(radius_config | sed 's|radius.sock|none.sock|') status 2>&1 || true)" \
  '^gate511-radius: .*none.sock: .*; see that gate511-radius runs'

step 'An answer that nobody understands'
gets_none 'of a server that says Session-Timeout twice' g
check 'it is a reject' radius_number '.authentication.unusable == 1 and .mac.rejected == 2 and .authentication.timeouts == 0'
radius_says 'which is told of' '^gate511-radius: authentication: Access-Accept of 127.0.0.1:1812 is not understood, and counts as a reject: Session-Timeout is repeated; see to what that server sends$'
check 'and the server is used on' radius_number '.authentication.servers[0].is_alive and .authentication.deaths == 0'

step 'The gateway restarts'
gateway_stop
gateway_start
gets_session 'it is followed again' c

step 'A wrong secret'
radius_stop
printf 'another secret of the bed\n' >"$bed_dir/radius.secret"
radius_start
gets_none 'with a wrong secret' d
radius_says 'the operator is told' '^gate511-radius: authentication: 127.0.0.1:1812 has not answered 2 times in 600 ms; see that it runs, knows this machine as a client and has the same secret$'
radius_says 'who waits for no server' '^gate511-radius: mac: no server has answered for '
radius_stop
printf '%s\n' "$radius_secret" >"$bed_dir/radius.secret"

step 'The next server'
end_process "$one"
freeradius_start two 127.0.0.2
two=$background_pid
radius_start
gets_session 'the second one is asked where the first is silent' d
check 'which is counted' radius_number '.authentication.failovers >= 1'
gets_session 'and so is the next guest' e
check 'the first one is left alone from then on' radius_number '.authentication.deaths == 1 and (.authentication.servers[0].is_alive | not)'
radius_says 'which is told of' '^gate511-radius: authentication: 127.0.0.1:1812 answers nobody, and is left alone for 5 s; see that it runs, '
end_process "$two"
radius_stop

step 'Replies that are not to be believed'
# hostile GUEST COUNTER MODE...: what a server that is up to no good answers.
hostile() {
  local name=$1 counter=$2
  shift 2
  in_background net fake.log /usr/bin/python3 "$smoke_lib/radius_server.py" 127.0.0.1 "$radius_secret" "$@"
  local fake=$background_pid
  wait_until 5 net sh -c "ss -Hlun 'src 127.0.0.1:1812' | grep -q ." || die 'no server'
  radius_start
  shows "$name"
  check "$*: it is counted" wait_until 5 radius_has ".authentication.$counter" 1
  radius_number '[.authentication.answers, .mac.opened]' >"$bed_dir/said"
  end_process "$fake"
  radius_stop
}
hostile b bad_authenticator unsigned
equal 'a reply by another secret opens nothing' "$(jq -c . "$bed_dir/said")" '[0,0]'
radius_says 'and is told of' '^gate511-radius: authentication: a packet of 127.0.0.1:1812 is not believed: it is not signed with the secret; see that both have the same$'
hostile f unsealed unsealed
equal 'nor does one without a Message-Authenticator' "$(jq -c . "$bed_dir/said")" '[0,0]'
radius_says 'which is told of' 'is not believed: it has no Message-Authenticator; let the server send one with each reply$'
hostile g unusable repeated
equal 'nor one with an attribute twice' "$(jq -c '.[1]' "$bed_dir/said")" 0
hostile h unusable broken
equal 'nor one that is broken' "$(jq -c '.[1]' "$bed_dir/said")" 0
radius_says 'which is told of as well' 'counts as a reject: Session-Timeout has the length 255, where 2 bytes are left; see to'
hostile h bad_authenticator good replay
equal 'and one that was recorded is good once' "$(jq -c . "$bed_dir/said")" '[1,1]'

step 'An Accept that comes late'
radius_timeout=5000
LATE=$bed_dir/late in_background net late.log /usr/bin/python3 "$smoke_lib/radius_server.py" 127.0.0.1 "$radius_secret" late
late=$background_pid
wait_until 5 net sh -c "ss -Hlun 'src 127.0.0.1:1812' | grep -q ." || die 'no server'
radius_start
sleep 1 # those that were known before are asked for
asked=$(radius_number .mac.asked)
speaks j
check 'a guest is asked for' wait_until 5 radius_has .mac.asked $((asked + 1))
ctl session add "$(mac_of j)" --ttl 1h --quota 100000000 --tag voucher --user v7 >/dev/null
touch "$bed_dir/late"
check 'who has a session by then' wait_until 5 radius_has .mac.already 1
equal 'keeps what it has' "$(ctl -j session get "$(mac_of j)" | jq -c '.session | [.tag, .user, .quota_bytes, .ttl_s > 3500 and .ttl_s <= 3600]')" '["voucher","v7",100000000,true]'
check 'all others are let in' wait_until 5 radius_number '.mac.already == 1 and .mac.opened == .mac.accepted - 1 and .mac.not_opened == 0'
check 'and accounted for, but not that one' wait_until 5 radius_number '.accounting.starts == .mac.opened'
ctl session revoke --all --yes >/dev/null
end_process "$late"
radius_stop
radius_timeout=300

step 'MACs made up by the thousand'
freeradius_start three 127.0.0.1
radius_mac=('per_second = 20' 'remembered = 1024')
radius_start
check 'a guest that was known before gets its session' wait_until 10 has_session f
since=$(now_ms)
before=$(radius_number .authentication.sent)
client "$(program mac-flood)" c0 "$(mac_of net n0)" 16000 2000 arp >"$bed_dir/flood.log" &
flood=$!
check 'while they come they are left out' wait_until 5 radius_has '.mac | .over_budget + .left_out' 1000
gets_session 'and a guest on a VLAN of its own gets its session' v
check 'meanwhile' kill -0 "$flood"
check 'by its share' radius_number '.mac.shares >= 2'
wait "$flood"
check 'they are left out to the end' wait_until 5 radius_has '.mac | .over_budget + .left_out' 5000
sent=$(($(radius_number .authentication.sent) - before))
check "the server has heard of $sent, 20 a second" test "$sent" -le $((20 * ($(now_ms) - since) / 1000 + 21))
check 'and of no more than so many there is a memory' radius_number '.mac.remembered <= 1024'
gets_session 'a guest behind them gets its session' i
radius_stop

smoke_end
