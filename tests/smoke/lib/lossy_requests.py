# SPDX-License-Identifier: BSD-3-Clause
"""lossy_requests.py ADDRESS COUNT whole|half|split: that many requests at once over a bad link.

`whole`: as it is; `half`: the client closes its side at once; `split`: in three segments, with
pauses. Prints what came of them, `TIMES x BYTES` of an answer that ended in order, or an error.
"""

import collections
import concurrent.futures
import socket
import sys
import time

address, count, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
REQUEST = b"GET /%d HTTP/1.1\r\nHost: origin.example\r\nUser-Agent: lossy\r\n\r\n"


def ask(number):
    request = REQUEST % number
    try:
        with socket.create_connection((address, 80), timeout=180) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if mode == "split":
                for part in (request[:7], request[7:30], request[30:]):
                    connection.sendall(part)
                    time.sleep(0.02)
            else:
                connection.sendall(request)
            if mode == "half":
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while True:
                more = connection.recv(4096)
                if not more:
                    break
                answer += more
    except OSError as error:
        return str(error)
    if not answer.startswith(b"HTTP/1.1 511 Network Authentication Required\r\n"):
        return "no 511"
    return len(answer)


with concurrent.futures.ThreadPoolExecutor(max_workers=count) as pool:
    seen = collections.Counter(pool.map(ask, range(count)))
print(", ".join(f"{times} x {what}" for what, times in sorted(seen.items(), key=str)))
