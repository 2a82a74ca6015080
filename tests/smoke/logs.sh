#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Lines for operators as JSON and in the journal, and names that would break a line or steer a
# terminal: in the log, the audit log, and what gate511ctl prints.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# Each as JSON has it; the control protocol takes those alone that hold no control character.
readonly names=('a\nb' 'a\rb' '\u001b[2J' 'a\u0000b' 'a\u2028b' 'a\u2029b' '\u202eevil\u2066' '\u009b2J' '\u061c\ufeff')
readonly unprinted='[\x00-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c|\xef\xbb\xbf'

# printable FILE: every line of it.
printable() { ! LC_ALL=C grep -qP "$unprinted" "$1"; }
# ask PARAMS: a session.add with these, as raw JSON.
ask() {
  printf '{"jsonrpc":"2.0","id":1,"method":"session.add","params":%s}\n' "$1" |
    socat -t 5 - "UNIX-CONNECT:$bed_dir/control.sock"
}

bed_up
gateway_control=("audit_log = \"$bed_dir/audit.jsonl\"")
gateway_up

step 'names of all kinds'
kept=0
for i in "${!names[@]}"; do
  for field in tag user class; do
    answer=$(ask "{\"mac\":\"02:00:5e:00:53:0$i\",\"$field\":\"${names[i]}\"}")
    if grep -q '"result"' <<<"$answer"; then kept=$((kept + 1)); fi
  done
done
printf '{"jsonrpc":"2.0","id":1,"method":"session.add","params":{"mac":"02:00:5e:00:53:01","tag":"\xff\xc3"}}\n' |
  socat -t 5 - "UNIX-CONNECT:$bed_dir/control.sock" >/dev/null
check 'some of them are taken' test "$kept" -gt 0
equal 'each request is one line of the audit log' "$(jq -c .method "$bed_dir/audit.jsonl" | wc -l)" \
  "$(wc -l <"$bed_dir/audit.jsonl")"
check 'and each is printable' printable "$bed_dir/audit.jsonl"
check 'names are shown as they were asked for' test "$(grep -c '2028' "$bed_dir/audit.jsonl")" -ge 3
for verb in 'session list' 'session get 02:00:5e:00:53:06' 'top --once' 'events follow --since 0 --count 3'; do
  read -ra words <<<"$verb"
  timeout 10 "$(program gate511ctl)" -s "$bed_dir/control.sock" "${words[@]}" >"$bed_dir/shown" 2>&1 || true
  check "gate511ctl $verb: printable" printable "$bed_dir/shown"
done
gateway_stop

step 'JSON'
gateway_sections=('[log]' 'format = "json"')
write_config
launch_gateway
check 'it gets ready' wait_until 20 grep -q '"kind":"ready"' "$bed_dir/gate511.log"
ip -n "$(ns gateway)" link set uplink down
check 'an alarm' wait_until 5 grep -q '"kind":"port_down"' "$bed_dir/gate511.log"
ip -n "$(ns gateway)" link set uplink up
gateway_stop
equal 'every line is an object' "$(jq -c 'select(.time_ms and .program == "gate511" and .level and .kind and .text)' "$bed_dir/gate511.log" | wc -l)" \
  "$(wc -l <"$bed_dir/gate511.log")"
equal 'fields of the alarm' "$(jq -r 'select(.kind == "port_down") | [.level, .subject, .severity] | join(" ")' "$bed_dir/gate511.log" | head -n 1)" \
  "error $(uplink_port) critical"

step 'a level'
gateway_sections=('[log]' 'format = "text"' 'level = "error"')
write_config
launch_gateway
check 'it gets ready' wait_until 20 ctl version
equal 'what is no error is left out' "$(<"$bed_dir/gate511.log")" ''
gateway_stop

step 'the journal'
gateway_sections=('[log]' 'format = "journal"')
write_config
# A journal of the test's own, in a mount namespace of the daemon's.
cat >"$bed_dir/journal.py" <<'PYTHON'
import os, socket, sys
one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
one.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
while True:
    with open(sys.argv[2], "ab") as out:
        out.write(one.recv(65536).replace(b"\n", b"|") + b"\n")
PYTHON
mkdir "$bed_dir/journal"
chmod 0755 "$bed_dir/journal"
in_background gateway journal.log python3 "$bed_dir/journal.py" "$bed_dir/journal/socket" "$bed_dir/lines"
wait_until 5 test -S "$bed_dir/journal/socket"
# shellcheck disable=SC2016  # for the shell that is started
gateway_run=(unshare -m sh -c 'mkdir -p /run/systemd && mount -t tmpfs none /run/systemd &&
  mkdir /run/systemd/journal && mount --bind "$0" /run/systemd/journal && exec "$@"' "$bed_dir/journal")
launch_gateway
check 'it gets ready' wait_until 20 grep -q 'GATE511_KIND=ready' "$bed_dir/lines"
matches 'with its fields' "$(<"$bed_dir/lines")" 'MESSAGE=ready: link venue .*\|PRIORITY=6\|SYSLOG_IDENTIFIER=gate511\|GATE511_KIND=ready'
equal 'and not on standard error' "$(<"$bed_dir/gate511.log")" ''
gateway_mbufs_at_start=0
gateway_stop

smoke_end
