#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What hostile guests do to the reference portal's connections: resets while it works, answers that nobody
# reads, more connections than there are files, a gateway that is silent; and its certificate, read again.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/guest_portal.bash
. "${BASH_SOURCE[0]%/*}/lib/guest_portal.bash"

readonly site=https://portal.example
abuse=(/usr/bin/python3 "$smoke_lib/portal_abuse.py")

rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$portal_pid/status"; }
peak_kb() { awk '/^VmHWM/ { print $2 }' "/proc/$portal_pid/status"; }
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$portal_pid/stat"; }  # of 10 ms

# below NAME VALUE LIMIT
below() {
  if [ "$2" -lt "$3" ]; then passed "$1 ($2)"; else failed "$1" "$2, and the limit is $3"; fi
}

# curl_as COMMAND... : the portal's site, as another guest or from the operator's side; prints the status.
other_curl() {
  in_ns other curl -4sS -m 10 --cacert "$bed_dir/tls/ca.pem" -o /dev/null -w '%{http_code}' "$@" || true
}
near_curl() {
  net curl -sS -m 10 --cacert "$bed_dir/tls/ca.pem" --resolve "portal.example:443:$portal4" -o /dev/null -w '%{http_code}' "$@" || true
}

serial() {
  net openssl s_client -connect "$portal4:443" -servername portal.example </dev/null 2>/dev/null | openssl x509 -noout -serial
}

log_has() {
  if wait_until 3 grep -qE -- "$2" "$bed_dir/portal.log"; then passed "$1"; else failed "$1" "$(tail -n 20 "$bed_dir/portal.log")"; fi
}

# portal_with FILES: the portal, which may have so many open.
portal_with() {
  portal_stop
  in_background net portal.log prlimit --nofile="$1" "$(program gate511-portal)" --config "$bed_dir/portal.toml"
  portal_pid=$background_pid
  wait_until 10 portal_is_ready || true
}

# files_now COUNT: so many may be open from now on; as the portal's user, which may say so.
files_now() {
  setpriv --reuid "$portal_user" --regid "$(id -g "$portal_user")" --clear-groups prlimit --pid "$portal_pid" --nofile="$1:"
}

# What it said is kept: the next one is ready when its own log says so.
portal_stop() {
  kill "$portal_pid" 2>/dev/null || true
  wait_until 5 process_ended "$portal_pid"
  cat "$bed_dir/portal.log" >>"$bed_dir/portal.before"
  rm "$bed_dir/portal.log"
}

bed_up
add_client other
gateway_up
{ printf '\x89PNG\r\n\x1a\n' && head -c 1000000 /dev/urandom; } >"$bed_dir/logo.png"
portal_portal=("logo = \"$bed_dir/logo.png\"")
portal_up
let_in client
for i in $(seq 1 40); do client ip -6 address add "2001:db8::1:$(printf %x "$i")/64" dev c0 nodad; done
equal 'the logo, whole' "$(client curl -sS --cacert "$bed_dir/tls/ca.pem" "$site/logo" | sha256sum)" "$(sha256sum <"$bed_dir/logo.png")"

step 'A gateway that is silent'
kill -STOP "$gateway_pid"
pids=()
for _ in $(seq 1 12); do
  near_curl "$site/" >/dev/null &
  pids+=($!)
done
sleep 0.5
since=$(now_ms)
equal 'styles wait for no gateway' "$(near_curl "$site/style.css")" 200
within_ms 'not even where all threads do' 1000 "$since"
wait "${pids[@]}"
near_curl "$site/" >/dev/null &  # waits for what the gateway says
probe=$!
sleep 0.3
since=$(now_ms)
equal 'who asks meanwhile is told' "$(near_curl "$site/")" 503
within_ms 'at once' 1000 "$since"
log_has 'and the operator' '^gate511-portal: gateway: .*control.sock: does not answer'

