#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# What hostile clients do to the portal by TLS, each a verb. An address is of the portal.
#
#   reset ADDRESS COUNT              a request on each of COUNT connections, and resets
#   unread ADDRESS COUNT SECONDS     COUNT connections from 40 IPv6 addresses ask for /logo and read nothing
#   silent ADDRESS COUNT SECONDS     COUNT connections from 40 IPv6 addresses say nothing
#   crowd ADDRESS COUNT SECONDS      the same from one address
#   behind ADDRESS                   two requests in one record; prints the statuses of what is answered
#   close ADDRESS FIELD              one request with a field; prints `closed` or `open` behind its answer
import re
import socket
import ssl
import struct
import sys
import time

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


def request(path, fields=""):
    return f"GET {path} HTTP/1.1\r\nHost: portal.example\r\n{fields}\r\n".encode()


def tls(connected):
    return context.wrap_socket(connected, server_hostname="portal.example")


def connection(address):
    return tls(socket.create_connection((address, 443), timeout=5))


def from_many(address, index, tiny=False):
    made = socket.socket(socket.AF_INET6)
    if tiny:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    made.settimeout(5)
    made.bind((f"2001:db8::1:{index % 40 + 1:x}", 0))
    made.connect((address, 443))
    return made


def reset(address, count):
    all_of = [connection(address) for _ in range(int(count))]
    for one in all_of:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.sendall(request("/"))
    time.sleep(0.05)
    for one in all_of:
        one.close()


def hold(address, count, seconds, step):
    held = []
    for index in range(int(count)):
        try:
            held.append(step(address, index))
        except OSError:  # ours, or one of before, makes room
            pass
    print(f"held {len(held)}", flush=True)
    time.sleep(float(seconds))


def unread_one(address, index):
    one = tls(from_many(address, index, tiny=True))
    one.sendall(request("/logo"))
    return one


def answers(one):
    got = b""
    one.settimeout(3)
    try:
        while part := one.recv(65536):
            got += part
    except TimeoutError:
        return got, "open"
    return got, "closed"


def behind(address):
    one = connection(address)
    filling = "".join(f"X-{index}: {'x' * 600}\r\n" for index in range(5))
    one.sendall(request("/none", filling) + request("/style.css", filling + "Connection: close\r\n"))
    got, _ = answers(one)
    print(*re.findall(r"HTTP/1\.1 (\d+)", got.decode("utf-8", "replace")))


def close(address, field):
    one = connection(address)
    one.sendall(request("/none", field + "\r\n"))
    print(answers(one)[1])


verb, rest = sys.argv[1], sys.argv[2:]
{
    "reset": reset,
    "unread": lambda *given: hold(*given, unread_one),
    "silent": lambda *given: hold(*given, from_many),
    "crowd": lambda *given: hold(*given, lambda to, _: socket.create_connection((to, 443), timeout=5)),
    "behind": behind,
    "close": close,
}[verb](*rest)
