#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A pair of gateways between two switches that speak spanning tree, as docs/operations.md describes it: the
# standby's path is blocked until the active one is killed, hangs or loses its cables. What has a session goes
# on by the other; a guest passes by neither, at no time.
#
#            +-- gateway --+
#   client --+ floor  core +-- net
#            +-- standby --+
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# The shortest that the kernel's bridge takes: a hello a second, lost after 6 s, and 2 s each of listening and learning.
# A real switch says 2, 20 and 15 s, or uses RSTP.
# At a change it is slow to forget what was where, which it is told to do after 1 s.
readonly timers=(forward_delay 200 hello_time 100 max_age 600 ageing_time 100)
readonly lost_ms=$((1000 * (6 + 2 * 2 + 2 + 3))) unplugged_ms=$((1000 * (2 * 2 + 2 + 3)))  # a little is the machine's

# switch NAMESPACE PRIORITY INTERFACE...: a bridge of these.
switch() {
  local name=$1 priority=$2 interface
  in_ns "$name" sysctl -qw net.ipv6.conf.{all,default}.disable_ipv6=1
  ip -n "$(ns "$name")" link add switch type bridge stp_state 1 "${timers[@]}" priority "$priority" mcast_snooping 0
  ip -n "$(ns "$name")" link set switch up
  shift 2
  for interface; do
    ip -n "$(ns "$name")" link set "$interface" master switch up
  done
}

# plug NAMESPACE INTERFACE TO: the gateway's end of a cable is a switch's now.
plug() {
  ip -n "$(ns gateway)" link set "$2" down
  ip -n "$(ns gateway)" link set "$2" netns "$(ns "$1")" name "$3"
}

# way: which of the two the spanning tree sends frames by: the near switch's port towards the far one, once it is open.
way() {
  local root
  root=$(ip -n "$(ns floor)" -j -d link show switch | jq '.[0].linkinfo.info_data.root_port')
  ip -n "$(ns floor)" -j -d link show master switch | jq -r --arg root "$(printf '0x%x' "$root")" '.[]
    | select(.linkinfo.info_slave_data | .no == $root and .state == "forwarding") | .ifname'
}
way_is() { [ "$(way)" = "$1" ]; }

standby_ctl() { "$(program gate511ctl)" -s "$bed_dir/standby/control.sock" "$@"; }
standby_is_ready() { grep -q '^gate511: ready' "$bed_dir/standby.log" && standby_ctl health; }

# The second machine: the same configuration and key, a store and sockets of its own.
start_standby() {
  local folder=$bed_dir/standby
  mkdir -p "$folder"
  chown "$gateway_user:$(id -g "$gateway_user")" "$folder"
  sed -E "s|\"$bed_dir/(sessions.db\|control.sock\|status.sock\|garden.jsonl)\"|\"$folder/\1\"|; s|^lcores = .*|lcores = \"0@1,1@0\"|" \
    "$bed_dir/gate511.toml" >"$folder/gate511.toml"
  RUNTIME_DIRECTORY=$folder in_background standby standby.log "$(program gate511)" --config "$folder/gate511.toml"
  wait_until 20 standby_is_ready || die "the standby did not get ready:
$(<"$bed_dir/standby.log")"
}

# What a portal does.
add_to_both() { ctl session add "$1" --ttl 1h && standby_ctl session add "$1" --ttl 1h; }

status_of() { in_ns "${1:-client}" curl -s -o /dev/null -m 2 -w '%{http_code}' "http://$origin4/" || true; }
passes() { client ping -q -c 1 -W 1 "$origin4"; }

# gap SINCE UNTIL: the longest time without an answer to the pings of the client, in ms, between two times of now_ms.
gap() {
  awk -v since="$1" -v until="$2" -F '[][]' '
    function seen(at) { if (at - last > longest) longest = at - last; last = at }
    BEGIN { last = since }
    /bytes from/ { at = $2 * 1000; if (at >= since && at <= until) seen(at) }
    END { seen(until); printf "%d\n", longest }' "$bed_dir/pings"
}

# goes_over WHAT LIMIT-MS COMMAND...: what happens to the active one, and how long the client waits.
goes_over() {
  local what=$1 limit=$2 since took
  shift 2
  step "$what"
  since=$(now_ms)
  "$@"
  check "$what: the other takes over" wait_until 30 way_is standby
  check "$what: the client passes" wait_until 10 passes
  sleep 0.5
  took=$(gap "$since" "$(now_ms)")
  printf 'note: %s: the client was without the network for %s ms\n' "$what" "$took"
  check "$what: in no more than $limit ms" test "$took" -le "$limit"
  check "$what: it was without it at all" test "$took" -ge 1000
  equal "$what: a guest gets the page, from the other" "$(status_of guest)" 511
}

