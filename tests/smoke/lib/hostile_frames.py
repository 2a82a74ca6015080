# SPDX-License-Identifier: BSD-3-Clause
"""hostile_frames.py named|fragments|random INTERFACE OWN-MAC PEER-MAC: what no honest guest sends.

named: one frame of each kind below, and prints `VERDICT COUNT` lines: what the gateway must count.
fragments: the same for IPv4 fragments.
random: mutations of good frames, always the same ones.
"""

import random
import socket
import sys
import time

from scapy.all import (
    ARP, BOOTP, DHCP, ICMP, IP, TCP, UDP, Dot1Q, Ether, ICMPv6ND_NS, ICMPv6ND_RA, IPv6,
    IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPOption_RR, Raw, fragment,
)

MODE, INTERFACE, OWN, PEER = sys.argv[1:5]
CLIENT, CLIENT6 = "192.0.2.100", "2001:db8::100"
NOBODY = "02:00:5e:00:53:77"  # the peer is a router as soon as it was heard
ORIGIN, ORIGIN6 = "198.51.100.80", "2001:db8:80::80"

ether = Ether(src=OWN, dst=PEER)
ip4 = ether / IP(src=CLIENT, dst=ORIGIN)
ip6 = ether / IPv6(src=CLIENT6, dst=ORIGIN6)
syn = TCP(sport=40000, dport=80, flags="S", seq=1, options=[("MSS", 1460)])
udp = UDP(sport=40000, dport=9000) / b"hello"


def cut(frame, length):
    return bytes(frame)[:length]


def patched(frame, **at):
    """The frame with bytes replaced: x14=0x55 sets byte 14."""
    data = bytearray(bytes(frame))
    for name, value in at.items():
        data[int(name[1:])] = value
    return bytes(data)


def with_ip4(layer_bytes, protocol):
    """An IPv4 packet with a right header around any bytes."""
    return bytes(ether / IP(src=CLIENT, dst=ORIGIN, proto=protocol) / Raw(layer_bytes))


def with_ip6(layer_bytes, protocol):
    return bytes(ether / IPv6(src=CLIENT6, dst=ORIGIN6, nh=protocol) / Raw(layer_bytes))


def long_chain():
    """More extension headers than any honest host sends."""
    chain = ip6
    for _ in range(60):
        chain = chain / IPv6ExtHdrDestOpt()
    return chain


