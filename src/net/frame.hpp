// SPDX-License-Identifier: BSD-3-Clause
//
// The frame parser. Two steps, because a session's frame needs the first only: Ethernet with its
// tags for every frame, and the packet in it for guests' frames.
//
// Both read hostile bytes. They never read past the span, and whatever they cannot classify
// completely they name.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/bytes.hpp"
#include "net/ip.hpp"
#include "net/mac.hpp"

namespace gate511::net {

/// What is wrong with a frame, or what makes it unfit to be judged.
enum class Flaw : std::uint8_t {
  kNone,
  kRunt,             ///< shorter than an Ethernet header
  kBadSource,        ///< source MAC is a group address or zero
  kTagDepth,         ///< a third tag, or a tag cut short
  kTruncated,        ///< ends inside a header, or before the length that a header gives
  kBadIpHeader,      ///< version, header length, total length or header checksum
  kIpOptions,        ///< IPv4 with options
  kFragment,         ///< any fragment, the first too; an IPv6 fragment header of any kind
  kExtensionChain,   ///< more IPv6 extension headers than kMaxExtensionHeaders, or a routing header
  kBadTcpHeader,     ///< cut short, or a data offset below 5 or past the end
  kBadUdpHeader,     ///< cut short, or a length that is not the IP payload's
  kBadIcmpHeader,    ///< cut short
  kBadArp,           ///< cut short, or not for IPv4 over Ethernet (RFC 826)
  kUnknownEthertype  ///< neither ARP nor IP: LLC, MPLS, PPPoE, what not
};

namespace ethertype {
inline constexpr std::uint16_t kMinimum = 0x0600;  ///< below: a length, so LLC (IEEE 802.3, 3.2.6)
inline constexpr std::uint16_t kIpv4 = 0x0800;
inline constexpr std::uint16_t kArp = 0x0806;
inline constexpr std::uint16_t kVlan = 0x8100;
inline constexpr std::uint16_t kIpv6 = 0x86dd;
inline constexpr std::uint16_t kFlowControl = 0x8808;
inline constexpr std::uint16_t kSlowProtocols = 0x8809;
inline constexpr std::uint16_t kServiceVlan = 0x88a8;
inline constexpr std::uint16_t kLldp = 0x88cc;
}  // namespace ethertype

namespace protocol {
inline constexpr std::uint8_t kHopByHop = 0;
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kRouting = 43;
inline constexpr std::uint8_t kFragment = 44;
inline constexpr std::uint8_t kIcmpv6 = 58;
inline constexpr std::uint8_t kNoNextHeader = 59;
inline constexpr std::uint8_t kDestinationOptions = 60;
}  // namespace protocol

inline constexpr std::size_t kEthernetBytes = 14;

// Headers without options, in bytes.
inline constexpr std::size_t kIpv4Header = 20;
inline constexpr std::size_t kIpv6Header = 40;
inline constexpr std::size_t kTcpHeader = 20;
inline constexpr std::size_t kUdpHeader = 8;
inline constexpr std::size_t kIcmpHeader = 8;  ///< RFC 792: with the word that each type has
inline constexpr std::size_t kTagBytes = 4;
inline constexpr std::size_t kMaxTags = 2;
inline constexpr std::uint16_t kMaxVlan = 4094;  ///< IEEE 802.1Q: 4095 is reserved
inline constexpr std::size_t kMinFrame = 60;     ///< without FCS
inline constexpr std::size_t kMaxExtensionHeaders = 4;

/// Ethernet header and up to two 802.1Q or 802.1ad tags.
struct Ethernet {
  MacAddress destination;
  MacAddress source;
  std::uint16_t type = 0;      ///< behind the tags
  std::uint16_t vlan = 0;      ///< VLAN id of the outer tag, 0: untagged or priority tag
  std::uint8_t l3_offset = 0;  ///< 14, 18 or 22
  Flaw flaw = Flaw::kRunt;     ///< with a flaw only what was read before it is set
};

[[nodiscard]] constexpr bool is_tag(std::uint16_t type) noexcept {
  return type == ethertype::kVlan || type == ethertype::kServiceVlan;
}

/// Reads into `ethernet`, which holds its defaults. Inline, as every frame comes by here: called,
/// it is 34 instructions a frame. Into the caller's memory, as a copy of what was just written
/// field by field waits for the stores: 13 cycles a frame.
[[gnu::always_inline]] inline void parse_ethernet(ByteView frame, Ethernet& ethernet) noexcept {
  if (frame.size() < kEthernetBytes) return;
  // Octets 0-7 and 6-13: the destination at the top of the one, source and type are the other.
  const std::uint64_t source_and_type = load_be<std::uint64_t>(frame, 6);
  const MacAddress source{source_and_type >> 16};
  ethernet.destination = MacAddress{load_be<std::uint64_t>(frame, 0) >> 16};
  ethernet.source = source;
  auto type = static_cast<std::uint16_t>(source_and_type);
  std::size_t at = kEthernetBytes;
  for (std::size_t tags = 0; is_tag(type); ++tags) {
    ethernet.flaw = Flaw::kTagDepth;
    ethernet.type = type;
    if (tags == kMaxTags || at + kTagBytes > frame.size()) return;
    if (tags == 0) ethernet.vlan = load_be16(frame, at) & 0xfff;
    type = load_be16(frame, at + 2);
    at += kTagBytes;
  }
  ethernet.type = type;
  ethernet.l3_offset = static_cast<std::uint8_t>(at);
  ethernet.flaw = source.is_station() ? Flaw::kNone : Flaw::kBadSource;
}
[[nodiscard]] inline Ethernet parse_ethernet(ByteView frame) noexcept {
  Ethernet ethernet;
  parse_ethernet(frame, ethernet);
  return ethernet;
}

/// Bytes that a session's frame counts: the IP packet without Ethernet's padding, or what follows
/// the Ethernet header of anything else. `ethernet` has no flaw.
[[nodiscard]] inline std::size_t counted_bytes(ByteView frame, const Ethernet& ethernet) noexcept {
  const std::size_t at = ethernet.l3_offset;
  const std::size_t behind = frame.size() - at;
  std::size_t length = behind;
  if (ethernet.type == ethertype::kIpv4 && behind >= kIpv4Header) {
    length = load_be16(frame, at + 2);
  } else if (ethernet.type == ethertype::kIpv6 && behind >= kIpv6Header) {
    length = kIpv6Header + load_be16(frame, at + 4);
  }
  return length < behind ? length : behind;
}

namespace tcp_flag {
inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kRst = 0x04;
inline constexpr std::uint8_t kPsh = 0x08;
inline constexpr std::uint8_t kAck = 0x10;
inline constexpr std::uint8_t kUrg = 0x20;
}  // namespace tcp_flag

/// The packet in a frame, parsed to its transport header. Offsets count from the frame's start.
struct Packet {
  Flaw flaw = Flaw::kNone;
  bool is_ip = false;
  bool is_v6 = false;
  std::uint8_t protocol = 0;  ///< of the transport header: one of net::protocol, or any other
  std::uint8_t hop_limit = 0;
  IpAddress source, destination;
  std::uint16_t l3_offset = 0;
  std::uint16_t l4_offset = 0;
  std::uint16_t end = 0;  ///< one past the IP or ARP packet's last byte; behind it is padding
  // TCP and UDP
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint16_t payload_offset = 0;
  // TCP; sequence numbers in host order
  std::uint32_t sequence = 0, acknowledgement = 0;
  std::uint16_t window = 0;
  std::uint8_t tcp_flags = 0;
  // ICMP and ICMPv6
  std::uint8_t icmp_type = 0, icmp_code = 0;

  [[nodiscard]] std::size_t payload_size() const noexcept { return end - payload_offset; }
};

/// Parses what `ethernet`, which has no flaw, carries. An ARP packet comes back with `is_ip` false
/// and no flaw.
[[nodiscard]] Packet parse_packet(ByteView frame, const Ethernet& ethernet) noexcept;

}  // namespace gate511::net
