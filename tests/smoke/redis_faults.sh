#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two gateways whose shared Redis is full, read-only, stopped, emptied, another program, or does not know them: a clear
# line, no session opened, none lost that a gateway knows, and all is well when it is.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/several.bash
. "${BASH_SOURCE[0]%/*}/lib/several.bash"

readonly mac=$several_mac
mac_number() { printf '02:00:5e:01:%02x:%02x' $(($1 / 256)) $(($1 % 256)); }
health_of() { on "$1" ctl health 2>&1 || true; }
tells() { health_of "$1" | grep -qE -- "$2"; }
known() { on "$1" ctl -j stats | jq .sessions.total; }

# nothing_is_lost WHAT: while it is so, and an add is refused.
nothing_is_lost() {
  check "$1: sessions are as they were" all_have "$mac"
  check "$1: and pass" passes 1
  matches "$1: an add is refused" "$(on 1 ctl session add "$(mac_number 1)" --ttl 1h 2>&1 || true)" 'nothing was changed'
  check "$1: and is nowhere" none_has "$(mac_number 1)"
}

# all_is_well WHAT: afterwards.
all_is_well() {
  check "$1: all is well afterwards" wait_until 20 all_well
  check "$1: an add is taken" on 2 ctl session add "$(mac_number 2)" --ttl 1h
  check "$1: by both" wait_until 2 all_have "$(mac_number 2)"
  check "$1: a revoke too" on 1 ctl session revoke "$(mac_number 2)"
  check "$1: by both" wait_until 2 none_has "$(mac_number 2)"
  check "$1: what was there is there" all_have "$mac"
}

several_up 2
gateway_capacity=4096
start_all
check 'session add' on 1 ctl session add "$mac" --ttl 1h
check 'session add' on 1 ctl session add "$(mac_number 9)" --ttl 1h
check 'both have it' wait_until 2 all_have "$(mac_number 9)"

step 'full'
redis config set maxmemory 1 >/dev/null
nothing_is_lost full
check 'full: health tells it' wait_until 5 tells 1 'takes no changes: .*OOM'
on 1 ctl session revoke "$(mac_number 9)" >/dev/null 2>&1 || true
check 'full: a revoke is in effect' lacks 1 "$(mac_number 9)"
redis config set maxmemory 0 >/dev/null
all_is_well full
check 'full: the revoke has reached the other' wait_until 3 lacks 2 "$(mac_number 9)"

step 'read-only'
redis replicaof 203.0.113.254 6379 >/dev/null
check 'read-only: health tells it' wait_until 8 tells 1 'READONLY'
nothing_is_lost read-only
redis replicaof no one >/dev/null
all_is_well read-only

step 'stopped'
kill -STOP "$redis_pid"
check 'stopped: health tells it' wait_until 8 tells 1 'has not answered for 1.5 s|no answer for 1.5 s'
nothing_is_lost stopped
kill -CONT "$redis_pid"
all_is_well stopped

step 'emptied'
redis flushall >/dev/null
check 'emptied: what is known is there again' wait_until 10 eval "[ \"\$(redis --raw exists gate511:s:$mac)\" = 1 ]"
check 'emptied: both have it' all_have "$mac"
matches 'emptied: it is told' "$(cat "$bed_dir"/[12]/gate511.log)" 'has lost its data; what this gateway knows is put there again'
all_is_well emptied

step 'entries of somebody else'
redis set "gate511:s:$(mac_number 20)" x >/dev/null
redis hset "gate511:s:$(mac_number 21)" v 1 g 1 i 1 d junk o 1 >/dev/null
redis hset gate511:s:nobody v 1 >/dev/null
redis client kill type normal >/dev/null
check 'it is told' wait_until 10 eval "grep -q 'entries that no gateway has written' $bed_dir/1/gate511.log"
check 'no session of it' none_has "$(mac_number 21)"
equal 'both have what they had' "$(known 1) $(known 2)" '1 1'
redis del "gate511:s:$(mac_number 20)" "gate511:s:$(mac_number 21)" gate511:s:nobody >/dev/null
all_is_well 'entries of somebody else'
redis set "gate511:s:$(mac_number 22)" x >/dev/null
check 'one of another type keeps nobody from its client' on 1 ctl session add "$(mac_number 22)" --ttl 1h
check 'nor from others' wait_until 2 all_have "$(mac_number 22)"
on 1 ctl session revoke "$(mac_number 22)" >/dev/null

