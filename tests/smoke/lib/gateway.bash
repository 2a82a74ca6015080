# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154  # shared with what sources it
# SPDX-License-Identifier: BSD-3-Clause
#
# The program under test in the `gateway` namespace: its ports, its configuration, its start and
# stop, its control socket, and what must hold whenever it is at rest.
#
# SMOKE_PORTS (or `--ports`) chooses the ports: af_packet, tap or af_xdp.
# GATE511_BUILD is the build directory, `build` if not set.

readonly gateway_build=${GATE511_BUILD:-$smoke_root/build}
readonly gateway_huge_pages=256  # of 2 MiB

gateway_ports=${SMOKE_PORTS:-af_packet}
gateway_pid=
gateway_mbufs_at_start=
# What a script changes in the configuration before it starts the gateway.
gateway_https=reset
gateway_link=()  # more lines of [[link]]
gateway_portal=()  # more lines of [portal]
gateway_response=()  # more lines of [response]
gateway_network="Example Wi-Fi"
gateway_default_ttl_s=86400
gateway_on_store_failure=refuse
gateway_store=  # the bed's, if empty
gateway_sessions=()  # more lines of [sessions]
gateway_capacity=65536
gateway_key=mac  # what sessions are known by
gateway_env=()  # more of its environment: NAME=VALUE
gateway_run=()  # a command that starts the daemon, whose command line is its last arguments
gateway_control=()  # more lines of [control]
gateway_metrics=()  # lines of [metrics]
gateway_dpdk=()  # more of dpdk.args
gateway_budget=()  # lines of [guest.budget]
gateway_guest=()  # more lines of [guest]
gateway_garden=()  # more lines of [garden]
gateway_sections=()  # more lines behind them all: sections of the script's own
gateway_group=    # of the control socket
gateway_user=games  # whom the daemon becomes: one that every Debian has; empty: it stays root

# --- Ports ---------------------------------------------------------------------------------------

# The DPDK names of the two ports, and the devices that make them.
access_port() { printf 'net_%s0' "$gateway_ports"; }
uplink_port() { printf 'net_%s1' "$gateway_ports"; }

port_devices() {
  case $gateway_ports in
    af_packet) echo --vdev=net_af_packet0,iface=access --vdev=net_af_packet1,iface=uplink ;;
    af_xdp) echo --vdev=net_af_xdp0,iface=access --vdev=net_af_xdp1,iface=uplink ;;
    tap) echo --vdev=net_tap0,iface=tap0 --vdev=net_tap1,iface=tap1 ;;
    *) die "no such kind of ports: $gateway_ports; it is af_packet, tap or af_xdp" ;;
  esac
}

# The kernel's ends of TAP ports come and go with the program; each is joined with its cable.
join_ports() {
  [ "$gateway_ports" = tap ] || return 0
  join access tap0
  join uplink tap1
}

join() {
  as_port "$2"
  ip -n "$(ns "$gateway_ns")" link set "$2" up
  redirect "$1" "$2"
  redirect "$2" "$1"
}

# redirect FROM TO: every frame that comes in by one interface goes out by the other.
redirect() {
  tc -n "$(ns "$gateway_ns")" qdisc replace dev "$1" clsact
  tc -n "$(ns "$gateway_ns")" filter replace dev "$1" ingress prio 1 handle 800::1 protocol all \
    u32 match u32 0 0 action mirred egress redirect dev "$2"
}

# --- Start and stop ------------------------------------------------------------------------------

# program NAME: its path in the build directory.
program() {
  local path
  path=$(find "$gateway_build" -type f -name "$1" -perm -u+x -print -quit 2>/dev/null)
  [ -n "$path" ] || die "no program $1 in $gateway_build: build first"
  printf '%s' "$path"
}

lcores() { if [ "$(nproc)" -ge 2 ]; then echo 0-1; else echo 0@0,1@0; fi; }

quoted() { printf '"%s", ' "$@"; }

