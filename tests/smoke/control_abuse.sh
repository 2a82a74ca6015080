#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Stuck, slow, huge and malformed clients of the control sockets, as root and as another user, while
# a well-behaved one is answered in less than 100 ms and a session loses no packet.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly abuse_s=12

# abusers SOCKET KIND COUNT SECONDS: opens COUNT connections and misbehaves on each.
abusers() {
  python3 - "$@" <<'PYTHON'
import socket, sys, time

path, kind, count, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
request = b'{"jsonrpc":"2.0","id":1,"method":"stats.get"}\n'
open_ones = []
for _ in range(count):
    one = socket.socket(socket.AF_UNIX)
    try:
        one.connect(path)
        one.setblocking(False)
        open_ones.append(one)
    except OSError:
        one.close()
end = time.monotonic() + seconds
sent = 0
while time.monotonic() < end:
    for one in open_ones:
        try:
            if kind == "never-read":
                one.send(request * 100)
            elif kind == "byte-a-second":
                one.send(b'{')
            elif kind == "huge":
                one.send(b"x" * 65536)
            elif kind == "malformed":
                one.send(b'[' * 5000 + b'\n' + b'"\xff"\n{"a":1,"a":2}\n\x00\n[1e999]\n')
                one.recv(65536)
            elif kind == "half-closed":
                one.send(request)
                one.shutdown(socket.SHUT_WR)
            sent += 1
        except OSError:
            pass
    time.sleep(1 if kind == "byte-a-second" else 0.02)
print(len(open_ones), sent)
PYTHON
}

# as_nobody COMMAND...: as a second user, who is of the control socket's group.
as_nobody() { setpriv --reuid nobody --regid nogroup --clear-groups "$@"; }

# as_stranger COMMAND...: as a third one, who may open the status socket alone.
as_stranger() { setpriv --reuid daemon --regid daemon --clear-groups "$@"; }

# How long the slowest of many quick requests took, in ms.
slowest_answer_ms() {
  python3 - "$bed_dir/control.sock" "$abuse_s" <<'PYTHON'
import socket, sys, time

one = socket.socket(socket.AF_UNIX)
one.connect(sys.argv[1])
slowest, count = 0.0, 0
end = time.monotonic() + float(sys.argv[2]) - 2
while time.monotonic() < end:
    began = time.monotonic()
    one.sendall(b'{"jsonrpc":"2.0","id":1,"method":"session.list"}\n')
    answer = b""
    while not answer.endswith(b"\n"):
        part = one.recv(1 << 20)
        if not part:
            sys.exit("closed")
        answer += part
    slowest = max(slowest, time.monotonic() - began)
    count += 1
    time.sleep(0.02)
print(int(slowest * 1000), count)
PYTHON
}

bed_up
gateway_group=nogroup
gateway_up
chmod 0775 "$bed_dir"

step 'who may what'
check_fails 'who is not of its group cannot open the control socket' \
  as_stranger socat -u /dev/null "UNIX-CONNECT:$bed_dir/control.sock"
status=$(printf '{"jsonrpc":"2.0","id":1,"method":"health"}\n{"jsonrpc":"2.0","id":2,"method":"shutdown"}\n' |
  as_stranger socat -t 5 - "UNIX-CONNECT:$bed_dir/status.sock")
allowed=$(printf '{"jsonrpc":"2.0","id":1,"method":"session.list"}\n' |
  as_nobody socat -t 5 - "UNIX-CONNECT:$bed_dir/control.sock")
matches 'another user is told the health' "$status" '"result":.*"status"'
matches 'who is of the group may list' "$allowed" '"sessions":'
matches 'the other may not shut the gateway down' "$status" 'READ_ONLY'

step 'under abuse'
check 'session add' let_in
pids=()
for kind in never-read byte-a-second huge malformed half-closed; do
  # Of the 16 places that root has at the control socket these take 15, the well-behaved client one.
  abusers "$bed_dir/control.sock" "$kind" 3 "$abuse_s" >/dev/null 2>&1 &
  pids+=($!)
  for socket in control status; do
    as_nobody bash -c "$(declare -f abusers); abusers \"\$@\"" bash "$bed_dir/$socket.sock" "$kind" \
      64 "$abuse_s" >/dev/null 2>&1 &
    pids+=($!)
  done
done
client ping -q -i 0.05 -c $((abuse_s * 18)) "$origin4" >"$bed_dir/ping.log" 2>&1 &
pids+=($!)
sleep 1
read -r slowest answers <<<"$(slowest_answer_ms)"
check 'a well-behaved client is answered' test "${answers:-0}" -gt 50
check "in less than 100 ms: $slowest ms at most" test "$slowest" -lt 100
wait "${pids[@]}" || true
matches 'a session loses no packet' "$(<"$bed_dir/ping.log")" ' 0% packet loss'
matches 'the abuse is counted' "$(ctl -j stats)" '"refused":[1-9]'

smoke_end
