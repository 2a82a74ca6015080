# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154  # shared with what sources it
# SPDX-License-Identifier: BSD-3-Clause
#
# Several gateways that share sessions by a real Redis, each with a client and a network of its own:
#
#   client1 ---- [ gateway1 ] ---- net1
#   client2 ---- [ gateway2 ] ---- net2      each with a cable of its own to  server  (Redis)
#   client3 ---- [ gateway3 ] ---- net3
#
# All clients have the same MAC: one who roams is the same client at another gateway.

readonly several_mac=02:00:5e:00:53:01
several_count=0
several_pids=()
redis_pid=
redis_options=()  # more of its command line

# several_up COUNT: namespaces, cables and the server; no gateway runs yet.
several_up() {
  local n
  [ "$(id -u)" -eq 0 ] || die 'the test bed makes network namespaces: run it as root'
  bed_dir=$(mktemp -d /tmp/gate511-smoke.XXXXXX)
  chmod 0755 "$bed_dir"
  trap bed_down EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  add_namespace server
  several_count=$1
  for ((n = 1; n <= $1; n++)); do add_site "$n"; done
  use_gateway 1
  redis_up
}

# add_site N
add_site() {
  local n=$1
  use_gateway "$n"
  mkdir -p "$gateway_dir"
  add_namespace "client$n"
  add_namespace "gateway$n"
  add_namespace "net$n"
  add_cable "client$n" c0 "gateway$n" access
  add_cable "net$n" n0 "gateway$n" uplink
  add_cable "server" "s$n" "gateway$n" back
  as_port access
  as_port uplink
  ip -n "$(ns "client$n")" link set c0 address "$several_mac"
  client_addresses "client$n" c0 "$client4" "$client6"
  ip -n "$(ns "net$n")" address add "$router4/24" dev n0
  ip -n "$(ns "net$n")" address add "$origin4/32" dev lo
  ip -n "$(ns server)" address add "203.0.113.$((4 * n + 1))/30" dev "s$n"
  ip -n "$(ns "gateway$n")" address add "203.0.113.$((4 * n + 2))/30" dev back
  ip -n "$(ns "gateway$n")" route add default via "203.0.113.$((4 * n + 1))"
}

# use_gateway N: the one that is meant from now on.
use_gateway() {
  [ -z "$gateway_pid" ] || several_pids[current_gateway]=$gateway_pid
  current_gateway=$1
  gateway_ns=gateway$1
  gateway_dir=$bed_dir/$1
  gateway_pid=${several_pids[$1]-}
  gateway_sessions=("gateway = $1" "copy = \"$gateway_dir/copy.db\"" "${several_sessions[@]}")
  gateway_store=$(redis_url "$1")
}
several_sessions=()

# How a gateway speaks with the server.
redis_scheme=redis
redis_port=6379
redis_user=   # an empty one is the server's `default`
redis_named=  # the whole URL instead, where sentinels name the server
redis_url() {
  local own
  printf -v own '%s://%s:a%%40secret@203.0.113.%d:%d/0' "$redis_scheme" "$redis_user" $((4 * $1 + 1)) "$redis_port"
  printf '%s' "${redis_named:-$own}"
}

# on N COMMAND...: with that gateway.
on() {
  local former=$current_gateway status=0
  use_gateway "$1"
  shift
  "$@" || status=$?
  several_pids[current_gateway]=$gateway_pid
  use_gateway "$former"
  return "$status"
}

redis_up() {
  mkdir -p "$bed_dir/redis"
  in_background server redis.log redis-server --bind 0.0.0.0 --port 6379 --dir "$bed_dir/redis" \
    --requirepass 'a@secret' --appendonly yes --appendfsync everysec --save '' \
    --enable-debug-command yes "${redis_options[@]}"
  redis_pid=$background_pid
  wait_until 5 redis_is_up || die "Redis did not start: $(<"$bed_dir/redis.log")"
}

# redis_as_told: the gateways are a user who may do what the line of docs/scaling.md lets it, and no more.
redis_as_told() {
  local may=()
  read -ra may < <(sed -n 's/^ *ACL SETUSER gate511 on >PASSWORD //p' "$smoke_root/docs/scaling.md")
  [ ${#may[@]} -gt 0 ] || die 'docs/scaling.md has no line ACL SETUSER gate511 on >PASSWORD ...'
  redis_user=gate511
  redis_options+=(--user gate511 on '>a@secret' "${may[@]}")
}

redis_is_up() { [ "$(redis ping)" = PONG ]; }

redis() { in_ns server timeout 5 redis-cli --no-auth-warning -a 'a@secret' -h 127.0.0.1 "$@"; }

redis_kill() {
  kill -KILL "$redis_pid"
  wait "$redis_pid" 2>/dev/null || true
}

# cut_off N, and join_again N: its cable to the server.
cut_off() { ip -n "$(ns server)" link set "s$1" down; }
join_again() { ip -n "$(ns server)" link set "s$1" up; }

start_all() {
  local n
  for ((n = 1; n <= several_count; n++)); do on "$n" gateway_up; done
}

# kill_gateway N: as if its power were lost.
kill_gateway() {
  on "$1" kill_this_gateway
}
kill_this_gateway() {
  kill -KILL "$gateway_pid"
  wait "$gateway_pid" 2>/dev/null || true
  gateway_pid=
  several_pids[current_gateway]=
}

# has N MAC, lacks N MAC: it holds a session of that client.
has() { on "$1" ctl -j session get "$2" >/dev/null 2>&1; }
lacks() { ! has "$1" "$2"; }
all_have() { local n; for ((n = 1; n <= several_count; n++)); do has "$n" "$1" || return 1; done; }
none_has() { local n; for ((n = 1; n <= several_count; n++)); do lacks "$n" "$1" || return 1; done; }
# field N MAC FILTER: of its session.
field() { on "$1" ctl -j session get "$2" | jq -r ".session.$3"; }
is_well() { on "$1" ctl health 2>/dev/null | grep -q '^ok'; }
# all_well: and each has read all that the server has.
is_synced() { [ "$(on "$1" ctl -j stats | jq .store.shared.synced)" = true ]; }
all_well() { local n; for ((n = 1; n <= several_count; n++)); do is_well "$n" && is_synced "$n" || return 1; done; }
# told_by N: all its sessions, without what is counted or is of that moment.
told_by() {
  on "$1" ctl -j session list | jq -c '.sessions | sort_by(.mac)[] |
    del(.ttl_s, .idle_s, .first_seen, .last_seen, .packets_up, .bytes_up, .packets_down, .bytes_down)'
}
told_alike() { local n; for ((n = 2; n <= several_count; n++)); do [ "$(told_by "$n")" = "$(told_by 1)" ] || return 1; done; }
# passes N: what client N sends comes through gateway N.
passes() { in_ns "client$1" ping -q -c 2 -W 1 -i 0.05 "$origin4"; }

# becomes N MAC: client N is that client from now on.
becomes() {
  ip -n "$(ns "client$1")" link set c0 address "$2"
  ip -n "$(ns "net$1")" neigh flush dev n0
}
# answered N: the status that the web gives client N, 511 to who is not let in.
answered() { in_ns "client$1" curl -s -o /dev/null -m 5 -w '%{http_code}' "http://$origin4/" || true; }

# several_end: the last line of a script.
several_end() {
  local n
  for ((n = 1; n <= several_count; n++)); do
    use_gateway "$n"
    [ -z "$gateway_pid" ] || gateway_stop
    several_pids[n]=
  done
  gateway_pid=
  [ "$checks_failed" -eq 0 ] || exit 1
}