# The configuration of the test bed, on standard output.
gateway_config() {
  local devices
  read -ra devices <<<"$(port_devices)"
  cat <<CONFIG
[dpdk]
args = [$(quoted --no-pci "${devices[@]}" "${gateway_dpdk[@]}")]
lcores = "$(lcores)"

[[link]]
name = "venue"
access = "$(access_port)"
uplink = "$(uplink_port)"
$(printf '%s\n' "${gateway_link[@]}")

[sessions]
capacity = $gateway_capacity
key = "$gateway_key"
default_ttl_s = $gateway_default_ttl_s
store = "${gateway_store:-$gateway_dir/sessions.db}"
on_store_failure = "$gateway_on_store_failure"
$(printf '%s\n' "${gateway_sessions[@]}")

[portal]
url = "$portal_url"
secret_file = "$bed_dir/link.key"
$(printf '%s\n' "${gateway_portal[@]}")

[response]
network_name = "$gateway_network"
https = "$gateway_https"
$(printf '%s\n' "${gateway_response[@]}")

[guest]
resolvers = ["$resolver4", "$resolver6"]
ntp = ["$router4"]
$(printf '%s\n' "${gateway_guest[@]}")

[guest.budget]
$(printf '%s\n' "${gateway_budget[@]}")

[garden]
cidrs = ["$portal4/32", "$portal6/128"]
state = "$gateway_dir/garden.jsonl"
$(printf '%s\n' "${gateway_garden[@]}")

[metrics]
$(printf '%s\n' "${gateway_metrics[@]}")

[privileges]
user = "$gateway_user"

[control]
socket = "$gateway_dir/control.sock"
status_socket = "$gateway_dir/status.sock"
group = "$gateway_group"
$(printf '%s\n' "${gateway_control[@]}")

$(printf '%s\n' "${gateway_sections[@]}")
CONFIG
  gateway_zones
}

# The zones of the configuration, on standard output: a script has its own.
gateway_zones() { :; }

# two_links: the ports access2 and uplink2, which the script has made, are those of a link `annex`, and a
# second worker serves them.
# shellcheck disable=SC2317  # they are called where the daemon is started
two_links() {
  port_devices() {
    echo --vdev=net_af_packet0,iface=access --vdev=net_af_packet1,iface=uplink \
      --vdev=net_af_packet2,iface=access2 --vdev=net_af_packet3,iface=uplink2
  }
  lcores() { echo 0@0,1@0,2@1; }
  gateway_zones() {
    printf '[[link]]\nname = "annex"\naccess = "net_af_packet2"\nuplink = "net_af_packet3"\n'
  }
}

write_config() {
  [ -e "$bed_dir/link.key" ] || (umask 077 && head -c 32 /dev/urandom >"$bed_dir/link.key")
  gateway_config >"$gateway_dir/gate511.toml"
  [ -n "$gateway_user" ] || return 0
  chown "$gateway_user" "$bed_dir/link.key"
  # Still root's, as some of the bed's servers are root without the right to others' files.
  chgrp "$(id -g "$gateway_user")" "$bed_dir" "$gateway_dir"
  chmod 0770 "$bed_dir" "$gateway_dir"
}

# gateway_up: huge pages where there is room, the daemon, and what it shows at rest.
gateway_up() {
  [ "$bed_huge_pages_added" -gt 0 ] || take_huge_pages "$gateway_huge_pages"
  gateway_start
}

gateway_start() {
  write_config
  launch_gateway
  if ! wait_until 20 gateway_is_ready || ! gateway_runs; then
    die "gate511 did not get ready:
$(<"$gateway_dir/gate511.log")"
  fi
  join_ports
  gateway_mbufs_at_start=
  wait_until 5 mbufs_are_at_rest || true
}

# mbufs_are_at_rest: none is in use, or as many as at the reading before; a frame of the kernel's own,
# as interfaces come up, may be on its way.
mbufs_are_at_rest() {
  local before=$gateway_mbufs_at_start
  gateway_mbufs_at_start=$(stat_of .mbufs.in_use)
  [ "$gateway_mbufs_at_start" = 0 ] || [ "$gateway_mbufs_at_start" = "$before" ]
}

