#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The three sources of numbers: Prometheus's text as its parsers read it, DPDK's telemetry by its own
# client, `stats.get`; that they are equal, also under load; that nothing in them is a client's; and
# that scrapers who hold what they can hold up nobody.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly url=http://127.0.0.1:9511/metrics
readonly odd='say \"no\" \\ caf\u00e9'  # a zone's name, as TOML has it

gateway_zones() {
  cat <<CONFIG

[[zone]]
name = "$odd"
link = "venue"
vlans = [20]

[[zone]]
name = "lab"
link = "venue"
vlans = [30]
enforce = "monitor"
CONFIG
}

scrape() { gateway curl -sS -m 5 "$@" "$url"; }

# metric TEXT: the value of a sample, as it stands in the text.
metric() { scrape | grep -F "$1 " | sed 's/.* //'; }

telemetry_socket() { printf '%s' "$bed_dir/dpdk/gate511-$gateway_pid/dpdk_telemetry.v2"; }

# telemetry COMMAND...: what DPDK's own client says to each.
telemetry() {
  printf '%s\n' "$@" |
    RUNTIME_DIRECTORY=$bed_dir gateway /usr/bin/python3 "$(command -v dpdk-telemetry.py)" -f "gate511-$gateway_pid"
}

# are_equal WHEN
are_equal() {
  local compared
  if compared=$(gateway /usr/bin/python3 "$smoke_lib/equal_numbers.py" "$bed_dir/control.sock" "$url" \
    "$(telemetry_socket)" "$1" 2>&1); then
    passed "equal $1: $compared numbers"
  else
    failed "equal $1" "$compared"
  fi
}

# All names, types and values as prometheus_client's parser has them.
reads_well() {
  scrape | /usr/bin/python3 -c '
import sys
from prometheus_client.parser import text_string_to_metric_families as read
families = list(read(sys.stdin.read()))
names = [f.name for f in families]
assert len(names) == len(set(names)), "a family twice"
samples = [(s.name, tuple(sorted(s.labels.items()))) for f in families for s in f.samples]
assert len(samples) == len(set(samples)), "a sample twice"
assert all(f.documentation and f.type != "unknown" for f in families), "no HELP or TYPE"
assert all(n.startswith("gate511_") for n in names)
for f in families:
    if f.type != "histogram": continue
    by = {}
    for s in f.samples:
        of = tuple(sorted((k, v) for k, v in s.labels.items() if k != "le"))
        by.setdefault(of, {}).setdefault(s.name[len(f.name):], []).append(s.value)
    for of, s in by.items():
        assert s["_bucket"] == sorted(s["_bucket"]), (f.name, "is summed up")
        assert s["_bucket"][-1] == s["_count"][0], (f.name, "+Inf is the count")
zones = {s.labels["zone"] for f in families for s in f.samples if "zone" in s.labels}
assert "say \"no\" \\ caf\u00e9" in zones, zones
print(len(samples))'
}

bed_up
origin_file 5MB 5000000
install -d -m 0700 -o "$gateway_user" "$bed_dir/records"
# shellcheck disable=SC2034
gateway_sections=('[records]' "file = \"$bed_dir/records/records.db\"" 'retention_days = 30')
add_tagged_client odd 20
add_tagged_client lab 30
gateway_up

step 'some traffic'
page=$(client curl -sS -m 5 -H 'User-Agent: me' "http://$origin4/")
matches 'a guest' "$page" "$gateway_network"
in_ns odd curl -s -m 5 "http://$origin4/" >/dev/null
check 'a zone that is monitored' in_ns lab curl -s -m 5 -o /dev/null "http://$origin4/"
ctl session add "$(mac_of client)" --ttl 1h --tag room-twelve --user alice >/dev/null
check 'a session' client curl -sS -m 10 -o /dev/null "http://$origin4/5MB"
for i in 1 2 3 4 5; do
  ctl session add "02:00:5e:00:54:0$i" --ttl 1h >/dev/null
  ctl session revoke "02:00:5e:00:54:0$i" >/dev/null
done

step 'the text'
sleep 0.3  # what is scraped may be 250 ms old
text=$(scrape)
check 'the parser of prometheus_client reads it' reads_well
check 'promtool reads it, and finds no fault' gateway sh -c "curl -sS $url | promtool check metrics"
matches 'its type' "$(scrape -D - -o /dev/null)" '^Content-Type: text/plain; version=0\.0\.4; charset=utf-8'
matches 'names of zones are escaped' "$text" 'zone="say \\"no\\" \\\\ café"'
matches 'a session'\''s frames' "$text" '^gate511_frames_total\{link="venue",zone="default",fate="forwarded",verdict="session"\} [0-9]{3,}'
matches 'a page' "$text" '^gate511_answers_total\{kind="page",size="full"\} [1-9]'
matches 'what would have been' "$text" '^gate511_would_have_frames_total\{.*zone="lab",.*verdict="syn_ack"\} [1-9]'
matches 'a session' "$text" '^gate511_sessions\{state="authenticated"\} 1$'
matches 'a port' "$text" '^gate511_port_up\{link="venue",role="access",port="net_[a-z_]*0"\} 1$'
matches 'alarms' "$text" '^gate511_alarm\{'
equal 'revokes: five in effect' "$(metric gate511_revoke_effect_seconds_count)" 5
equal 'revokes: five answered' "$(metric 'gate511_revoke_answer_seconds_bucket{le="+Inf"}')" 5
check 'revokes: the answer takes the disk' awk "BEGIN { exit !($(metric gate511_revoke_answer_seconds_sum) >= $(metric gate511_revoke_effect_seconds_sum)) }"
# Two names of a zone, four of a fate, ...: nothing that grows with clients.
check "no more series than there may be: $(wc -l <<<"$text") lines" test "$(wc -l <<<"$text")" -lt 700
for secret in "$(mac_of client)" "$(mac_of odd)" 02:00:5e:00:54 192.0.2.100 2001:db8::100 203.0.113 room-twelve alice; do
  check_fails "no $secret in it" grep -qiF -- "$secret" <<<"$text"
