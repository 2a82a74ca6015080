// SPDX-License-Identifier: BSD-3-Clause
#include "policy/guards.hpp"

#include "policy/neighbour.hpp"

namespace gate511::policy {
namespace {

using net::ByteView;
using net::IpAddress;
using net::Packet;

/// RFC 2131, 4.1, RFC 8415, 7.2: to the port that clients alone listen on; or a reply between
/// servers' ports, as a relay gets it.
bool is_from_server(ByteView frame, const Packet& p) noexcept {
  constexpr std::uint16_t kServer = 67, kClient = 68, kClient6 = 546;
  if (p.protocol != net::protocol::kUdp) return false;
  if (p.is_v6) return p.destination_port == kClient6;
  constexpr std::uint8_t kReply = 2;
  return p.destination_port == kClient || (p.destination_port == kServer && p.payload_size() > 0 &&
                                           net::load_u8(frame, p.payload_offset) == kReply);
}

/// The same of IPv4 with options, and of a first fragment: their ports stand where they always do.
bool may_be_from_server(ByteView frame, const Packet& p) noexcept {
  if (p.is_v6 || !p.is_ip || (p.flaw != net::Flaw::kIpOptions && p.flaw != net::Flaw::kFragment))
    return false;
  constexpr unsigned kFragmentOffset = 0x1fff;
  return (net::load_be16(frame, p.l3_offset + 6U) & kFragmentOffset) == 0 &&
         net::load_be16(frame, p.l4_offset + 2U) == 68;
}

/// A packet that was not parsed to its transport header may hold such a message all the same.
/// RFC 6980: neighbour discovery in fragments is ignored by all; so is none here.
bool may_hide_discovery(const Packet& p) noexcept {
  return p.flaw == net::Flaw::kExtensionChain && p.is_v6 && p.hop_limit == 255;
}

/// RFC 4861, 4.3 and 4.4: the address that the sender says is its own.
IpAddress claimed_by_discovery(ByteView frame, const Packet& p) noexcept {
  constexpr std::size_t kTargetAt = 8, kTargetEnd = 24;
  if (p.icmp_type == icmpv6::kNeighbourAdvertisement && p.l4_offset + kTargetEnd <= p.end)
    return IpAddress::load_v6(frame, p.l4_offset + kTargetAt);
  return p.source;
}

}  // namespace

std::optional<Broken> break_guard(ByteView frame, const net::Ethernet& ethernet, std::uint8_t link,
                                  const Infrastructure& known) noexcept {
  const Packet p = net::parse_packet(frame, ethernet);
  const auto claims = [&](const IpAddress& address) -> std::optional<Broken> {
    if (!known.holds(link, ethernet.vlan, address)) return std::nullopt;
    return Broken{Verdict::kRouterClaim, address};
  };
  if (may_be_from_server(frame, p)) return Broken{Verdict::kRogueDhcp, p.source};
  if (may_hide_discovery(p)) return Broken{Verdict::kExtensionChain};
  if (p.flaw != net::Flaw::kNone) return std::nullopt;
  if (!p.is_ip) return claims(IpAddress::v4(net::load_be32(frame, p.l3_offset + 14U)));
  if (is_from_server(frame, p)) return Broken{Verdict::kRogueDhcp, p.source};
  if (!p.is_v6 || p.protocol != net::protocol::kIcmpv6) return std::nullopt;
  switch (p.icmp_type) {
    case icmpv6::kRouterAdvertisement:
    case icmpv6::kRedirect:
      return Broken{Verdict::kRouterMessage, p.source};
    case icmpv6::kRouterSolicitation:
    case icmpv6::kNeighbourSolicitation:
    case icmpv6::kNeighbourAdvertisement:
      return claims(claimed_by_discovery(frame, p));
    default:
      return std::nullopt;
  }
}

}  // namespace gate511::policy
