#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# gate511ctl against the daemon: every verb, exit code and error; import and export of many sessions,
# equal byte for byte after a round trip; `top` on a terminal; each example of the OpenRPC document.
#
#   --sessions N    how many are imported, 100000 if not given
sessions=100000
if [ "${1-}" = --sessions ]; then
  sessions=$2
  shift 2
fi
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly mac=02:00:5e:00:53:01 other=02:00:5e:00:53:02

# run ARGUMENT...: gate511ctl; $output is what it says on both streams, $code its exit code.
run() {
  code=0
  output=$(ctl "$@" 2>&1) || code=$?
}

# says NAME CODE PATTERN ARGUMENT...
says() {
  local name=$1 wanted=$2 pattern=$3
  shift 3
  run "$@"
  equal "$name: exit code" "$code" "$wanted"
  matches "$name" "$output" "$pattern"
}

# refuses NAME CODE PATTERN ARGUMENT...: in one line with where, what and what to do.
refuses() {
  says "$@"
  equal "$1: in one line" "$(wc -l <<<"$output")" 1
  matches "$1: says what to do" "$output" '^gate511ctl: [^ ].*: .*; .+'
}

# has METHOD: the daemon has it.
has() { ctl -j hello | jq -e --arg method "$1" '.methods | index($method)' >/dev/null; }

# known METHOD CODE PATTERN ARGUMENT...: what comes of a verb where the daemon has its method.
known() {
  local method=$1
  shift
  if has "$method"; then
    says "$method" "$@"
  else
    refuses "$method" 1 "unknown method" "${@:3}"
  fi
}

total() { ctl -j stats | jq .sessions.total; }

# --- On a terminal -------------------------------------------------------------------------------

# A server that ends is gone only after a while, so each terminal has its own.
terminals=0
tmux_() { tmux -L "g511-$$-$terminals" -f /dev/null "$@"; }
terminal_up() {
  terminals=$((terminals + 1))
  tmux_ new-session -d -s top -x "$1" -y "$2" env PS1='done> ' bash --norc
}
terminal_down() { tmux_ kill-server 2>/dev/null || true; }
pane() { tmux_ capture-pane -p -t top; }
pane_shows() { grep -qE -- "$1" <<<"$(pane)"; }

# type_in LINE: to the shell of the terminal.
type_in() { tmux_ send-keys -t top " $1" Enter; }

settings_in_pane() { pane | grep -oE '^[0-9a-f]{32}'; }

two_settings() { [ "$(settings_in_pane | wc -l)" = 2 ]; }

# top_up COLUMNS ROWS: a terminal with a shell in which `top` runs.
top_up() {
  terminal_up "$1" "$2"
  type_in 'stty -g | md5sum'
  wait_until 5 settings_in_pane || true
  type_in "$ctl_command top"
}

# top_is_over EXIT: the shell's screen and cursor are back, and the terminal's settings.
top_is_over() {
  wait_until 5 pane_shows '^done>$' || return 1
  type_in "echo \"exit \$?\"; stty -g | md5sum"
  wait_until 5 pane_shows '^exit [0-9]' || return 1
  wait_until 5 two_settings || return 1
  [ "$(pane | grep '^exit')" = "exit $1" ] &&
    [ "$(settings_in_pane | sort | uniq -c | awk '{ print $1 }')" = 2 ] &&
    [ "$(tmux_ display-message -p -t top '#{alternate_on} #{cursor_flag}')" = '0 1' ]
}

bed_up
gateway_capacity=$((sessions + 65536))
gateway_huge=$((gateway_capacity / 4096 + 256))
take_huge_pages "$gateway_huge"
gateway_up
ctl_command="$(program gate511ctl) -s $bed_dir/control.sock"

step 'verbs'
says 'hello' 0 '^gate511 [0-9.]+, control protocol 1\.' hello
says 'version' 0 '^gate511 ' version
says '--version' 0 '^gate511ctl [0-9.]+$' --version
says 'health' 0 '^ok$' health
says 'stats' 0 '^frames_in ' stats
says 'port list' 0 "^venue .*$(access_port) " port list
says 'session add' 0 "^added $mac: authenticated, ends in 1h 0m$" \
  session add "$mac" --ttl 1h --tag room-12 --user ann