done

step 'HTTP'
equal 'HEAD' "$(scrape -I | head -n 1 | tr -d '\r')" 'HTTP/1.1 200 OK'
equal 'POST' "$(scrape -d x -w '%{http_code}' -o /dev/null)" 405
equal 'PUT' "$(scrape -X PUT -d x -w '%{http_code}' -o /dev/null)" 405
for method in POST PUT; do
  equal "$method: what may be" "$(scrape -X "$method" -d x -D - -o /dev/null | grep -i '^Allow:' | tr -d '\r')" 'Allow: GET, HEAD'
done
equal 'another path' "$(gateway curl -sS -m 5 -w '%{http_code}' -o /dev/null http://127.0.0.1:9511/)" 404
equal 'no path out of it' "$(gateway curl -sS -m 5 --path-as-is -w '%{http_code}' -o /dev/null http://127.0.0.1:9511/../../etc/passwd)" 404
check_fails 'from other addresses' gateway curl -sS -m 2 http://127.0.0.2:9511/metrics

step 'DPDK'\''s telemetry'
equal 'its socket is root'\''s' "$(stat -c '%U %a' "$(dirname "$(telemetry_socket)")")" 'root 700'
check_fails 'and nobody else'\''s' setpriv --reuid games --regid games --clear-groups \
  socat -u "UNIX-CONNECT:$(telemetry_socket),type=5" /dev/null
transcript=$(telemetry /gate511/metrics /gate511/metric,gate511_sessions /gate511/metric,gate511_no \
  /gate511/metric,gate511_zone_info /help,/gate511/metric)
matches 'it lists them' "$transcript" '"/gate511/metrics": \{"name": \["gate511_build_info", '
matches 'and shows one' "$transcript" '"state": \["authenticated", "restricted", "blocked"\], "value": \[1, 0, 0\]'
matches 'or says how to ask' "$transcript" '"error": "give the name of a metric'
matches 'with what is not plain shown so' "$transcript" 'caf\\\\xc3\\\\xa9'

step 'the three sources'
are_equal 'at rest'
client sh -c "while :; do curl -s -m 10 -o /dev/null http://$origin4/5MB; done" &
load=$!
in_ns odd sh -c "while :; do curl -s -m 2 -o /dev/null http://$origin4/; done" &
guests=$!
are_equal 'under load'
kill "$load" "$guests"
wait "$load" "$guests" 2>/dev/null || true

step 'scrapers that hold what they can'
mkfifo "$bed_dir/stay"
gateway /usr/bin/python3 "$smoke_lib/stuck_scrapers.py" 127.0.0.1 9511 600 <"$bed_dir/stay" >"$bed_dir/stuck.log" 2>&1 &
stuck=$!
exec 8>"$bed_dir/stay"
check '600 connections' wait_until 10 grep -q ready "$bed_dir/stuck.log"
files=$(find "/proc/$gateway_pid/fd" -mindepth 1 | wc -l)
check "the gateway keeps a few of them: $files files" test "$files" -lt 400
client ping -q -i 0.01 -c 300 "$origin4" >"$bed_dir/ping" 2>&1 &
ping=$!
since=$(now_ms)
for _ in 1 2 3 4 5; do ctl health >/dev/null; done
check 'control answers' test $(($(now_ms) - since)) -lt 2000
scraped=0
for _ in $(seq 10); do scrape >/dev/null 2>&1 && scraped=$((scraped + 1)); done
check "a scraper that does what it should comes in: $scraped of 10" test "$scraped" -ge 8
wait "$ping" || true
# Some may go where the machine has other work: the worker shares its CPU.
received=$(sed -nE 's/.* ([0-9]+) received.*/\1/p' "$bed_dir/ping")
check "a session passes: $received of 300" test "${received:-0}" -ge 285
check 'the control thread is held up by nothing' test "$(stat_of .control.longest_slice_us)" -lt 5000
exec 8>&-
wait "$stuck" || true

step 'its start'
gateway_metrics=('listen = "[::1]:9511"')
write_config
matches 'another address needs a restart' "$(ctl reload 2>&1 || true)" 'metrics\.listen'
check_invariant
gateway_stop
in_background gateway holder.log socat -u TCP-LISTEN:9511,bind=127.0.0.1,reuseaddr,fork /dev/null
holder=$background_pid
gateway_metrics=()
check 'somebody holds the port' wait_until 5 gateway socat -u /dev/null TCP:127.0.0.1:9511
write_config
launch_gateway
wait_until 10 process_ended "$gateway_pid" || true
equal 'a port that is in use' "$(grep -v '^gate511: memory: running without' "$bed_dir/gate511.log")" \
  "gate511: $bed_dir/gate511.toml: 127.0.0.1:9511: cannot be listened on: Address already in use; give an address of this machine, and a port that is free, or \"\" for no metrics"
end_process "$holder"
wait "$gateway_pid" 2>/dev/null || true
gateway_metrics=('listen = "[::1]:9511"')
gateway_start
matches 'IPv6' "$(gateway curl -sS -m 5 'http://[::1]:9511/metrics')" '^gate511_build_info\{version="[0-9.]+"\} 1'
gateway_stop
gateway_metrics=('listen = ""')
gateway_dpdk=(--no-telemetry)
gateway_start
equal 'off: nothing listens' "$(gateway ss -Hltn)" ''
check 'off: no telemetry' test ! -e "$(telemetry_socket)"

smoke_end
