// SPDX-License-Identifier: BSD-3-Clause
#include "net/frame.hpp"

#include <algorithm>

#include "net/checksum.hpp"

namespace gate511::net {
namespace {

constexpr std::size_t kIcmpv6Header = 4;  // RFC 4443, 2.1

// Each writes what it reads into the packet that the caller has: one that is passed and returned by
// value is copied right after its fields were written, and such a copy waits for each store.

void flawed(Packet& packet, Flaw flaw) noexcept {
  packet.flaw = flaw;
}

void parse_tcp(Packet& packet, ByteView bytes) noexcept {
  const std::size_t at = packet.l4_offset;
  if (at + kTcpHeader > packet.end) return flawed(packet, Flaw::kBadTcpHeader);
  packet.source_port = load_be16(bytes, at);
  packet.destination_port = load_be16(bytes, at + 2);
  packet.sequence = load_be32(bytes, at + 4);
  packet.acknowledgement = load_be32(bytes, at + 8);
  packet.tcp_flags = load_u8(bytes, at + 13);
  packet.window = load_be16(bytes, at + 14);
  const std::size_t header = std::size_t{load_u8(bytes, at + 12)} >> 4 << 2;
  if (header < kTcpHeader || at + header > packet.end) return flawed(packet, Flaw::kBadTcpHeader);
  packet.payload_offset = static_cast<std::uint16_t>(at + header);
}

void parse_udp(Packet& packet, ByteView bytes) noexcept {
  const std::size_t at = packet.l4_offset;
  if (at + kUdpHeader > packet.end) return flawed(packet, Flaw::kBadUdpHeader);
  packet.source_port = load_be16(bytes, at);
  packet.destination_port = load_be16(bytes, at + 2);
  // RFC 768: the length counts its own header. It ends where the IP packet ends: what stood behind
  // it would be judged by nobody.
  if (at + load_be16(bytes, at + 4) != packet.end) return flawed(packet, Flaw::kBadUdpHeader);
  packet.payload_offset = static_cast<std::uint16_t>(at + kUdpHeader);
}

void parse_icmp(Packet& packet, ByteView bytes, std::size_t header) noexcept {
  const std::size_t at = packet.l4_offset;
  if (at + header > packet.end) return flawed(packet, Flaw::kBadIcmpHeader);
  packet.icmp_type = load_u8(bytes, at);
  packet.icmp_code = load_u8(bytes, at + 1);
}

void parse_transport(Packet& packet, ByteView bytes) noexcept {
  switch (packet.protocol) {
    case protocol::kTcp:
      return parse_tcp(packet, bytes);
    case protocol::kUdp:
      return parse_udp(packet, bytes);
    case protocol::kIcmp:
      if (!packet.is_v6) parse_icmp(packet, bytes, kIcmpHeader);
      return;
    case protocol::kIcmpv6:
      if (packet.is_v6) parse_icmp(packet, bytes, kIcmpv6Header);
      return;
    default:
      return;
  }
}

// RFC 791, 3.1
void parse_ipv4(Packet& packet, ByteView bytes) noexcept {
  const std::size_t at = packet.l3_offset;
  if (at + kIpv4Header > bytes.size()) return flawed(packet, Flaw::kTruncated);
  const unsigned version_ihl = load_u8(bytes, at);
  if (version_ihl >> 4 != 4) return flawed(packet, Flaw::kBadIpHeader);
  const std::size_t header = std::size_t{version_ihl & 0xf} << 2;
  const std::size_t total = load_be16(bytes, at + 2);
  if (header < kIpv4Header || total < header) return flawed(packet, Flaw::kBadIpHeader);
  if (at + total > bytes.size()) return flawed(packet, Flaw::kTruncated);
  packet.is_ip = true;
  packet.hop_limit = load_u8(bytes, at + 8);
  packet.protocol = load_u8(bytes, at + 9);
  packet.source = IpAddress::v4(load_be32(bytes, at + 12));
  packet.destination = IpAddress::v4(load_be32(bytes, at + 16));
  packet.end = static_cast<std::uint16_t>(at + total);
  packet.l4_offset = static_cast<std::uint16_t>(at + header);
  if (fold(sum(bytes.subspan(at, header))) != 0xffff) return flawed(packet, Flaw::kBadIpHeader);
  if (header != kIpv4Header) return flawed(packet, Flaw::kIpOptions);
  constexpr unsigned kMoreFragmentsOrOffset = 0x3fff;
  if ((load_be16(bytes, at + 6) & kMoreFragmentsOrOffset) != 0)
    return flawed(packet, Flaw::kFragment);
  return parse_transport(packet, bytes);
}

// RFC 8200, 3 and 4
void parse_ipv6(Packet& packet, ByteView bytes) noexcept {
  const std::size_t at = packet.l3_offset;
  if (at + kIpv6Header > bytes.size()) return flawed(packet, Flaw::kTruncated);
  if (load_u8(bytes, at) >> 4 != 6) return flawed(packet, Flaw::kBadIpHeader);
  const std::size_t end = at + kIpv6Header + load_be16(bytes, at + 4);
  if (end > bytes.size()) return flawed(packet, Flaw::kTruncated);
  packet.is_ip = packet.is_v6 = true;
  packet.hop_limit = load_u8(bytes, at + 7);
  packet.source = IpAddress::load_v6(bytes, at + 8);
  packet.destination = IpAddress::load_v6(bytes, at + 24);
  packet.end = static_cast<std::uint16_t>(end);
  // IPv4-mapped addresses are not for the wire (RFC 6890, table 20). Here they stand for IPv4's, so
  // that one of them in an IPv6 header would pass for an IPv4 host.
  if (packet.source.is_v4() || packet.destination.is_v4())
    return flawed(packet, Flaw::kBadIpHeader);

  std::uint8_t next = load_u8(bytes, at + 6);
  std::size_t header = at + kIpv6Header;
  for (std::size_t seen = 0;; ++seen) {
    if (next == protocol::kFragment) return flawed(packet, Flaw::kFragment);
    // A routing header names hops behind the destination that is judged (RFC 5095, RFC 8754).
    if (next == protocol::kRouting) return flawed(packet, Flaw::kExtensionChain);
    if (next != protocol::kDestinationOptions && next != protocol::kHopByHop) break;
    // RFC 8200, 4.1: hop-by-hop options stand directly behind the IPv6 header or nowhere.
    if (seen == kMaxExtensionHeaders || (next == protocol::kHopByHop && seen > 0))
      return flawed(packet, Flaw::kExtensionChain);
    if (header + 8 > end) return flawed(packet, Flaw::kTruncated);
    next = load_u8(bytes, header);
    header += (std::size_t{load_u8(bytes, header + 1)} + 1) * 8;
    if (header > end) return flawed(packet, Flaw::kTruncated);
  }
  packet.protocol = next;
  packet.l4_offset = static_cast<std::uint16_t>(header);
  return parse_transport(packet, bytes);
}

// RFC 826: hardware type, protocol type, their lengths
void parse_arp(Packet& packet, ByteView bytes) noexcept {
  constexpr std::size_t kArpBytes = 28;
  constexpr std::uint64_t kIpv4OverEthernet = 0x0001'0800'0604;
  const std::size_t at = packet.l3_offset;
  if (at + kArpBytes > bytes.size() || load_be48(bytes, at) != kIpv4OverEthernet)
    return flawed(packet, Flaw::kBadArp);
  packet.end = static_cast<std::uint16_t>(at + kArpBytes);
}

}  // namespace

Packet parse_packet(ByteView frame, const Ethernet& ethernet) noexcept {
  Packet packet;
  packet.l3_offset = ethernet.l3_offset;
  // Offsets are 16 bits wide; no port takes a longer frame.
  const ByteView bytes = frame.first(std::min<std::size_t>(frame.size(), 0xffff));
  switch (ethernet.type) {
    case ethertype::kIpv4:
      parse_ipv4(packet, bytes);
      break;
    case ethertype::kIpv6:
      parse_ipv6(packet, bytes);
      break;
    case ethertype::kArp:
      parse_arp(packet, bytes);
      break;
    default:
      flawed(packet, Flaw::kUnknownEthertype);
  }
  return packet;
}

}  // namespace gate511::net