says 'session add, again' 0 "^changed $mac: restricted, ends " session add "$mac" --state restricted
refuses 'session add --only-new' 1 "session\.add: $mac has a session already; leave out" session add "$mac" --only-new --ttl 2h
says 'session add, an end' 0 '^added .*, ends in ' session add "$other" --until 2099-01-01T00:00Z
says 'session get' 0 '^tag +room-12$' session get "$mac"
says 'session list' 0 "^$mac  restricted " session list --tag room-12
equal 'session list -j' "$(ctl -j session list | jq '.sessions | length')" 2
says 'session revoke' 0 '^revoked 1 session$' session revoke --tag room-12
says 'session revoke, nothing there' 0 '^there was no such session$' session revoke "$mac"
says 'session revoke --all' 0 '^revoked 1 session$' session revoke --all --yes
check 'a socket by the environment' env GATE511_SOCKET="$bed_dir/control.sock" \
  "$(program gate511ctl)" health

step 'verbs of methods that the daemon may have'
ctl session add "$mac" --ttl 1h >/dev/null
known session.extend 0 'ends in 2h' session extend "$mac" --add 1h
known session.move 0 "$other" session move "$mac" --to-mac "$other"
known client.list 0 '^MAC' client list
known explain 0 "$other" explain "$other"
known garden.list 0 '' garden list
known garden.add 0 '' garden add 198.51.100.0/24
known garden.remove 0 '' garden remove 198.51.100.0/24
known config.check 0 '^ok' config check "$bed_dir/gate511.toml"
known config.reload 0 '' reload
if has events.subscribe; then
  (sleep 1 && ctl session add "$mac" >/dev/null && ctl session revoke "$mac" >/dev/null) &
  says 'events follow' 0 "session\.ended.*$mac" events follow --types session.ended --count 1
  wait $!
else
  refuses 'events.subscribe' 1 'unknown method' events follow
fi
ctl session revoke --all --yes >/dev/null

step 'errors'
refuses 'no such session' 4 "$mac has no session" session get "$mac"
refuses 'bad MAC' 1 'session\.add: .*group address' session add 01:00:5e:00:53:01
refuses 'no verb' 2 'command line: ' session
refuses 'no such noun' 2 'command line: ' nonsense
refuses 'no time' 2 '.soon. is no time' session add "$mac" --ttl soon
refuses 'no rate' 2 '.fast. is no rate' session add "$mac" --rate-up fast
refuses 'no size' 2 '.much. is no size' session add "$mac" --quota much
refuses 'no end' 2 '.later. is no point in time' session add "$mac" --until later
refuses 'revoke of what?' 2 'session revoke: ' session revoke
refuses 'revoke of all' 2 'add --yes' session revoke --all
refuses 'no daemon' 3 'start gate511' -s "$bed_dir/no.sock" health
refuses 'no path' 2 'no path for a socket' -s "$(printf '%0200d' 0)" health
refuses 'no file' 2 'cannot be read' import "$bed_dir/absent"
refuses 'nowhere to write' 1 'cannot be written' export /nonexistent/file
refuses 'top for programs' 2 'use ' top -j
no_match 'no colours into a pipe' "$(ctl health)" $'\x1b'

step "import and export of $sessions sessions"
seq "$sessions" | awk -v end=$(($(date +%s) + 1000000)) '{
  printf "{\"mac\":\"02:00:%02x:%02x:%02x:%02x\",\"state\":\"%s\",", int($1 / 16777216) % 256,
    int($1 / 65536) % 256, int($1 / 256) % 256, $1 % 256, $1 % 10 ? "authenticated" : "blocked"
  printf $1 % 7 ? "\"expires_at\":" end + $1 : "\"ttl_s\":0"
  printf $1 % 3 ? ",\"tag\":\"room-" $1 % 100 "\"}\n" : "}\n" }' >"$bed_dir/in.ndjson"
since=$(now_ms)
says 'import' 0 "^$(printf "%'d" "$sessions" | tr -d , | sed ':a;s/\B[0-9]\{3\}\>/,&/;ta') added, 0 changed in " \
  import "$bed_dir/in.ndjson"
printf '#   import: %s\n#   in all %d ms\n' "$output" $(($(now_ms) - since))
equal 'all are there' "$(total)" "$sessions"
since=$(now_ms)
check 'export' ctl export "$bed_dir/first.ndjson"
printf '#   export: %d ms\n' $(($(now_ms) - since))
check 'what was imported comes out, sorted' cmp <(LC_ALL=C sort "$bed_dir/in.ndjson") "$bed_dir/first.ndjson"
check 'session revoke --all' ctl -t 120 session revoke --all --yes
check 'import of an export' ctl import "$bed_dir/first.ndjson"
check 'export to standard output' eval "ctl export >$bed_dir/second.ndjson"
check 'equal byte for byte' cmp "$bed_dir/first.ndjson" "$bed_dir/second.ndjson"
matches 'import in bounded memory' \
  "$({ /usr/bin/python3 -c 'import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, "MiB")' \
    "$(program gate511ctl)" -s "$bed_dir/control.sock" import "$bed_dir/first.ndjson"; } 2>&1)" '^0 [0-9]{1,2} MiB$'
