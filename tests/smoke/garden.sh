#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The garden by name, with a real resolver and real TLS at both ends: two sites on one address, of
# which one is in the garden; a host whose address changes; IPv6 alone; a restart; and how long
# answers wait for their addresses to be opened, also while ten thousand sessions are added.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly moved4=198.51.100.81 answers=${GARDEN_ANSWERS:-500} sessions=10000

fetch() { client curl -sSk -o /dev/null -m 5 "$@"; }
read_page() { client curl -sSk -m 5 "$@"; }
asks() { client dig +short +tries=1 +time=2 "@$resolver4" "$@"; }
quic() { echo hello | client socat -t 2 - "UDP4:$origin4:443"; }
learnt() {
  ctl -j garden list | jq -r '.entries[] | select(.source == "learnt") | "\(.target) \(.host)"' | sort
}

# serve_names IPV4: what the resolver says of the garden's host from now on.
serve_names() {
  local pid
  sed -i '/garden\.example\|neighbour\.example\|site\.example/d' "$bed_dir/dnsmasq.conf"
  cat >>"$bed_dir/dnsmasq.conf" <<CONFIG
host-record=garden.example,$1,$origin6,60
cname=www.garden.example,garden.example
address=/many.garden.example/$1
host-record=neighbour.example,$1,60
host-record=img7.site.example,$1,60
CONFIG
  for pid in $(ip netns pids "$(ns net)"); do
    grep -aq '^dnsmasq' "/proc/$pid/cmdline" || continue
    kill "$pid"
    wait_until 5 process_ended "$pid"
  done
  in_background net dnsmasq.log dnsmasq -C "$bed_dir/dnsmasq.conf"
  wait_until 5 net dig +short +time=1 +tries=1 "@$resolver4" origin.example || die 'dnsmasq'
}

# A second site beside the origin, and a second address for both.
serve_neighbour() {
  ip -n "$(ns net)" address add "$moved4/32" dev lo
  sed -i "s/listen $origin4:443 ssl;/&\n    listen $moved4:443 ssl;\n    listen $moved4:80;/; \$d" \
    "$bed_dir/nginx/nginx.conf"
  cat >>"$bed_dir/nginx/nginx.conf" <<CONFIG
  server {
    listen $origin4:443 ssl;
    listen $moved4:443 ssl;
    server_name neighbour.example;
    ssl_certificate $bed_dir/nginx/cert.pem;
    ssl_certificate_key $bed_dir/nginx/key.pem;
    return 200 "This is the neighbour.\n";
  }
}
CONFIG
  net nginx -e "$bed_dir/nginx.log" -c "$bed_dir/nginx/nginx.conf" -s reload
}

# waited: how many answers waited, by class of microseconds.
waited() { ctl -j stats | jq -c '.garden.held_for | map({key: ((.up_to_us // "more") | tostring), value: .count}) | from_entries'; }

# within_2_ms BEFORE AFTER: the share of answers since BEFORE that did not wait longer, in per mille.
within_2_ms() {
  jq -n --argjson before "$1" --argjson after "$2" '
    [$after | to_entries[] | {key, value: (.value - $before[.key])}] |
    (map(.value) | add) as $all |
    (map(select(.key != "more" and (.key | tonumber) <= 2000) | .value) | add) * 1000 / $all | floor'
}

gateway_budget=('dns_packets_per_s = 1000000' 'dns_bytes_per_s = 100000000')
gateway_garden=(
  "hosts = [\"garden.example\", \"*.garden.example\", '/img[0-9]+\.site\.example/']"
)
bed_up
serve_neighbour
serve_names "$origin4"
gateway_up

step 'before the name was asked for'
check_fails 'its address is closed' fetch --resolve "garden.example:443:$origin4" https://garden.example/

step 'by name'
equal 'HTTPS' "$(read_page -4 https://garden.example/)" 'This is the origin.'
equal 'HTTP is the origin, not the page' "$(read_page -4 http://garden.example/)" 'This is the origin.'
check 'through a CNAME' fetch -4 https://www.garden.example/
check 'by an expression' fetch -4 https://img7.site.example/
equal 'over IPv6 alone' "$(read_page -6 https://garden.example/)" 'This is the origin.'
matches 'garden list tells of it' "$(learnt)" "^$origin4 "
matches 'garden list tells of it, IPv6' "$(learnt)" "^$origin6 "

step 'its neighbour on the same address'
asks neighbour.example >/dev/null
check_fails 'HTTPS' fetch https://neighbour.example/
check_fails 'HTTP' fetch http://neighbour.example/
check_fails 'another port' fetch https://garden.example:22/
check_fails 'QUIC' quic
check 'they were counted' test "$(verdict garden_refused)" -ge 2

step 'its address changes'
serve_names "$moved4"
check 'HTTPS' fetch -4 https://garden.example/
matches 'garden list tells of both' "$(learnt)" "^$moved4 garden\.example$"

step 'over a restart'
gateway_stop
gateway_start
check 'a client that asks no more' fetch --resolve "garden.example:443:$moved4" https://garden.example/

step 'at run time'
check_fails 'not yet' fetch https://neighbour.example/
check 'garden add' ctl garden add neighbour.example
equal 'HTTPS' "$(read_page https://neighbour.example/)" 'This is the neighbour.'
check 'garden remove' ctl garden remove neighbour.example
check_fails 'no more' fetch https://neighbour.example/

# ask_many: dig asks one after the other.
ask_many() {
  for ((i = 0; i < answers; i++)); do echo "n$i.many.garden.example"; done >"$bed_dir/names"
  client dig +short +tries=1 +time=2 "@$resolver4" -f "$bed_dir/names" | wc -l
}

# add_over_and_over: the batch, for as long as names are asked for.
add_over_and_over() {
  while [ ! -e "$bed_dir/asked" ]; do
    ctl import "$bed_dir/sessions.ndjson" >/dev/null 2>&1
    echo >>"$bed_dir/batches"
  done
}

step 'how long answers wait'
# As on a machine in service: the worker has its core to itself.
taskset -pc 0 "$BASHPID" >/dev/null
for sessions_too in '' ' while sessions are added'; do
  before=$(waited)
  if [ -n "$sessions_too" ]; then
    for ((i = 0; i < sessions; i++)); do
      printf '{"mac":"02:00:5e:%02x:%02x:%02x"}\n' $((i >> 16)) $((i >> 8 & 255)) $((i & 255))
    done >"$bed_dir/sessions.ndjson"
    add_over_and_over &
    adder=$!
  fi
  equal "all are answered$sessions_too" "$(ask_many)" "$answers"
  after=$(waited)
  printf '    %s: %s\n' "microseconds$sessions_too" "$after"
  share=$(within_2_ms "$before" "$after")
  printf '    within 2 ms: %s of 1000\n' "$share"
done
touch "$bed_dir/asked"
wait "$adder" || true
check "batches of $sessions were added meanwhile: $(wc -l <"$bed_dir/batches")" test -s "$bed_dir/batches"
equal 'none went on unlearnt' "$(stat_of .garden.unlearnt)" 0
equal 'none is held' "$(stat_of .held)" 0

smoke_end
