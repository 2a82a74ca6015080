#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Bad input: each wrong configuration is refused with one line that says where, what and what to do;
# each wrong request gets its error; and the daemon runs on.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# run_config [SWITCH...]: what gate511 says of bad.toml on standard error; at most 20 s.
run_config() {
  {
    timeout 20 ip netns exec "$(ns gateway)" "$(program gate511)" "$@" \
      --config "$bed_dir/bad.toml" >/dev/null
  } 2>&1
}

# refuses NAME PATTERN SED-SCRIPT: the bed's configuration, edited, does not pass --check.
refuses() {
  local output status=0
  sed -E "$3" "$bed_dir/gate511.toml" >"$bed_dir/bad.toml"
  output=$(run_config --check) || status=$?
  equal "$1: exit code" "$status" 1
  matches "$1: says so" "$output" "$2"
  equal "$1: in one line" "$(wc -l <<<"$output")" 1
  matches "$1: file and line" "$output" '^gate511: .*bad\.toml:[0-9]+: .*; '
}

# ask LINE...: the answer lines to request lines.
ask() { printf '%s\n' "$@" | socat -t 5 - "UNIX-CONNECT:$bed_dir/control.sock" 2>/dev/null || true; }

request() { printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}' "$1" "$2"; }

# answers NAME CODE REASON LINE
answers() {
  local answer
  answer=$(ask "$4")
  equal "$1" "$(jq -c '[.error.code, .error.data.reason]' <<<"$answer" 2>&1)" "[$2,$3]"
  check "$1: says what" jq -e '.error.message | length > 10' <<<"$answer"
}

bed_up
write_config

step 'configuration'
check 'the configuration of the bed is good' client "$(program gate511)" --check \
  --config "$bed_dir/gate511.toml"
refuses 'unknown key' 'capactiy' 's/^capacity/capactiy/'
refuses 'unknown section' 'sesions' 's/^\[sessions\]/[sesions]/'
refuses 'text for a number' 'capacity' 's/^capacity.*/capacity = "many"/'
refuses 'number for a text' 'network_name' 's/^network_name.*/network_name = 1/'
refuses 'impossible number' 'capacity' 's/^capacity.*/capacity = 0/'
refuses 'impossible address' '192\.0\.2\.300' 's/^resolvers.*/resolvers = ["192.0.2.300"]/'
refuses 'no TOML' '' 's/^\[sessions\]/[sessions/'
refuses 'twice the same key' 'lcores' 's/^(lcores.*)/\1\n\1/'
refuses 'portal URL too long' 'portal\.url' "s|^url = .*|url = \"http://$portal4/$(printf '%0100d' 0)\"|"
refuses 'no secret file' 'secret' 's/^secret_file.*/secret_file = "\/nonexistent"/'
refuses 'one port at both ends' "$(access_port)" "s/^uplink.*/uplink = \"$(access_port)\"/"
refuses 'two links with one port' "$(access_port)" "s/^\[sessions\]/[[link]]\nname = \"other\"\naccess = \"$(access_port)\"\nuplink = \"third\"\n\n[sessions]/"

sed 's/^uplink.*/uplink = "net_absent9"/' "$bed_dir/gate511.toml" >"$bed_dir/bad.toml"
matches 'port that does not exist' "$(run_config || true)" '^gate511: .*net_absent9.*; '
sed 's/iface=uplink/iface=absent/; s/iface=tap1/iface=a-name-too-long-for-one/' \
  "$bed_dir/gate511.toml" >"$bed_dir/bad.toml"
matches 'interface that does not exist' "$(run_config || true)" '^gate511: .*; '
rm "$bed_dir/bad.toml"
matches 'file that does not exist' "$(run_config || true)" '^gate511: .*bad\.toml.*; '

gateway_up

step 'control socket'
answers 'no JSON' -32700 null 'this is no JSON'
answers 'no request' -32600 null '{"id":1}'
answers 'unknown method' -32601 null "$(request session.frobnicate '{}')"
answers 'unknown parameter' -32602 null \
  "$(request session.add '{"mac":"02:00:5e:00:53:01","colour":"red"}')"
answers 'missing parameter' -32602 null "$(request session.add '{}')"
answers 'wrong type' -32602 null "$(request session.add '{"mac":"02:00:5e:00:53:01","ttl_s":"1h"}')"
for mac in 01:00:5e:00:00:01 ff:ff:ff:ff:ff:ff 00:00:00:00:00:00 no-mac; do
  answers "MAC $mac" -32003 '"BAD_MAC"' "$(request session.add "{\"mac\":\"$mac\"}")"
  check_fails "gate511ctl: MAC $mac" ctl session add "$mac"
done
answers 'deep nesting' -32700 null "$(printf '[%.0s' {1..5000})"

# A line past the limit: an error or the end of the connection, and no more of the memory.
long=$(head -c 2097152 /dev/zero | tr '\0' x | socat -t 5 - "UNIX-CONNECT:$bed_dir/control.sock" \
  2>/dev/null || true)
matches 'line of 2 MiB' "$long" '"error"'
head -c 1000000 /dev/urandom | socat -t 2 - "UNIX-CONNECT:$bed_dir/control.sock" >/dev/null 2>&1 ||
  true

step 'the daemon runs on'
check 'control answers' ctl version
equal 'no session came of it' "$(ctl -j session list | jq '.sessions | length')" 0
equal 'a guest gets the page' \
  "$(client curl -s -o /dev/null -m 5 -w '%{http_code}' http://origin.example/ || true)" 511

smoke_end
