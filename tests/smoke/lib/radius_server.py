#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""radius_server.py ADDRESS SECRET MODE...: a RADIUS server that is up to no good.

The first request is answered as the first MODE says, the next as the second, the last ever after:
  unsigned   accepted, by another secret
  unsealed   accepted, rightly signed, without a Message-Authenticator
  repeated   accepted, signed and sealed, with Session-Timeout twice
  broken     an attribute that is longer than the packet
  replay     what was answered rightly to the first request that came
  silent     nothing
  good       accepted
  late       accepted, once there is a file of the name LATE in the environment
"""
import hashlib
import hmac
import os
import socket
import struct
import sys
import time

address, secret, modes = sys.argv[1], sys.argv[2].encode(), sys.argv[3:]
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((address, 1812))


def accept(request, by, attributes=b"", is_sealed=True, tail=b""):
    """To `request`, signed by a secret."""
    seal = b"\x50\x12" + bytes(16) if is_sealed else b""
    body = seal + attributes
    head = struct.pack(">BBH", 2, request[1], 20 + len(body) + len(tail)) + request[4:20]
    if is_sealed:
        body = b"\x50\x12" + hmac.new(by, head + body + tail, "md5").digest() + attributes
    digest = hashlib.md5(head + body + tail + by).digest()
    return head[:4] + digest + body + tail


recorded, seen = None, {}
while True:
    request, peer = server.recvfrom(4096)
    key = request[4:20]
    mode = seen.setdefault(key, modes[min(len(seen), len(modes) - 1)])
    recorded = recorded or accept(request, secret)
    timeout = b"\x1b\x06\x00\x00\x0e\x10"
    if mode == "unsigned":
        server.sendto(accept(request, b"another secret"), peer)
    elif mode == "unsealed":
        server.sendto(accept(request, secret, timeout, False), peer)
    elif mode == "repeated":
        server.sendto(accept(request, secret, timeout + timeout), peer)
    elif mode == "broken":
        server.sendto(accept(request, secret, tail=b"\x1b\xff"), peer)
    elif mode == "replay":
        server.sendto(recorded[:1] + request[1:2] + recorded[2:], peer)
    elif mode in ("good", "late"):
        while mode == "late" and not os.path.exists(os.environ["LATE"]):
            time.sleep(0.02)
        server.sendto(accept(request, secret, timeout), peer)
    print(mode, flush=True)