equal 'list into head' "$(ctl session list | head -n 1 | awk '{ print $1 }')" MAC

step 'bad lines'
printf '%s\n' "{\"mac\":\"$mac\"}" 'no JSON' '' '{"mac":"01:00:5e:00:53:01"}' \
  '{"mac":"02:ff:5e:00:53:03","colour":"red"}' '{"mac":"02:ff:5e:00:53:04","expires_at":1}' \
  "{\"mac\":\"02:ff:5e:00:53:05\"}" >"$bed_dir/bad.ndjson"
says 'import goes on' 1 '^2 added, 0 changed, 1 had ended, 3 bad in ' import "$bed_dir/bad.ndjson"
matches 'no JSON' "$output" '^gate511ctl: .*bad\.ndjson:2: is no JSON; '
matches 'bad MAC' "$output" '^gate511ctl: .*bad\.ndjson:4: .*group address'
matches 'unknown member' "$output" '^gate511ctl: .*bad\.ndjson:5: .*colour'
says 'import --strict stops' 1 'bad\.ndjson:2: is no JSON; ' import --strict "$bed_dir/bad.ndjson"
says 'import from standard input' 0 '^0 added, 1 changed' import < <(head -n 1 "$bed_dir/bad.ndjson")
check 'revoke' ctl -t 120 session revoke --all --yes

step 'top'
check 'session add' let_in client
says 'one picture into a pipe' 0 '^VERDICT ' top -i 0.2
in_background client load.log sh -c "while :; do curl -s -o /dev/null http://$origin4/; done"
load_pid=$background_pid
top_up 120 40
check 'verdicts' wait_until 10 pane_shows '^VERDICT +RATE'
check 'a rate' wait_until 10 pane_shows '^frames in [1-9]'
check 'the busiest session' wait_until 15 pane_shows "^$(mac_of client) +[0-9.]+ [kM]?bit/s"
step 'its picture'
pane | sed 's/ *$//; s/^/#   /'
tmux_ resize-window -t top -x 60 -y 14
check 'smaller' wait_until 5 pane_shows '^gate511  up '
sleep 1.2
check 'no line is too long' test "$(pane | LC_ALL=C.UTF-8 wc -L)" -le 60
tmux_ send-keys -t top q
check 'q ends it and gives the terminal back' top_is_over 0
terminal_down
for signal in INT TERM HUP; do
  top_up 100 30
  check "runs, before SIG$signal" wait_until 10 pane_shows '^VERDICT '
  ctl_pid=$(pgrep -f "^$ctl_command top$")
  kill -s "$signal" "$ctl_pid"
  check "SIG$signal gives the terminal back" top_is_over $((128 + $(kill -l "$signal")))
  terminal_down
done
end_process "$load_pid"
check 'revoke' send_away client

step 'the bar'
terminal_up 100 10
tmux_ send-keys -t top "clear; $ctl_command import $bed_dir/in.ndjson" Enter
check 'a bar while it imports' wait_until 10 pane_shows '^\[=*>? *\] +[0-9]+ %  [0-9,]+ sessions  .*/s'
check 'and none afterwards' wait_until 120 pane_shows '^[0-9,]+ added, 0 changed in '
equal 'no bar is left' "$(pane | grep -c '^\[=' || true)" 0
terminal_down
check 'revoke' ctl -t 120 session revoke --all --yes

check_invariant

step 'the examples of the OpenRPC document'
transcripts=$(/usr/bin/python3 "$smoke_root/tests/smoke/lib/openrpc_examples.py" \
  "$smoke_root/docs/openrpc.json" "$bed_dir/control.sock" 2>&1) || failed 'transcripts' "$transcripts"
printf '%s\n' "$transcripts"
! grep -q '^not ok' <<<"$transcripts" || checks_failed=$((checks_failed + 1))

step 'shutdown'
check 'ends after it was asked to' wait_until 5 process_ended "$gateway_pid"
refuses 'no daemon any more' 3 'start gate511' health
wait "$gateway_pid" || failed 'exit code of the daemon' "$?"
gateway_pid=

smoke_end
