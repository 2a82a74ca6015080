# SPDX-License-Identifier: BSD-3-Clause
"""delayed_port.py INTERFACE DEVICE MS: makes DEVICE, a TAP whose frames take MS ms each way.

For kernels without netem: what goes into DEVICE comes out of INTERFACE that much later, and the
reverse. DEVICE has INTERFACE's MAC address. Ends with the bed, by SIGTERM.
"""

import collections
import fcntl
import os
import select
import socket
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
SIOCSIFHWADDR = 0x8924
ETH_P_ALL = 0x0003
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23


def open_tap(name, mac):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFHWADDR, struct.pack("16sH6s8x", name.encode(), 1, mac))
    return tap


def main():
    interface, device, delay_s = sys.argv[1], sys.argv[2], float(sys.argv[3]) / 1000
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    raw.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    raw.bind((interface, ETH_P_ALL))
    tap = open_tap(device, raw.getsockname()[4])
    on_their_way = collections.deque()  # when due, how to deliver, frame
    while True:
        wait_s = max(on_their_way[0][0] - time.monotonic(), 0) if on_their_way else None
        ready = select.select([raw, tap], [], [], wait_s)[0]
        now = time.monotonic()
        if raw in ready:
            on_their_way.append((now + delay_s, lambda frame: os.write(tap, frame), raw.recv(65535)))
        if tap in ready:
            on_their_way.append((now + delay_s, raw.send, os.read(tap, 65535)))
        while on_their_way and on_their_way[0][0] <= now:
            _, deliver, frame = on_their_way.popleft()
            try:
                deliver(frame)
            except OSError as error:  # the interface is down, or the queue is full: frame lost
                print(error, file=sys.stderr)


main()
