#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""radius_load.py SOCKET PER-SECOND SECONDS: new guests on c0, each of a MAC of its own, and how long
until each has its session. Run in the client's namespace; prints JSON: milliseconds of each, by MAC.
"""
import json
import os
import selectors
import socket
import struct
import sys
import time

path, per_second, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
control = socket.socket(socket.AF_UNIX)
control.connect(path)
control.sendall(b'{"jsonrpc":"2.0","id":1,"method":"events.subscribe","params":{"types":["session.added"]}}\n')
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("c0", 0))
control.setblocking(False)
selector = selectors.DefaultSelector()
selector.register(control, selectors.EVENT_READ)


def arp(mac, number):
    """Who has the router, asked by an address of 198.18.0.0/15."""
    sender = struct.pack(">I", 0xC6120000 + number)
    return (b"\xff" * 6 + mac + b"\x08\x06" + b"\0\x01\x08\0\x06\x04\0\x01" + mac + sender
            + b"\0" * 6 + bytes([192, 0, 2, 1]) + b"\0" * 18)


sent, took, rest = {}, {}, b""
began = time.monotonic()
run = os.urandom(2)
total = per_second * seconds
number = 0
end = began + seconds + 5
while time.monotonic() < end and len(took) < total:
    now = time.monotonic()
    due = min(total, int((now - began) * per_second) + 1)
    while number < due:
        mac = b"\x02" + run + struct.pack(">I", number)[1:]
        wire.send(arp(mac, number))
        sent[":".join(f"{octet:02x}" for octet in mac)] = time.monotonic()
        number += 1
    for _ in selector.select(0.0005):
        try:
            chunk = control.recv(1 << 20)
        except BlockingIOError:
            continue
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        at = time.monotonic()
        for line in lines:
            mac = json.loads(line).get("params", {}).get("session", {}).get("mac")
            if mac in sent:
                took[mac] = (at - sent[mac]) * 1000
        last = at
print(json.dumps({"sent": len(sent), "opened": len(took), "seconds": round(last - began, 3),
                  "took_ms": sorted(round(each, 3) for each in took.values())}))