step 'Connections that are reset while the portal works for them'
before=$(rss_kb)
ticks=$(cpu_ticks)
net "${abuse[@]}" reset "$portal4" 30
sleep 2
below 'memory, KB' $(($(rss_kb) - before)) 10000
below 'work, ticks' $(($(cpu_ticks) - ticks)) 60
kill -CONT "$gateway_pid"
wait "$probe"
check 'the gateway is back' wait_until 10 test 200 = "$(other_curl --retry 5 --retry-all-errors --retry-delay 1 -f "$site/")"

step 'Answers that nobody reads'
client "${abuse[@]}" unread "$portal6" 1050 6 >"$bed_dir/said" &
reader=$!
check 'they are asked for' wait_until 60 grep -q held "$bed_dir/said"
since=$(now_ms)
equal 'another guest is served' "$(other_curl "$site/")" 200
within_ms 'at once' 3000 "$since"
below 'a logo is not kept for each: memory at most, KB' "$(peak_kb)" 150000
wait "$reader"

step 'More connections than files'
portal_with 256
client "${abuse[@]}" silent "$portal6" 400 4 >"$bed_dir/said" &
reader=$!
check 'four hundred come' wait_until 30 grep -q held "$bed_dir/said"
below 'the portal has as many as fit' "$(find "/proc/$portal_pid/fd" -mindepth 1 | wc -l)" 200
equal 'another guest is served' "$(other_curl "$site/")" 200
wait "$reader"
files_now 10
ticks=$(cpu_ticks)
client timeout 3 bash -c "exec 3<>/dev/tcp/$portal4/443; sleep 2" || true
below 'where there is none left the door rests: work, ticks' $(($(cpu_ticks) - ticks)) 50
files_now 256
equal 'and opens again' "$(other_curl "$site/")" 200
portal_with 150
log_has 'too few to start with' '^gate511-portal: limits: too few files may be open; allow 192 at least'
portal_stop
portal_gateway=('clients = "translated"')
portal_start
client "${abuse[@]}" crowd "$portal4" 100 3 >"$bed_dir/said" &
reader=$!
check 'behind a NAT a hundred of one address' wait_until 30 grep -q 'held 100' "$bed_dir/said"
has_more_files() { [ "$(find "/proc/$portal_pid/fd" -mindepth 1 | wc -l)" -gt "$1" ]; }
check 'have places' wait_until 2 has_more_files 100
wait "$reader"
portal_stop
portal_gateway=()
portal_start

step 'Requests one behind the other'
equal 'both are answered, though TLS holds the second' "$(net "${abuse[@]}" behind "$portal4")" '404 200'
equal 'the client closes, in any case' "$(net "${abuse[@]}" close "$portal4" 'Connection: CLOSE')" closed
equal 'or does not' "$(net "${abuse[@]}" close "$portal4" 'X: y')" open

step 'A new certificate'
old=$(serial)
signed_by_ca portal "DNS:portal.example,IP:$portal4,IP:$portal6"
chown games "$bed_dir/tls/portal.key"
kill -HUP "$portal_pid"
log_has 'it is told' '^gate511-portal: reload: .*/tls/portal.pem is in use from now on'
new=$(serial)
check "it is shown: $new" test "$new" != "$old" -a -n "$new"
openssl pkey -in "$bed_dir/tls/portal.key" -aes256 -passout pass:secret -out "$bed_dir/tls/locked.key"
chown games "$bed_dir/tls/locked.key"
cp "$bed_dir/tls/portal.key" "$bed_dir/tls/plain.key"
cat "$bed_dir/tls/locked.key" >"$bed_dir/tls/portal.key"
kill -HUP "$portal_pid"
log_has 'a key with a passphrase is refused' '^gate511-portal: reload: .*/tls/portal.key: the key needs a passphrase; give one without: openssl pkey .*; the certificate of before stays in use'
equal 'and that of before is shown' "$(serial)" "$new"
check_fails 'nor does it start with one, or ask for it' setsid "$(program gate511-portal)" --config "$bed_dir/portal.toml"
cp "$bed_dir/tls/plain.key" "$bed_dir/tls/portal.key"
portal_stop
no_match 'nothing was an error' "$(<"$bed_dir/portal.before")" 'error:|terminate|Sanitizer'

[ "$checks_failed" -eq 0 ] || cat "$bed_dir/portal.before"
smoke_end