step 'a stream that somebody else has written to'
forged() { [ "$(on 1 ctl -j stats | jq .store.shared.forged)" -ge "$1" ]; }
for forgery in 'xadd gate511:stream 9223372036854775806-0 p 0' 'set gate511:seq 9223372036854775806' 'set gate511:seq x' \
  'set gate511:stream x' "hset gate511:s:$mac v 9223372036854775806"; do
  read -ra words <<<"$forgery"
  redis "${words[@]}" >/dev/null
  check "$forgery: an add is taken soon" wait_until 5 on 2 ctl session add "$(mac_number 3)" --ttl 1h
  all_is_well "$forgery"
done
check 'it is counted' forged 1
matches 'and told' "$(cat "$bed_dir"/[12]/gate511.log)" 'had changes that no gateway has written, behind which none could be told'

step 'another password'
redis config set requirepass another >/dev/null
in_ns server redis-cli --no-auth-warning -a another client kill type normal >/dev/null
check 'it is told' wait_until 8 tells 1 'does not take the password'
nothing_is_lost password
in_ns server redis-cli --no-auth-warning -a another config set requirepass a@secret >/dev/null
all_is_well password

step 'another program'
end_process "$redis_pid"
for kind in http noise huge deep ok lists errors echo; do
  # So that what is told is of this one.
  check "$kind: nobody is there before it" wait_until 20 tells 1 'cannot be reached'
  in_background server nonsense.log /usr/bin/python3 "$smoke_lib/nonsense.py" 6379 "$kind"
  nonsense_pid=$background_pid
  check "$kind: health tells it" wait_until 8 tells 1 '203.0.113.5:6379/0 (what it answers|answers nonsense|an answer of it|does not|refuses|takes no|it answers|has not answered|takes no script|the connection broke|closed)'
  sleep 2
  no_match "$kind: health has no password" "$(health_of 1)" 'a@secret'
  nothing_is_lost "$kind"
  end_process "$nonsense_pid"
done
no_match 'no line of a log has what it said' "$(cat -v "$bed_dir/1/gate511.log")" '\^\['
no_match 'nor the password' "$(cat "$bed_dir/1/gate511.log" "$bed_dir"/2/gate511.log)" 'a@secret'
redis_up
all_is_well 'another program'

