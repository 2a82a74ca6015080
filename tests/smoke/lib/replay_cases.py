# SPDX-License-Identifier: BSD-3-Clause
"""replay_cases.py CASES INTERFACE exact|any: the unit tests' frames against the running daemon.

CASES is what unit-core wrote (GATE511_CASES): each frame and what the core made of it. They are sent
out of INTERFACE, and what comes back must be the same to the byte but for what the daemon has of its
own: cookies (its sequence numbers are told apart by its own SYN,ACKs), login tokens, and checksums,
which are verified. `any`: the ports lose the type of an outer tag. Prints a line a test suite.
"""

import collections
import re
import socket
import struct
import sys

cases, interface, outer_tag = sys.argv[1:4]

SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23
TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID = 0x10, 0x40
SYN, RST, ACK = 0x02, 0x04, 0x10
TAGS = (0x8100, 0x88A8)
TOKEN = re.compile(rb"(t=)[-_A-Za-z0-9]{67}")
REACH = 4096  # an acknowledgement number that far from a cookie is meant to be of its connection
MARKER_MAC = bytes.fromhex("02005e0053f0")


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


class Frame:
    """Where TCP lies in a frame; `tcp` is None where there is none."""

    def __init__(self, octets):
        self.octets = bytearray(octets)
        at = 12
        while at + 2 <= len(octets) and int.from_bytes(octets[at : at + 2], "big") in TAGS:
            at += 4
        self.l3 = at + 2
        kind = int.from_bytes(octets[at : at + 2], "big")
        self.tcp = None
        ip = octets[self.l3 :]
        if kind == 0x0800 and len(ip) >= 40 and ip[0] == 0x45 and ip[9] == 6:
            self.tcp = self.l3 + 20
            self.end = self.l3 + int.from_bytes(ip[2:4], "big")
            self.addresses = ip[12:20]
        elif kind == 0x86DD and len(ip) >= 60 and ip[6] == 6:
            self.tcp = self.l3 + 40
            self.end = self.tcp + int.from_bytes(ip[4:6], "big")
            self.addresses = ip[8:40]

    def word(self, at):
        return int.from_bytes(self.octets[self.tcp + at : self.tcp + at + 4], "big")

    def flags(self):
        return self.octets[self.tcp + 13]

    def tcp_is_right(self):
        segment = bytes(self.octets[self.tcp : self.end])
        return checksum(self.addresses + struct.pack("!HH", 6, len(segment)) + segment) == 0xFFFF

    def put_word(self, at, value):
        """Keeps the checksum as right or wrong as it was (RFC 1624, equation 3)."""
        place = self.tcp + at
        total = (~int.from_bytes(self.octets[self.tcp + 16 : self.tcp + 18], "big")) & 0xFFFF
        for i in (0, 2):
            total += (~int.from_bytes(self.octets[place + i : place + i + 2], "big")) & 0xFFFF
        self.octets[place : place + 4] = value.to_bytes(4, "big")
        for i in (0, 2):
            total += int.from_bytes(self.octets[place + i : place + i + 2], "big")
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        self.octets[self.tcp + 16 : self.tcp + 18] = ((~total) & 0xFFFF).to_bytes(2, "big")


