#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The main job: a guest gets the 511 and a link that leads to the portal; with a session the same
# client passes straight through; a revoke stops it.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# The login link as it stands in a page on standard input.
login_link() { sed -nE 's/.*href="([^"]*)".*/\1/p' | sed 's/&amp;/\&/g' | head -n 1; }

guest_is_asked_to_log_in() {
  local answer link
  answer=$(client curl -sSi -m 5 "-$1" http://origin.example/some/page)
  matches "IPv$1: 511" "$answer" '^HTTP/1\.1 511 Network Authentication Required'
  matches "IPv$1: not to be cached" "$answer" '^Cache-Control: no-store'
  matches "IPv$1: the connection ends" "$answer" '^Connection: close'
  matches "IPv$1: the page names the network" "$answer" 'Example Wi-Fi'
  link=$(login_link <<<"$answer")
  matches "IPv$1: the link has a token" "$link" "^$portal_url\?t=[A-Za-z0-9_-]{67}$"
  check "IPv$1: the link is signed for this client" /usr/bin/python3 \
    "$smoke_lib/verify_link.py" "$bed_dir/link.key" "$(mac_of client)" "$link"
  matches "IPv$1: the link leads to the portal" "$(client curl -sS -m 5 "$link")" 'Log in'
}

client_passes() {
  local got
  got=$(client curl -sSi -m 5 "-$1" http://origin.example/)
  matches "IPv$1: 200" "$got" '^HTTP/1\.1 200 OK'
  matches "IPv$1: the origin's own page" "$got" 'This is the origin'
  client curl -sS -m 60 "-$1" -o "$bed_dir/got" http://origin.example/50MB || true
  equal "IPv$1: 50 MB come through whole" \
    "$(sha256_of "$bed_dir/got")" "$(sha256_of "$bed_dir/origin/50MB")"
}

bed_up
origin_file 50MB 50000000
gateway_up

step 'a guest'
guest_is_asked_to_log_in 4
guest_is_asked_to_log_in 6

step 'let in'
check 'session add' let_in client
matches 'session list' "$(ctl session list)" "$(mac_of client)"
client_passes 4
client_passes 6
check 'session add again' let_in client

step 'sent away'
check 'session revoke' send_away client
check 'session revoke of what is not there' send_away client
guest_is_asked_to_log_in 4
guest_is_asked_to_log_in 6

smoke_end
