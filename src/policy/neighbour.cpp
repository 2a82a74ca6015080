// SPDX-License-Identifier: BSD-3-Clause
#include "policy/neighbour.hpp"

#include "net/checksum.hpp"

namespace gate511::policy {
namespace {

using net::ByteView;
using net::IpAddress;
using net::Packet;

constexpr std::size_t kMaxMessage = 128;  ///< bytes; a client's own are 8 to 48
constexpr std::size_t kAddressAt = 8;     ///< of the target in NS and NA
constexpr std::uint8_t kSourceLinkLayer = 1, kTargetLinkLayer = 2;  // RFC 4861, 4.6
constexpr IpAddress kAllNodes{0xff02'0000'0000'0000, 1};
constexpr IpAddress kAllRouters{0xff02'0000'0000'0000, 2};

bool is_link_multicast(const IpAddress& address) {
  return address.high >> 48 == 0xff02;
}

/// RFC 4291, 2.7.1
IpAddress solicited_node(const IpAddress& target) {
  return {0xff02'0000'0000'0000, 0x1'ff00'0000 | (target.low & 0xff'ffff)};
}

bool checksum_is_right(ByteView message, const Packet& p) {
  return net::fold(net::pseudo_header_sum(p.source, p.destination, p.protocol, message.size()) +
                   net::sum(message)) == 0xffff;
}

/// The options from `at` on: of whole length, and every link-layer address the frame's own.
/// `others` false: and none of another type.
bool options_are_right(ByteView message, std::size_t at, net::MacAddress source, bool others) {
  while (at < message.size()) {
    if (at + 8 > message.size()) return false;
    const std::uint8_t type = net::load_u8(message, at);
    const std::size_t length = std::size_t{net::load_u8(message, at + 1)} * 8;
    if (length == 0 || at + length > message.size()) return false;
    if (type == kSourceLinkLayer || type == kTargetLinkLayer) {
      if (length != 8 || net::load_be48(message, at + 2) != source.value()) return false;
    } else if (!others) {
      return false;
    }
    at += length;
  }
  return true;
}

bool is_solicitation(ByteView message, const Packet& p, net::MacAddress source) {
  if (message.size() < kAddressAt + 16) return false;
  const IpAddress target = IpAddress::load_v6(message, kAddressAt);
  // RFC 4861, 7.2.2: to the target's group, or to the target itself to see whether it is there yet.
  const bool probe = p.destination == target;
  if (!probe && p.destination != solicited_node(target)) return false;
  return options_are_right(message, kAddressAt + 16, source, !probe);
}

bool is_advertisement(ByteView message, const Packet& p, net::MacAddress source) {
  if (message.size() < kAddressAt + 16) return false;
  const bool beyond = p.destination != kAllNodes && !p.destination.is_link_local();
  if (beyond && IpAddress::load_v6(message, kAddressAt) != p.source) return false;
  if (beyond && !p.destination.is_unicast_host()) return false;
  return options_are_right(message, kAddressAt + 16, source, !beyond);
}

bool is_router_solicitation(ByteView message, const Packet& p, net::MacAddress source) {
  return message.size() >= 8 && (p.destination == kAllRouters || p.destination.is_link_local()) &&
         options_are_right(message, 8, source, true);
}

}  // namespace

NeighbourMessage classify_neighbour(ByteView frame, const Packet& p,
                                    net::MacAddress source) noexcept {
  using enum NeighbourMessage;
  const ByteView message = frame.subspan(p.l4_offset, std::size_t{p.end} - p.l4_offset);
  // RFC 4861, 6.1 and 7.1: what has crossed a router is no neighbour discovery.
  const bool sound = p.icmp_code == 0 && p.hop_limit == 255 && message.size() <= kMaxMessage &&
                     checksum_is_right(message, p);
  bool good = false;
  switch (p.icmp_type) {
    case icmpv6::kRouterSolicitation:
      good = sound && is_router_solicitation(message, p, source);
      break;
    case icmpv6::kNeighbourSolicitation:
      good = sound && is_solicitation(message, p, source);
      break;
    case icmpv6::kNeighbourAdvertisement:
      good = sound && is_advertisement(message, p, source);
      break;
    case icmpv6::kListenerReport:
    case icmpv6::kListenerDone:
    case icmpv6::kListenerReportV2:
      // RFC 3810, 5: hop limit 1, from the link-local address or, before there is one, from none.
      return p.hop_limit == 1 && is_link_multicast(p.destination) &&
                     (p.source.is_link_local() || p.source == IpAddress{}) &&
                     checksum_is_right(message, p)
                 ? kListener
                 : kMalformed;
    case icmpv6::kRouterAdvertisement:
    case icmpv6::kRedirect:
    case icmpv6::kListenerQuery:
      return kRouters;
    default:
      return kNone;
  }
  return good ? kDiscovery : kMalformed;
}

bool is_neighbour_discovery(const Packet& p) noexcept {
  return p.is_v6 && p.protocol == net::protocol::kIcmpv6 && p.hop_limit == 255 &&
         p.icmp_type >= icmpv6::kRouterSolicitation && p.icmp_type <= icmpv6::kRedirect;
}

bool is_listener_discovery(const Packet& p) noexcept {
  return p.is_v6 && p.protocol == net::protocol::kIcmpv6 &&
         ((p.icmp_type >= icmpv6::kListenerQuery && p.icmp_type <= icmpv6::kListenerDone) ||
          p.icmp_type == icmpv6::kListenerReportV2);
}

}  // namespace gate511::policy
