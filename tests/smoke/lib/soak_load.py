# SPDX-License-Identifier: BSD-3-Clause
"""Adds and revokes sessions, so many of each a second, and sums what all that ended have counted.

    soak_load.py SOCKET SECONDS RATE MAC    MAC is let in and sent away over and over as well, and has
                                            traffic of its own

Prints a JSON object: `added`, `revoked`, `packets` and `bytes` of the ended sessions, both ways,
`slowest_ms` of the answers, `behind_s`: how much longer than SECONDS it took.
"""
import json
import socket
import sys
import time

TICK, LIVES = 0.1, 30  # seconds between two requests; ticks that a session lives


class Line:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def call(self, requests):
        """Results in the order of the requests; any error is the end."""
        batch = [{"jsonrpc": "2.0", "id": i, "method": m, "params": p} for i, (m, p) in enumerate(requests)]
        self.socket.sendall(json.dumps(batch).encode() + b"\n")
        answers = sorted(json.loads(self.file.readline()), key=lambda one: one["id"])
        for one in answers:
            if "error" in one:
                sys.exit(f"soak_load.py: {one['error']['message']}")
        return [one["result"] for one in answers]


def names(tick, rate):
    """Of the sessions added in a tick: none comes again before it has gone."""
    first = tick * rate % 0x100_0000
    return ["02:00:5f:%02x:%02x:%02x" % (n >> 16 & 255, n >> 8 & 255, n & 255) for n in range(first, first + rate)]


def main(path, seconds, rate, own):
    line = Line(path)
    each = int(rate * TICK)
    total = {"added": 0, "revoked": 0, "packets": 0, "bytes": 0, "slowest_ms": 0}

    def add(macs):
        for one in line.call([("session.add", {"sessions": [{"mac": mac, "ttl_s": 3600} for mac in macs]})])[0]["results"]:
            total["added"] += one["created"]

    def revoke(macs):
        for at in range(0, len(macs), 100):
            for one in line.call([("session.revoke", {"mac": mac}) for mac in macs[at : at + 100]]):
                total["revoked"] += one["revoked"]
                session = one["session"]
                total["packets"] += session["packets_up"] + session["packets_down"]
                total["bytes"] += session["bytes_up"] + session["bytes_down"]

    def timed(work, macs):
        began = time.monotonic()
        work(macs)
        total["slowest_ms"] = max(total["slowest_ms"], round((time.monotonic() - began) * 1000))

    begin = time.monotonic()
    ticks = int(seconds / TICK)
    for tick in range(ticks):
        timed(add, names(tick, each))
        if tick >= LIVES:
            timed(revoke, names(tick - LIVES, each))
        if tick % 20 == 0:
            timed(add, [own])
        elif tick % 20 == 15:
            timed(revoke, [own])
        time.sleep(max(0, begin + (tick + 1) * TICK - time.monotonic()))
    total["behind_s"] = round(time.monotonic() - begin - seconds, 1)
    for tick in range(max(0, ticks - LIVES), ticks):
        revoke(names(tick, each))
    if (ticks - 1) % 20 < 15:
        revoke([own])
    print(json.dumps(total))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