comes_back() {
  local since
  since=$(now_ms)
  check "$1: the active one has it again" wait_until 30 way_is gateway
  check "$1: the client passes again" wait_until 10 passes
  sleep 0.5
  printf 'note: %s, and back: %s ms without the network\n' "$1" "$(gap "$since" "$(now_ms)")"
}

cables() {
  ip -n "$(ns floor)" link set gateway "$1"
  ip -n "$(ns core)" link set gateway "$1"
}

bed_up
for name in floor core standby; do add_namespace "$name"; done
plug floor access clients
plug core uplink net
add_cable floor gateway gateway access
add_cable core gateway gateway uplink
add_cable floor standby standby access
add_cable core standby standby uplink
for interface in access uplink; do
  as_port "$interface"
  in_ns standby sysctl -qw "net.ipv6.conf.$interface.disable_ipv6=1"
  ip -n "$(ns standby)" link set "$interface" promisc on
done
add_client guest
take_huge_pages 512
switch core 4096 net gateway standby
switch floor 8192 clients gateway standby
bridge -n "$(ns floor)" link set dev standby cost 1000
gateway_start
start_standby

step 'a pair'
check 'one path is open, the other blocked' wait_until 30 way_is gateway
check 'the client is let in on both' add_to_both "$(mac_of client)"
equal 'the client passes' "$(status_of)" 200
equal 'a guest gets the page' "$(status_of guest)" 511

client ping -D -i 0.1 "$origin4" >"$bed_dir/pings" 2>&1 &
bed_pids+=($!)
# All that the guest sends is counted where it would come out; it tries all the time.
net nft "table inet guest { counter passed {}; chain in { type filter hook prerouting priority -300;
  ether saddr $(mac_of guest) tcp dport {80, 443} counter name passed; }; }"
guest_passed() { net nft -j list counter inet guest passed | jq '.nftables[1].counter.packets'; }
# shellcheck disable=SC2016  # for the shell there
in_background guest guest.log bash -c 'while :; do
  curl -s -o /dev/null -m 1 -w "%{http_code}\n" "http://$0/"; curl -sk -o /dev/null -m 1 "https://$0/"; sleep 0.05; done' "$origin4"
guest_pid=$background_pid

readonly gone=02:00:5e:00:53:78 late=02:00:5e:00:53:77
add_to_both "$gone" >/dev/null
goes_over 'killed' "$lost_ms" kill -KILL "$gateway_pid"
wait "$gateway_pid" 2>/dev/null || true
# What changes while one of them is away.
standby_ctl session add "$late" --ttl 1h >/dev/null
standby_ctl session revoke "$gone" >/dev/null
# What a machine does that comes back: its own store is behind.
standby_ctl export >"$bed_dir/other"
rm -f "$bed_dir"/sessions.db*
gateway_start
check 'killed, and back: it takes over what the other has' ctl import "$bed_dir/other"
equal 'killed, and back: their sessions are alike' "$(ctl export | jq -r .mac)" "$(printf '%s\n' "$(mac_of client)" "$late" | sort)"
comes_back 'killed'

goes_over 'hanging' "$lost_ms" kill -STOP "$gateway_pid"
kill -CONT "$gateway_pid"
comes_back 'hanging'

goes_over 'without its cables' "$unplugged_ms" cables down
cables up
comes_back 'without its cables'

step 'the guest'
end_process "$guest_pid"
got=$(sort "$bed_dir/guest.log" | uniq -c)
printf 'note: what the guest got: %s\n' "$(awk '{ printf "%s%s times %s", (NR > 1 ? ", " : ""), $1, $2 }' <<<"$got")"
check 'it asked on and on' test "$(grep -c 511 "$bed_dir/guest.log")" -ge 10
no_match 'it never got the page of the origin' "$got" ' [2345]00$'
equal 'not one frame of its connections came out' "$(guest_passed)" 0
check 'let in, it passes' add_to_both "$(mac_of guest)"
equal 'and is counted' "$(status_of guest) $(test "$(guest_passed)" -gt 0 && echo counted)" '200 counted'

smoke_end
