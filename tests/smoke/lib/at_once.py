# SPDX-License-Identifier: BSD-3-Clause
"""at_once.py ADDRESS CAFILE COUNT FORM: one form, sent COUNT times to the portal's /login at the same moment.

All connections are there, with TLS, before the first byte of a request goes. Prints the Location of each answer.
"""

import socket
import ssl
import sys
import threading

address, ca, count, form = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
context = ssl.create_default_context(cafile=ca)
request = (f"POST /login HTTP/1.1\r\nHost: portal.example\r\nContent-Type: application/x-www-form-urlencoded\r\n"
           f"Content-Length: {len(form)}\r\nConnection: close\r\n\r\n{form}").encode()
links = [context.wrap_socket(socket.create_connection((address, 443), timeout=15), server_hostname="portal.example")
         for _ in range(count)]
gate = threading.Barrier(count)
answers = []


def send(link):
    gate.wait()
    link.sendall(request)
    answer = b""
    while more := link.recv(65536):
        answer += more
    answers.append(answer)


threads = [threading.Thread(target=send, args=(link,)) for link in links]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for answer in answers:
    fields = answer.split(b"\r\n\r\n")[0].decode().split("\r\n")
    print(next((field for field in fields if field.startswith("Location: ")), fields[0]))