step 'a number that is taken'
use_gateway 2
gateway_stop
gateway_sessions=('gateway = 1' "copy = \"$gateway_dir/copy.db\"")
write_config
refused=$(gateway "$(program gate511)" --config "$gateway_dir/gate511.toml" 2>&1 || true)
matches "another gateway's copy is refused" "$refused" 'copy.db is the copy of "gate511:" at gateway 2, not the copy of "gate511:" at gateway 1; give'
gateway_sessions=('gateway = 1' "copy = \"$gateway_dir/other.db\"")
gateway_start
matches 'it is turned away' "$(health_of 2)" 'knows another gateway as number 1'
check_fails 'and lets nobody in' has 2 "$mac"
gateway_stop
check 'its holder has it still' test "$(redis --raw exists gate511:gateway:1)" = 1
on 1 gateway_stop
check 'who has stopped has given it back' test "$(redis --raw exists gate511:gateway:1)" = 0
gateway_start
check 'another takes it at once' wait_until 2 eval "on 2 ctl -j health | jq -e '.status == \"ok\"' >/dev/null"
gateway_stop
# Killed, and started again within another boot: for the server it might be a clone.
on 1 gateway_start
kill_gateway 1
echo 00000000-0000-4000-8000-000000000511 >"$bed_dir/boot_id"
# shellcheck disable=SC2016 # for the shell that is started
gateway_run=(unshare -m sh -c 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"' "$bed_dir/boot_id")
on 1 gateway_start
gateway_run=()
matches 'a clone is turned away' "$(cat "$bed_dir/1/gate511.log")" 'knows another gateway as number 1'
use_gateway 2
gateway_start
all_is_well 'a number that is taken'

step 'another server takes over'
for n in 1 2; do on "$n" gateway_stop; done
mkdir -p "$bed_dir/replica" "$bed_dir/sentinel"
cat >"$bed_dir/sentinel/sentinel.conf" <<CONFIG
port 26379
dir $bed_dir/sentinel
sentinel monitor venues 203.0.113.5 6379 1
sentinel auth-pass venues a@secret
sentinel down-after-milliseconds venues 1000
sentinel failover-timeout venues 5000
CONFIG
in_background server replica.log redis-server --bind 0.0.0.0 --port 6380 --dir "$bed_dir/replica" --save '' \
  --requirepass a@secret --masterauth a@secret --replicaof 203.0.113.5 6379
replica_pid=$background_pid
in_background server sentinel.log redis-server "$bed_dir/sentinel/sentinel.conf" --sentinel
sentinel_pid=$background_pid
redis_named='redis+sentinel://:a%40secret@203.0.113.254,203.0.113.5/venues/0'
use_gateway 1
for n in 1 2; do on "$n" gateway_start; done
all_is_well 'a sentinel names the server'
knows_replica() { redis -p 26379 sentinel replicas venues | grep -q 6380 && redis -p 6380 --raw exists "gate511:s:$mac" | grep -q 1; }
check 'it has a replica' wait_until 30 knows_replica
redis -p 26379 acl setuser default resetpass '>a@secret' >"$bed_dir/acl"
check 'a sentinel that wants a password from now on' grep -q NOAUTH <(in_ns server redis-cli -p 26379 ping)
kill -KILL "$redis_pid"
wait "$redis_pid" 2>/dev/null || true
check 'the replica is the server now' wait_until 40 eval "redis -p 6380 role | grep -q master"
check 'it is taken' wait_until 30 eval "on 1 ctl session add $(mac_number 30) --ttl 1h"
all_is_well 'another server has taken over'
for n in 1 2; do on "$n" gateway_stop; done
end_process "$sentinel_pid"
end_process "$replica_pid"
redis_up
redis_named=
use_gateway 1
for n in 1 2; do on "$n" gateway_start; done
all_is_well 'the former is back'

step 'by TLS'
for n in 1 2; do on "$n" gateway_stop; done
end_process "$redis_pid"
mkdir -p "$bed_dir/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=redis \
  -addext 'subjectAltName=IP:203.0.113.5,IP:203.0.113.9' -keyout "$bed_dir/tls/key.pem" -out "$bed_dir/tls/cert.pem" 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=other \
  -keyout "$bed_dir/tls/other.key" -out "$bed_dir/tls/other.pem" 2>/dev/null
redis_options=(--tls-port 6390 --tls-cert-file "$bed_dir/tls/cert.pem" --tls-key-file "$bed_dir/tls/key.pem" --tls-auth-clients no)
redis_up
redis_scheme=rediss redis_port=6390
several_sessions=("store_ca = \"$bed_dir/tls/cert.pem\"")
use_gateway 1
for n in 1 2; do on "$n" gateway_start; done
all_is_well TLS
several_sessions=("store_ca = \"$bed_dir/tls/other.pem\"")
use_gateway 1
gateway_stop
gateway_start
matches 'a certificate that nobody has signed is told' "$(health_of 1)" 'its certificate is not trusted'
check 'and the gateway has its sessions' has 1 "$mac"

several_end