NAMED = {
    "bad_source": [
        bytes(Ether(src="01:00:5e:00:00:01", dst=PEER) / IP(src=CLIENT, dst=ORIGIN) / udp),
        bytes(Ether(src="00:00:00:00:00:00", dst=PEER) / IP(src=CLIENT, dst=ORIGIN) / udp),
    ],
    "tag_depth": [
        bytes(ether / Dot1Q(vlan=10) / Dot1Q(vlan=11) / Dot1Q(vlan=12) / IP() / udp),
    ],
    "truncated": [
        cut(ip4 / syn, 30),
        cut(ip4 / syn, 50),
        cut(ip6 / syn, 40),
        cut(ip6 / syn, 70),
    ],
    "bad_ip_header": [
        patched(ip4 / syn, x14=0x55),
        patched(ip4 / syn, x14=0x44),
        patched(ip4 / syn, x24=0xAA, x25=0xAA),
        patched(ip6 / syn, x14=0x50),
    ],
    "ip_options": [bytes(ether / IP(src=CLIENT, dst=ORIGIN, options=IPOption_RR()) / syn)],
    "fragment": [
        bytes(ip6 / IPv6ExtHdrFragment(m=1) / udp),
        bytes(ip6 / IPv6ExtHdrFragment(offset=100) / udp),
    ],
    "extension_chain": [bytes(long_chain() / udp)],
    "bad_tcp_header": [
        patched(ip4 / syn, x46=0x40),
        patched(ip4 / syn, x46=0xF0),
        with_ip4(bytes(12), 6),
        with_ip6(bytes(12), 6),
    ],
    "bad_udp_header": [
        with_ip4(bytes(4), 17),
        with_ip4(b"\x9c\x40\x23\x28\x00\x04\x00\x00", 17),
        with_ip4(b"\x9c\x40\x23\x28\xff\xff\x00\x00", 17),
        with_ip6(bytes(4), 17),
    ],
    "bad_icmp_header": [with_ip4(b"\x08\x00", 1), with_ip6(b"\x80\x00", 58)],
    "unknown_ethertype": [
        bytes(Ether(src=OWN, dst=PEER, type=0x88B5) / bytes(46)),
        bytes(Ether(src=OWN, dst=PEER, type=0x8864) / bytes(46)),
        bytes(Ether(src=OWN, dst=PEER, type=0x8847) / bytes(46)),
    ],
    "pause": [bytes(Ether(src=OWN, dst="01:80:c2:00:00:01", type=0x8808) / bytes(46))],
    "router_message": [
        bytes(Ether(src=OWN, dst="33:33:00:00:00:01")
              / IPv6(src="fe80::1", dst="ff02::1", hlim=255) / ICMPv6ND_RA()),
    ],
    "rogue_dhcp": [
        bytes(Ether(src=OWN, dst="ff:ff:ff:ff:ff:ff") / IP(src=CLIENT, dst="255.255.255.255")
              / UDP(sport=67, dport=68) / BOOTP(op=2) / DHCP(options=[("message-type", "offer")])),
    ],
    "dhcp_denied": [
        bytes(Ether(src=OWN, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255")
              / UDP(sport=68, dport=67) / BOOTP(op=1, options=b"") / bytes(64)),
        bytes(Ether(src=OWN, dst=PEER) / IP(src=CLIENT, dst=ORIGIN)
              / UDP(sport=68, dport=67) / BOOTP(op=1) / DHCP(options=[("message-type", "request")])),
    ],
    "tcp_bad_flags": [
        bytes(ip4 / TCP(sport=40001, dport=80, flags=flags)) for flags in ("SF", "SR", 0, "SA")
    ],
    "bad_checksum": [
        bytes(ip4 / TCP(sport=40002, dport=80, flags="S", chksum=0xDEAD)),
        bytes(ip6 / TCP(sport=40002, dport=80, flags="S", chksum=0xDEAD)),
    ],
    "tcp_reset": [bytes(ip4 / TCP(sport=40003, dport=80, flags="R"))],
    "cookie_reset": [bytes(ip4 / TCP(sport=40004, dport=80, flags="A", ack=12345) / b"GET / ")],
    "bad_source_address": [
        bytes(ether / IP(src=ORIGIN, dst=ORIGIN) / syn),
        bytes(ether / IP(src="127.0.0.1", dst=ORIGIN) / syn),
        bytes(ether / IP(src="224.0.0.9", dst=ORIGIN) / syn),
    ],
    "no_reply_address": [bytes(Ether(src=NOBODY, dst=NOBODY) / IP(src=CLIENT, dst=ORIGIN) / syn)],
    "bad_destination": [
        bytes(Ether(src=OWN, dst="ff:ff:ff:ff:ff:ff") / IP(src=CLIENT, dst=ORIGIN) / syn),
    ],
    "bad_arp": [
        bytes(Ether(src=OWN, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=PEER, psrc=CLIENT)),
        bytes(Ether(src=OWN, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=OWN, psrc=CLIENT, op=9)),
    ],
    "bad_neighbour": [
        bytes(Ether(src=OWN, dst=PEER) / IPv6(src=CLIENT6, dst=ORIGIN6, hlim=255)
              / ICMPv6ND_NS(tgt=CLIENT6) / bytes(64)),
    ],
    "trailing_bytes": [bytes(ip4 / syn) + bytes(200)],
    "guest_denied": [bytes(ip4 / ICMP()), bytes(ip4 / b"?")],
}
FRAGMENTS = {
    "fragment": [bytes(part) for part in fragment(ip4 / UDP(dport=9000) / bytes(2000), 1000)],
}


def mutate(frame, generator):
    data = bytearray(frame)
    for _ in range(generator.randint(1, 6)):
        data[generator.randrange(12, len(data))] = generator.randrange(256)
    if generator.random() < 0.3:
        data = data[: generator.randint(14, len(data))]
    if generator.random() < 0.1:
        data += generator.randbytes(generator.randint(1, 1400 - min(len(data), 1300)))
    return bytes(data[:1514])


def random_frames(count):
    generator = random.Random(511)
    good = [frame for frames in NAMED.values() for frame in frames]
    good += [bytes(ip4 / syn), bytes(ip6 / syn), bytes(ip4 / udp), bytes(ip6 / udp)]
    for _ in range(count):
        yield mutate(generator.choice(good), generator)


def main():
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((INTERFACE, 0))
    if MODE in ("named", "fragments"):
        for verdict, frames in (NAMED if MODE == "named" else FRAGMENTS).items():
            for frame in frames:
                wire.send(frame)
                time.sleep(0.002)
            print(verdict, len(frames))
        return
    for number, frame in enumerate(random_frames(6000)):
        wire.send(frame)
        if number % 100 == 0:
            time.sleep(0.01)  # the port's ring is short


main()