# launch_gateway [CONFIG]: starts it and does not wait. A shell's background processes ignore SIGINT,
# which is given back.
launch_gateway() {
  local binary
  binary=$(program gate511)
  : >"$gateway_dir/gate511.log"
  RUNTIME_DIRECTORY=$gateway_dir in_background "$gateway_ns" "${gateway_dir#"$bed_dir"}/gate511.log" env --default-signal=INT \
    "${gateway_env[@]}" "${gateway_run[@]}" "$binary" --config "${1:-$gateway_dir/gate511.toml}"
  gateway_pid=$background_pid
}

gateway_is_ready() {
  ! kill -0 "$gateway_pid" 2>/dev/null || grep -q '^gate511: ready' "$gateway_dir/gate511.log"
}

# is_sanitized: its memory is watched, which takes memory for itself.
is_sanitized() { grep -qF __asan_init "$(program gate511)"; }

gateway_runs() { [ -n "$gateway_pid" ] && kill -0 "$gateway_pid" 2>/dev/null; }

# gateway_stop [SIGNAL]: it must end by itself, well, and in less than a second.
gateway_stop() {
  local signal=${1:-TERM} status=0 since
  gateway_runs || {
    failed 'the gateway runs' "$(tail -n 20 "$gateway_dir/gate511.log")"
    gateway_pid=
    return
  }
  since=$(now_ms)
  kill -s "$signal" "$gateway_pid"
  wait_until 10 process_ended "$gateway_pid" || kill -KILL "$gateway_pid"
  within_ms "the gateway stops in a second on SIG$signal" 1000 "$since"
  wait "$gateway_pid" || status=$?
  equal "the gateway ends with exit 0 on SIG$signal" "$status" 0
  gateway_pid=
}

# The id of a worker's thread.
worker_thread() {
  grep -lE '^rte-worker|^dpdk-worker|^lcore-worker' "/proc/$gateway_pid"/task/*/comm | head -n 1 |
    cut -d / -f 5
}

# --- Control -------------------------------------------------------------------------------------

ctl() { "$(program gate511ctl)" -s "$gateway_dir/control.sock" "$@"; }

let_in() { ctl session add "$(mac_of "${1:-client}")" --ttl "${2:-1h}"; }

send_away() { ctl session revoke "$(mac_of "${1:-client}")"; }

# stat_of FILTER: a number of `stats.get`, by a jq filter.
stat_of() { ctl -j stats | jq -e "$1"; }

# verdict NAME: how many frames it had.
verdict() { stat_of ".verdicts.$1"; }

# --- At rest -------------------------------------------------------------------------------------

# How many mbufs may be out. An AF_XDP port gets what it has sent back only when it sends again: two
# ports, the last burst of each.
mbufs_out() { if [ "$gateway_ports" = af_xdp ]; then echo 64; else echo 0; fi; }

# Retried, as the numbers are read while a frame may be on its way.
invariant_holds() {
  ctl -j stats | jq -e --argjson start "$gateway_mbufs_at_start" --argjson out "$(mbufs_out)" '
    .frames_in == .forwarded + .answered + .held + .dropped and
    .mbufs.in_use >= $start and .mbufs.in_use <= $start + $out' >/dev/null
}

check_invariant() {
  if wait_until 5 invariant_holds; then
    passed 'every frame is accounted for, every mbuf is back'
  else
    failed 'every frame is accounted for, every mbuf is back' \
      "in use at start: $gateway_mbufs_at_start
$(ctl -j stats | jq -c '{frames_in, forwarded, answered, held, dropped, mbufs}')"
  fi
}

# smoke_end: the last line of every smoke script.
smoke_end() {
  if [ -n "$gateway_pid" ]; then
    check_invariant
    gateway_stop
  fi
  [ "$checks_failed" -eq 0 ] || exit 1
}
