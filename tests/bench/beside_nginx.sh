#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# beside_nginx.sh: answers a second, a new connection each, of gate511 and of nginx's `return 511`,
# over veth, in one run. The server has a core for itself, its clients (wrk, ab) another. Takes turns,
# and prints the median of the rounds. Some 70 s; SECONDS_EACH and ROUNDS change it. As root, with a
# release build (GATE511_BUILD=build-release).
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/../smoke/lib/smoke.bash"

seconds=${SECONDS_EACH:-4}
rounds=${ROUNDS:-3}
readonly server_core=1 client_core=0
readonly beside4=203.0.113.80 asking4=203.0.113.81

# One client stands for many.
gateway_budget=('syn_per_s = 1000000000' 'answers_per_s = 1000000000' 'refusals_per_s = 1000000000')
[ "$(nproc)" -ge 2 ] || die 'a core for the server and one for its clients: this machine has one'
command -v wrk >/dev/null || die 'wrk is missing: run scripts/bootstrap'
bed_up
gateway_up  # its control thread on core 0, its worker on core 1

add_namespace beside
add_namespace asking
add_cable beside b0 asking c0
ip -n "$(ns beside)" address add "$beside4/24" dev b0
ip -n "$(ns asking)" address add "$asking4/24" dev c0
mkdir -p "$bed_dir/beside"
cat >"$bed_dir/beside/nginx.conf" <<CONFIG
daemon off;
user root;
worker_processes 1;
pid $bed_dir/beside/pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path $bed_dir/beside/body;
  proxy_temp_path $bed_dir/beside/proxy;
  fastcgi_temp_path $bed_dir/beside/fastcgi;
  uwsgi_temp_path $bed_dir/beside/uwsgi;
  scgi_temp_path $bed_dir/beside/scgi;
  server { listen $beside4:80 backlog=4096; return 511 "$(head -c 900 /dev/zero | tr '\0' x)"; }
}
CONFIG
in_background beside beside.log taskset -c "$server_core" nginx -e "$bed_dir/beside.log" \
  -c "$bed_dir/beside/nginx.conf"
for from in client asking; do
  in_ns "$from" sysctl -qw net.ipv4.ip_local_port_range='1024 65535' net.ipv4.tcp_tw_reuse=1
done
wait_until 5 in_ns asking curl -s -o /dev/null "http://$beside4/" || die "nginx: $(<"$bed_dir/beside.log")"

# by_wrk FROM ADDRESS, by_ab FROM ADDRESS: answers a second.
by_wrk() {
  in_ns "$1" taskset -c "$client_core" wrk -t1 -c64 "-d${seconds}s" -H 'Connection: close' \
    "http://$2/" | awk '/^Requests\/sec/ { printf "%d\n", $2 }'
}
by_ab() {
  in_ns "$1" taskset -c "$client_core" ab -q -r -c 64 -t "$seconds" -n 10000000 "http://$2/" 2>/dev/null |
    awk '/^Requests per second/ { printf "%d\n", $4 }'
}
median() { sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

for ((round = 0; round < rounds; ++round)); do
  for by in wrk ab; do
    "by_$by" client "$origin4" >>"$bed_dir/gate511-$by"
    "by_$by" asking "$beside4" >>"$bed_dir/nginx-$by"
  done
done

printf '%-28s %10s %10s %7s\n' 'answers a second' gate511 nginx ratio
for by in wrk ab; do
  ours=$(median <"$bed_dir/gate511-$by")
  theirs=$(median <"$bed_dir/nginx-$by")
  printf '%-28s %10d %10d %6sx\n' "$by, 64 at once" "$ours" "$theirs" \
    "$(awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.1f", a / b }')"
done
smoke_end >&2
