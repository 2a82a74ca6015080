#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The frame just after login: connections that a browser opened as a guest and holds are answered by
# the gateway still, once there is a session; the next connection reaches the origin.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# hold ADDRESS: three connections. A line `open`, then waits for a line, and uses each: one with a
# request, one with a request in two parts, one with a large upload. A line for each says what came.
hold() {
  client /usr/bin/python3 -u -c '
import socket, sys, time
held = [socket.create_connection((sys.argv[1], 80), timeout=10) for _ in range(3)]
print("open")
sys.stdin.readline()
GET = b"GET /kept HTTP/1.1\r\nHost: origin.example\r\n\r\n"
POST = b"POST /upload HTTP/1.1\r\nHost: origin.example\r\nContent-Length: 2000000\r\n\r\n"
for parts in ([GET], [GET[:9], GET[9:]], [POST, b"x" * 2000000]):
    held_one = held.pop()
    try:
        for part in parts:
            held_one.sendall(part)
            time.sleep(0.05)
    except OSError as error:
        print("sending:", error)
    answer = b""
    try:
        while more := held_one.recv(65536):
            answer += more
        print(answer.split(b"\r\n")[0].decode(), len(answer))
    except OSError as error:
        print("receiving:", error)
' "$1"
}

bed_up
gateway_up

for family in 4 6; do
  address=origin$family
  step "IPv$family: connections that were opened before"
  coproc HELD { hold "${!address}"; }
  # shellcheck disable=SC2034  # bash closes the coprocess's own descriptors when it ends
  exec {from_held}<&"${HELD[0]}" {to_held}>&"${HELD[1]}"
  read -r -t 10 line <&"$from_held" || die 'the client could not connect'
  equal "IPv$family: open" "$line" open
  check "IPv$family: session add" let_in
  echo go >&"$to_held"
  for what in 'a request' 'a request in two parts' 'an upload'; do
    read -r -t 20 line <&"$from_held" || line='nothing'
    equal "IPv$family: $what is answered with the whole page" "$line" \
      'HTTP/1.1 511 Network Authentication Required 1200'
  done
  exec {from_held}<&- {to_held}>&-
  matches "IPv$family: the next connection reaches the origin" \
    "$(client curl -sS -m 5 "-$family" http://origin.example/)" 'This is the origin'
  check "IPv$family: session revoke" send_away
done

smoke_end
