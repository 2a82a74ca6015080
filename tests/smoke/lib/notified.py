#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""notified.py SOCKET: listens as a service manager does; prints each line that it is told, as it comes."""
import os
import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
    manager.bind(sys.argv[1])
    os.chmod(sys.argv[1], 0o777)
    while True:
        print(manager.recv(4096).decode(errors="replace"), flush=True)
