#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
#
# stuck_scrapers.py HOST PORT COUNT: COUNT connections that hold what they can: a third says
# nothing, a third sends a request a byte at a time, a third asks again and again and reads nothing.
# Those that are closed come anew a second later. Prints `ready` once all have come; ends with its standard input.
import selectors
import socket
import sys
import time

host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
HEAD = b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-Slow: "
WHOLE = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"


class Stuck:
    def __init__(self, kind):
        self.kind, self.sent, self.socket, self.rests_until = kind, 0, None, 0
        self.come()

    def come(self):
        self.sent = 0
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.setblocking(False)
        self.socket.connect_ex((host, port))

    def leave(self):
        self.socket.close()
        self.rests_until = time.monotonic() + 1

    def go_on(self):
        if self.rests_until:
            if time.monotonic() < self.rests_until:
                return
            self.rests_until = 0
            self.come()
        try:
            if self.kind == 1:
                self.socket.send(HEAD[self.sent:self.sent + 1] or b"x")
                self.sent += 1
            elif self.kind == 2:
                self.socket.send(WHOLE)
            elif not self.socket.recv(1):
                self.leave()
        except BlockingIOError:
            pass
        except OSError:
            self.leave()


with selectors.DefaultSelector() as selector:
    selector.register(sys.stdin, selectors.EVENT_READ)
    all_of_them = [Stuck(i % 3) for i in range(count)]
    print("ready", flush=True)
    while not (selector.select(0) and not sys.stdin.read(1)):
        for one in all_of_them:
            one.go_on()
        time.sleep(0.05)