class Wire:
    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((interface, 0x0003))
        self.socket.settimeout(3)
        self.markers = 0

    def receive(self):
        octets, auxiliary, _, _ = self.socket.recvmsg(4096, 256)
        for level, kind, data in auxiliary:
            if level == SOL_PACKET and kind == PACKET_AUXDATA:
                status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", data[:20])
                if status & TP_STATUS_VLAN_VALID:
                    tpid = tpid if status & TP_STATUS_VLAN_TPID_VALID else 0x8100
                    octets = octets[:12] + struct.pack("!HH", tpid, tci) + octets[12:]
        return octets

    def marker(self):
        """A SYN of another client, whose answer comes behind that of what was sent before."""
        self.markers += 1
        tcp = struct.pack("!HHIIBBHHH", 1024 + self.markers % 60000, 80, 1, 0, 0x50, SYN, 64240, 0, 0)
        addresses = socket.inet_aton("192.0.2.199") + socket.inet_aton("198.51.100.80")
        total = checksum(addresses + struct.pack("!HH", 6, 20) + tcp)
        tcp = tcp[:16] + struct.pack("!H", ~total & 0xFFFF) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0x4000, 64, 6, 0) + addresses
        ip = ip[:10] + struct.pack("!H", ~checksum(ip) & 0xFFFF) + ip[12:]
        frame = bytes.fromhex("02005e0053fe") + MARKER_MAC + b"\x08\0" + ip + tcp
        return frame + b"\0" * (60 - len(frame)), 1024 + self.markers % 60000

    def put(self, frame):
        """What the frame draws: replies to its own source MAC."""
        client = frame[6:12]
        marker, port = self.marker()
        self.socket.send(frame)
        self.socket.send(marker)
        replies = []
        while True:
            octets = self.receive()
            if octets[:6] == MARKER_MAC:
                if int.from_bytes(octets[14 + 22 : 14 + 24], "big") == port:
                    return replies
            elif octets[:6] == client:
                replies.append(octets)


def moved(value, cookies):
    """A sequence number of the core's as the daemon has it."""
    for cookie, live in reversed(cookies):
        if (value - cookie + REACH) % 2**32 <= 2 * REACH:
            return (value - cookie + live) % 2**32
    return value


def comparable(octets):
    """A reply without what is the daemon's own."""
    frame = Frame(octets)
    octets = frame.octets
    if outer_tag == "any" and int.from_bytes(octets[12:14], "big") in TAGS:
        octets[12:14] = b"\x81\0"
    if frame.tcp is not None:
        octets[frame.tcp + 16 : frame.tcp + 18] = b"\0\0"
    return TOKEN.sub(rb"\1" + b"T" * 67, bytes(octets))


def run(wire, lines):
    """An error, or None."""
    cookies = []
    for verdict, frame, wanted in lines:
        trigger = Frame(frame)
        if trigger.tcp is not None and trigger.flags() & ACK:
            trigger.put_word(8, moved(trigger.word(8), cookies))
        replies = wire.put(bytes(trigger.octets))
        if wanted is None:
            if replies:
                return f"{verdict}: wanted no reply, got {replies[0].hex()}"
            continue
        if len(replies) != 1:
            return f"{verdict}: {len(replies)} replies to {trigger.octets.hex()}"
        want, got = Frame(wanted), Frame(replies[0])
        if want.tcp is not None and got.tcp is not None:
            if not got.tcp_is_right():
                return f"{verdict}: wrong checksum in {replies[0].hex()}"
            if want.flags() == SYN | ACK:
                cookies.append((want.word(4), got.word(4)))
            want.put_word(4, moved(want.word(4), cookies))
        if comparable(want.octets) != comparable(got.octets):
            return f"{verdict}:\n  want {comparable(want.octets).hex()}\n  got  {comparable(got.octets).hex()}"
    return None


def read_cases():
    tests = {}
    with open(cases, encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[0] == "test":
                lines = tests.setdefault(words[1], [])
            else:
                lines.append((words[0], *(None if w == "-" else bytes.fromhex(w) for w in words[1:])))
    return tests


def main():
    wire = Wire()
    passed, skipped = collections.Counter(), collections.Counter()
    failed = False
    for name, lines in read_cases().items():
        suite = name.split(".")[0]
        # What the daemon cannot be brought to by frames alone, or budgets that differ from its own.
        if any(line[0] == "unusual" or line[0].endswith("_budget") for line in lines):
            skipped[suite] += 1
            continue
        # Once more where it fails: the daemon changes its key every 64 s.
        error = run(wire, lines) and run(wire, lines)
        if error:
            print(f"{name}: {error}")
            failed = True
        passed[suite] += not error
    for suite in passed:
        print(f"{suite}: {passed[suite]} as in the core, {skipped[suite]} left out")
    return 1 if failed or not passed else 0


sys.exit(main())
