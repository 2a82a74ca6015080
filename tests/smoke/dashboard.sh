#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The Grafana dashboard: a real Prometheus scrapes the gateway under traffic, and has an answer to
# each of the dashboard's expressions.
#
#   --seconds N       for how long there is traffic, 12 if not given
#   --picture FILE    then draws what the panels showed; docs/images/dashboard.png came of
#                     `--seconds 300 --picture docs/images/dashboard.png`
seconds=12 picture=
while [ "${1-}" = --seconds ] || [ "${1-}" = --picture ]; do
  if [ "$1" = --seconds ]; then seconds=$2; else picture=$2; fi
  shift 2
done
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly prometheus=http://127.0.0.1:9599
readonly elsewhere=198.51.100.99  # of no host: the gateway answers

dashboard() { gateway /usr/bin/python3 "$smoke_lib/dashboard.py" "$@"; }

start_prometheus() {
  cat >"$bed_dir/prometheus.yml" <<CONFIG
global:
  scrape_interval: 2s
  scrape_timeout: 2s
scrape_configs:
  - job_name: gate511
    static_configs:
      - targets: ["127.0.0.1:9511"]
CONFIG
  check 'promtool reads its configuration' promtool check config "$bed_dir/prometheus.yml"
  in_background gateway prometheus.log prometheus --config.file "$bed_dir/prometheus.yml" \
    --storage.tsdb.path "$bed_dir/prometheus" --web.listen-address "${prometheus#http://}" --log.level warn
  prometheus_pid=$background_pid
  wait_until 20 gateway curl -sf -o /dev/null "$prometheus/-/ready" || die "prometheus does not get ready: $(tail -n 3 "$bed_dir/prometheus.log")"
}

# Guests who ask and are answered, names of the garden, sessions that come and go, a flood by times.
traffic() {
  local round=0 mac
  while :; do
    round=$((round + 1))
    in_ns guest curl -s -m 2 -o /dev/null "http://$elsewhere/$round" || true
    in_ns guest curl -s -m 2 -o /dev/null -H 'Host: captive.apple.com' "http://$elsewhere/" || true
    in_ns guest curl -s -m 2 -o /dev/null -H 'Accept: application/json' "http://$elsewhere/" || true
    in_ns guest curl -s -m 2 -o /dev/null http://origin.example/ || true
    in_ns guest dig +tries=1 +time=1 "@$resolver4" origin.example >/dev/null || true
    mac=$(printf '02:00:5e:01:%02x:%02x' $((round / 256 % 256)) $((round % 256)))
    ctl session add "$mac" --ttl 1h >/dev/null
    [ $((round % 3)) -ne 0 ] || ctl session revoke "$mac" >/dev/null
    [ $((round % 40)) -ne 30 ] || in_ns guest timeout 4 ping -q -f "$origin4" >/dev/null || true
  done
}

bed_up
origin_file 5MB 5000000
add_client guest
gateway_garden=('hosts = ["origin.example"]')
gateway_up
let_in client >/dev/null
start_prometheus

step "traffic for $seconds s"
traffic &
traffic=$!
client sh -c "while :; do curl -s -m 20 --limit-rate 3M -o /dev/null http://$origin4/5MB; done" &
load=$!
sleep "$seconds"
gateway curl -sS -m 5 http://127.0.0.1:9511/metrics >"$bed_dir/scrape"
check 'each metric that the dashboard names is there' dashboard names "$bed_dir/scrape"
if count=$(dashboard ask "$prometheus" 2>&1); then
  passed "Prometheus has an answer to each of $count expressions"
else
  failed 'Prometheus has an answer to each expression' "$count"
fi
equal 'the gateway is up, as Prometheus sees it' \
  "$(gateway curl -sS -m 5 "$prometheus/api/v1/query?query=up" | jq -r '.data.result[0].value[1]')" 1
if [ -n "$picture" ]; then
  check "$picture is drawn" dashboard draw "$prometheus" "$seconds" "$picture"
fi
kill "$traffic" "$load"
wait "$traffic" "$load" 2>/dev/null || true
end_process "$prometheus_pid"

smoke_end
