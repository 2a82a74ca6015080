# SPDX-License-Identifier: BSD-3-Clause
"""stubborn_upload.py ADDRESS BYTES: a POST whose client sends all of it before it reads the answer.

Prints what came: `511 1200 bytes, BYTES sent`, or the error that ended it.
"""

import socket
import sys

address, size = sys.argv[1], int(sys.argv[2])
with socket.create_connection((address, 80), timeout=60) as connection:
    connection.sendall(
        b"POST /upload HTTP/1.1\r\nHost: origin.example\r\nContent-Length: %d\r\n\r\n" % size
    )
    sent = 0
    block = b"x" * 50_000
    while sent < size:
        connection.sendall(block[: size - sent])
        sent += len(block[: size - sent])
    connection.shutdown(socket.SHUT_WR)
    answer = b""
    while more := connection.recv(65536):
        answer += more
print(answer.split(b" ")[1].decode(), len(answer), "bytes,", sent, "sent")
