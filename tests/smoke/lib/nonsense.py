# SPDX-License-Identifier: BSD-3-Clause
#
# nonsense.py PORT KIND: a server that answers whatever it is asked with nonsense of a kind, for as long as it runs.
import os
import random
import socketserver
import sys

PORT, KIND = int(sys.argv[1]), sys.argv[2]


def answer(number, asked):
    if KIND == "http":
        return b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    if KIND == "noise":
        return os.urandom(random.randrange(1, 4096))
    if KIND == "huge":
        return b"$2147483647\r\n" + b"x" * 65536
    if KIND == "deep":
        return b"*1\r\n" * 64
    if KIND == "ok":
        return b"+OK\r\n"
    if KIND == "lists":
        return b"*4\r\n$3\r\nmac\r\n$1\r\nx\r\n*0\r\n:-1\r\n"
    if KIND == "errors":
        return b"-ERR \x1b[31m" + b"no " * 200 + b"\r\n"
    if KIND == "echo":
        return b"-ERR unknown command, with args beginning with: " + asked.replace(b"\r\n", b" ") + b"\r\n"
    raise SystemExit(f"no such kind: {KIND}")


class Talk(socketserver.BaseRequestHandler):
    def handle(self):
        number = 0
        try:
            while asked := self.request.recv(65536):
                number += 1
                self.request.sendall(answer(number, asked))
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("0.0.0.0", PORT), Talk).serve_forever()
