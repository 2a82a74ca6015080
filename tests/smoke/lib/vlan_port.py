# SPDX-License-Identifier: BSD-3-Clause
"""vlan_port.py INTERFACE VID: makes INTERFACE.VID, a VLAN interface in user space.

For kernels without 802.1Q: a TAP device whose frames go out of INTERFACE with a tag, and which gets
those that come in with it. Ends with the bed, by SIGTERM.
"""

import ctypes
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
ETH_P_ALL, ETH_P_8021Q = 0x0003, 0x8100
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
SO_ATTACH_FILTER = 26

# Classic BPF, linux/filter.h: the kernel keeps a received tag beside the frame.
BPF_LD_W_ABS, BPF_AND, BPF_JEQ, BPF_RET = 0x20, 0x54, 0x15, 0x06
SKF_AD_VLAN_TAG = 0xFFFFF000 + 44
SKF_AD_VLAN_TAG_PRESENT = 0xFFFFF000 + 48


def only_tagged(vid):
    """A filter that takes frames with this VLAN's tag."""
    return [
        (BPF_LD_W_ABS, 0, 0, SKF_AD_VLAN_TAG_PRESENT),
        (BPF_JEQ, 3, 0, 0),
        (BPF_LD_W_ABS, 0, 0, SKF_AD_VLAN_TAG),
        (BPF_AND, 0, 0, 0x0FFF),
        (BPF_JEQ, 1, 0, vid),
        (BPF_RET, 0, 0, 0),
        (BPF_RET, 0, 0, 0xFFFF),
    ]


def attach_filter(sock, program):
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code)
    fprog = struct.pack("HL", len(program), ctypes.addressof(buffer))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog)


def open_tap(name):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


def set_mac(interface, mac):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH6s8x", interface.encode(), 1, mac)
        fcntl.ioctl(any_socket, 0x8924, request)  # SIOCSIFHWADDR


def main():
    interface, vid = sys.argv[1], int(sys.argv[2])
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    attach_filter(raw, only_tagged(vid))
    raw.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    raw.bind((interface, ETH_P_ALL))
    tap = open_tap(f"{interface}.{vid}")
    set_mac(f"{interface}.{vid}", raw.getsockname()[4])
    tag = struct.pack("!HH", ETH_P_8021Q, vid)
    while True:
        for ready in select.select([raw, tap], [], [])[0]:
            try:
                if ready is raw:
                    os.write(tap, raw.recv(65535))
                else:
                    frame = os.read(tap, 65535)
                    raw.send(frame[:12] + tag + frame[12:])
            except OSError as error:  # the interface is down, or the queue is full: frame lost
                print(error, file=sys.stderr)


main()
