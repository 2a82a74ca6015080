# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154  # shared with what sources it
# SPDX-License-Identifier: BSD-3-Clause
#
# The test bed: network namespaces joined as a venue would be, with real servers behind the uplink.
#
#   client ---- access [ gateway ] uplink ---- net
#     c0                                        n0
#
# Nothing joins the two sides but the program under test. Each run has namespaces of its own, and an
# EXIT trap takes all of it away again: processes, namespaces, files, huge pages.

readonly smoke_lib=${BASH_SOURCE[0]%/*}

# Addresses. Those of the origin are beyond the router, those of the portal and the resolver on the
# client's own network.
readonly router4=192.0.2.1 router6=2001:db8::1
readonly portal4=192.0.2.10 portal6=2001:db8::10
readonly resolver4=192.0.2.53 resolver6=2001:db8::53
readonly origin4=198.51.100.80 origin6=2001:db8:80::80
readonly other_resolver4=198.51.100.53 other_resolver6=2001:db8:80::53
readonly client4=192.0.2.100 client6=2001:db8::100
portal_url=http://$portal4/login  # a script with a portal of its own changes it

bed_pids=()
bed_namespaces=()
bed_clients=0
bed_dir=
bed_huge_pages_added=0
# The gateway that is meant: its namespace, and the folder with its files. Most beds have but one.
gateway_ns=gateway
gateway_dir=

ns() { printf 'g511-%d-%s' "$$" "$1"; }

# in_ns NAMESPACE COMMAND...
in_ns() {
  local name=$1
  shift
  ip netns exec "$(ns "$name")" "$@"
}

client() { in_ns client "$@"; }
net() { in_ns net "$@"; }
gateway() { in_ns "$gateway_ns" "$@"; }

# in_background NAMESPACE LOG COMMAND...: runs until the bed goes down. Its id is in $background_pid.
in_background() {
  local name=$1 log=$bed_dir/$2
  shift 2
  ip netns exec "$(ns "$name")" "$@" </dev/null >>"$log" 2>&1 &
  background_pid=$!
  bed_pids+=("$background_pid")
}

# end_process PID: SIGTERM, and SIGKILL where that does not help within 5 s.
end_process() {
  kill "$1" 2>/dev/null || return 0
  wait_until 5 process_ended "$1" || kill -KILL "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

process_ended() { ! kill -0 "$1" 2>/dev/null; }

# --- Up and down ---------------------------------------------------------------------------------

# bed_up: the two sides, and the servers of `net`.
bed_up() {
  [ "$(id -u)" -eq 0 ] || die 'the test bed makes network namespaces: run it as root'
  bed_dir=$(mktemp -d /tmp/gate511-smoke.XXXXXX)
  gateway_dir=$bed_dir
  trap bed_down EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  add_namespace client
  add_namespace gateway
  add_namespace net
  add_cable client c0 gateway access
  add_cable net n0 gateway uplink
  as_port access
  as_port uplink
  bed_clients=1
  client_addresses client c0 "$client4" "$client6"
  net_addresses
  start_servers
}

bed_down() {
  local status=$? pid name
  trap - EXIT
  trap '' INT TERM
  for pid in "${bed_pids[@]}"; do end_process "$pid"; done
  for name in "${bed_namespaces[@]}"; do
    for pid in $(ip netns pids "$name" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null || true; done
    ip netns delete "$name" || true
    rm -rf "/etc/netns/$name"
  done
  rmdir /etc/netns 2>/dev/null || true
  return_huge_pages
  if [ "$status" -ne 0 ] && [ -n "${SMOKE_KEEP_LOGS-}" ]; then
    printf 'logs are in %s\n' "$bed_dir" >&2
  else
    rm -rf "$bed_dir"
  fi
  exit "$status"
}

add_namespace() {
  local name
  name=$(ns "$1")
  ip netns add "$name"
  bed_namespaces+=("$name")
  # No address detection and no autoconfiguration: what is not the test's is not on the wire.
  in_ns "$1" sysctl -qw net.ipv6.conf.{all,default}.{accept_dad,accept_ra,router_solicitations}=0
  ip -n "$name" link set lo up
  mkdir -p "/etc/netns/$name"
  printf 'nameserver %s\noptions timeout:2 attempts:2\n' "$resolver4" >"/etc/netns/$name/resolv.conf"
}

# add_cable NAMESPACE INTERFACE NAMESPACE INTERFACE
add_cable() {
  ip link add "$2" netns "$(ns "$1")" type veth peer name "$4" netns "$(ns "$3")"
  offloads_off "$1" "$2"
  offloads_off "$3" "$4"
  ip -n "$(ns "$1")" link set "$2" up
  ip -n "$(ns "$3")" link set "$4" up
}

# With them on, a checksum is left to a NIC that is not there, and TCP hangs where ping passes.
offloads_off() { in_ns "$1" ethtool -K "$2" rx off tx off gro off gso off tso off >/dev/null; }

# The kernel must not talk on an interface that is the program's port.
as_port() {
  gateway sysctl -qw "net.ipv6.conf.$1.disable_ipv6=1"
  ip -n "$(ns "$gateway_ns")" link set "$1" promisc on
}

# --- Clients -------------------------------------------------------------------------------------

# client_addresses NAMESPACE INTERFACE IPV4 IPV6
client_addresses() {
  local name
  name=$(ns "$1")
  ip -n "$name" address add "$3/24" dev "$2"
  ip -n "$name" route add default via "$router4"
  ip -n "$name" address add "$4/64" dev "$2" nodad
  ip -n "$name" route add default via "$router6"
}

# add_client NAME: one more client on the same access port, with c0 as its interface, 192.0.2.101 and
# on as addresses.
add_client() {
  add_client_interface "$1"
  client_addresses "$1" c0 "192.0.2.$((99 + bed_clients))" "2001:db8::$((99 + bed_clients))"
}

# The cable's end is shared by MAC address; in `private` mode its clients do not see each other.
add_client_interface() {
  local mac
  bed_clients=$((bed_clients + 1))
  mac=$(printf '02:00:5e:00:53:%02x' "$bed_clients")
  add_namespace "$1"
  ip -n "$(ns client)" link add link c0 name c0 netns "$(ns "$1")" address "$mac" \
    type macvlan mode private
  offloads_off "$1" c0
  ip -n "$(ns "$1")" link set c0 up
}

# add_delayed_client NAME MS MTU: one more client, whose frames take so many milliseconds each way.
add_delayed_client() {
  add_client_interface "$1"
  ip -n "$(ns "$1")" link set c0 down
  ip -n "$(ns "$1")" link set c0 name far
  ip -n "$(ns "$1")" link set far up
  # What comes in is the packet socket's alone.
  in_ns "$1" nft 'table netdev far { chain in { type filter hook ingress device far priority 0; drop; }; }'
  in_background "$1" delay.log /usr/bin/python3 "$smoke_lib/delayed_port.py" far c0 "$2"
  wait_until 5 ip -n "$(ns "$1")" link show dev c0 || die "no delayed port: $(<"$bed_dir/delay.log")"
  ip -n "$(ns "$1")" link set c0 mtu "$3" up
  client_addresses "$1" c0 "192.0.2.$((99 + bed_clients))" "2001:db8::$((99 + bed_clients))"
}

# add_tagged_client NAME [VLAN]: a client that speaks VLAN 10, or the one given, and the router's leg
# on it.
add_tagged_client() {
  local name vlan=${2:-10}
  name=$(ns "$1")
  ip -n "$(ns net)" link show dev "n0.$vlan" >/dev/null 2>&1 || add_tagged_router "$vlan"
  add_client_interface "$1"
  add_vlan "$1" c0 "$vlan"
  ip -n "$name" address add "$(tagged4 "$vlan" client)" dev "c0.$vlan"
  ip -n "$name" route add default via "$(tagged_router4 "$vlan")"
  ip -n "$name" address add "2001:db8:$vlan::100/64" dev "c0.$vlan" nodad
  ip -n "$name" route add default via "2001:db8:$vlan::1"
}

# tagged4 VLAN router|client: an address of that VLAN, with its prefix length. They share one network for
# documentation: VLAN 10 has its lower half, 20 and 30 a quarter each.
tagged4() {
  case $1/$2 in
    10/router) echo 203.0.113.1/25 ;;
    10/client) echo 203.0.113.100/25 ;;
    20/router) echo 203.0.113.129/26 ;;
    20/client) echo 203.0.113.140/26 ;;
    30/router) echo 203.0.113.193/26 ;;
    30/client) echo 203.0.113.200/26 ;;
    *) die "VLAN $1 has no addresses in the test bed; it knows 10, 20 and 30" ;;
  esac
}

tagged_router4() {
  local address
  address=$(tagged4 "$1" router)
  echo "${address%/*}"
}

add_tagged_router() {
  add_vlan net n0 "$1"
  ip -n "$(ns net)" address add "$(tagged4 "$1" router)" dev "n0.$1"
  ip -n "$(ns net)" address add "2001:db8:$1::1/64" dev "n0.$1" nodad
}

# add_vlan NAMESPACE INTERFACE VLAN: INTERFACE.VLAN, by the kernel's 802.1Q where it is built in.
add_vlan() {
  local name port=$2.$3
  name=$(ns "$1")
  if ! ip -n "$name" link add link "$2" name "$port" type vlan id "$3" 2>/dev/null; then
    in_background "$1" vlan.log /usr/bin/python3 "$smoke_lib/vlan_port.py" "$2" "$3"
    wait_until 5 ip -n "$name" link show dev "$port" || die "no VLAN interface: $(<"$bed_dir/vlan.log")"
  fi
  offloads_off "$1" "$port"
  ip -n "$name" link set "$port" up
}

mac_of() { in_ns "$1" cat /sys/class/net/"${2:-c0}"/address; }

# add_loss PERCENT: that many of the frames are lost at the client's end of its cable, each way.
add_loss() {
  client nft "table netdev loss { chain in { type filter hook ingress device c0 priority 0;
    numgen random mod 100 < $1 drop; }; }"
  if ! client tc qdisc add dev c0 root netem loss "$1%" 2>/dev/null; then
    # A kernel without netem: what is lost goes into a cable that is not plugged in. Unlike `drop`,
    # that looks to the sender as if it had gone out.
    client ip link add void0 type veth peer name void1
    client ip link set void0 up
    client nft "add chain netdev loss out { type filter hook egress device c0 priority 0; };
      add rule netdev loss out numgen random mod 100 < $1 fwd to void0"
  fi
}

# --- Servers -------------------------------------------------------------------------------------

net_addresses() {
  local name address
  name=$(ns net)
  for address in "$router4/24" "$portal4/24" "$resolver4/24"; do
    ip -n "$name" address add "$address" dev n0
  done
  for address in "$router6/64" "$portal6/64" "$resolver6/64"; do
    ip -n "$name" address add "$address" dev n0 nodad
  done
  for address in "$origin4/32" "$other_resolver4/32" "$origin6/128" "$other_resolver6/128"; do
    ip -n "$name" address add "$address" dev lo
  done
}

start_servers() {
  start_web
  start_names
  start_echo UDP4-RECVFROM:9000 "$origin4"
  start_echo UDP6-RECVFROM:9000 "[$origin6]"
  start_echo UDP4-RECVFROM:123 "$router4"
  wait_until 5 net curl -fs -o /dev/null "http://$origin4/" || die "nginx: $(<"$bed_dir/nginx.log")"
  wait_until 5 net dig +short +time=1 +tries=1 "@$resolver4" origin.example ||
    die "dnsmasq: $(<"$bed_dir/dnsmasq.log")"
}

start_echo() { in_background net echo.log socat "$1,bind=$2,fork" EXEC:cat; }

start_web() {
  mkdir -p "$bed_dir/origin" "$bed_dir/portal" "$bed_dir/nginx"
  printf 'This is the origin.\n' >"$bed_dir/origin/index.html"
  printf '<!doctype html><title>Portal</title><h1>Log in to Example Wi-Fi</h1>\n' \
    >"$bed_dir/portal/login"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj /CN=origin.example -keyout "$bed_dir/nginx/key.pem" -out "$bed_dir/nginx/cert.pem" \
    2>/dev/null
  web_config >"$bed_dir/nginx/nginx.conf"
  in_background net nginx.log nginx -e "$bed_dir/nginx.log" -c "$bed_dir/nginx/nginx.conf"
}

web_config() {
  cat <<CONFIG
daemon off;
user root;
worker_processes 1;
pid $bed_dir/nginx/pid;
events { worker_connections 2048; }
http {
  access_log off;
  default_type text/html;
  sendfile on;
  client_max_body_size 100m;
  client_body_temp_path $bed_dir/nginx/body;
  proxy_temp_path $bed_dir/nginx/proxy;
  fastcgi_temp_path $bed_dir/nginx/fastcgi;
  uwsgi_temp_path $bed_dir/nginx/uwsgi;
  scgi_temp_path $bed_dir/nginx/scgi;
  server {
    listen $origin4:80;
    listen $origin4:22;
    listen $origin4:443 ssl;
    listen [$origin6]:80;
    listen [$origin6]:22;
    listen [$origin6]:443 ssl;
    ssl_certificate $bed_dir/nginx/cert.pem;
    ssl_certificate_key $bed_dir/nginx/key.pem;
    root $bed_dir/origin;
    location = /upload { return 200 "taken\n"; }
  }
  server {
    listen $portal4:80;
    listen [$portal6]:80;
    root $bed_dir/portal;
  }
}
CONFIG
}

# One dnsmasq: the resolver, a resolver that guests may not ask, DHCP and router advertisements.
start_names() {
  cat >"$bed_dir/dnsmasq.conf" <<CONFIG
user=root
keep-in-foreground
pid-file=
log-facility=-
bind-interfaces
interface=n0
interface=lo
no-resolv
no-hosts
address=/origin.example/$origin4
address=/origin.example/$origin6
address=/portal.example/$portal4
address=/portal.example/$portal6
dhcp-range=192.0.2.200,192.0.2.250,1h
dhcp-option=option:router,$router4
dhcp-option=option:dns-server,$resolver4
dhcp-leasefile=$bed_dir/leases
dhcp-range=2001:db8::,ra-only,64
CONFIG
  in_background net dnsmasq.log dnsmasq -C "$bed_dir/dnsmasq.conf"
}

# origin_file NAME BYTES: random bytes that the origin serves as /NAME.
origin_file() { head -c "$2" /dev/urandom >"$bed_dir/origin/$1"; }

sha256_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

# --- Huge pages ----------------------------------------------------------------------------------

readonly huge_pages_file=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages

# take_huge_pages COUNT: that many more than there were, or none where the machine has no room.
take_huge_pages() {
  local before after
  [ -w "$huge_pages_file" ] || return 0
  before=$(<"$huge_pages_file")
  echo $((before + $1)) >"$huge_pages_file" 2>/dev/null || true
  after=$(<"$huge_pages_file")
  bed_huge_pages_added=$((after - before))
  [ "$bed_huge_pages_added" -eq "$1" ] || return_huge_pages
}

return_huge_pages() {
  [ "$bed_huge_pages_added" -gt 0 ] || return 0
  echo $(($(<"$huge_pages_file") - bed_huge_pages_added)) >"$huge_pages_file"
  bed_huge_pages_added=0
}
