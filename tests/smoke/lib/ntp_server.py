#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# ntp_server.py ADDRESS: an NTP server of stratum 1 on this machine's clock (RFC 5905, 7.3), until it
# is ended. A daemon from a package would take the place of the machine's own.
import socket
import struct
import sys
import time

EPOCH = 2208988800  # RFC 5905, 6: NTP counts from 1900
HEADER = 48
LEAP_0_VERSION_4_SERVER = 4 << 3 | 4


def timestamp():
    now = time.time_ns()
    return struct.pack("!II", now // 10**9 + EPOCH, (now % 10**9 << 32) // 10**9)


def main():
    served = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    served.bind((sys.argv[1], 123))
    while True:
        request, client = served.recvfrom(512)
        received = timestamp()
        if len(request) < HEADER or request[0] & 7 != 3:  # mode 3: a client
            continue
        header = struct.pack("!BBbbII4s", LEAP_0_VERSION_4_SERVER, 1, 6, -20, 0, 0, b"LOCL")
        transmitted_by_client = request[40:48]
        served.sendto(header + received + transmitted_by_client + received + timestamp(), client)


main()
