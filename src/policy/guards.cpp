// SPDX-License-Identifier: BSD-3-Clause
#include "policy/guards.hpp"

#include "policy/guest_rules.hpp"
#include "policy/neighbour.hpp"

namespace gate511::policy {
namespace {

using net::ByteView;
using net::IpAddress;
using net::Packet;

/// What a host hears of a packet, more than the rules for guests do: behind IPv4's options, in a
/// first fragment, behind any chain of extension headers, and whatever UDP's length says (RFC 768
/// lets it end before the packet does).
struct Heard {
  std::uint8_t protocol = 0;
  std::size_t at = 0;  ///< of the transport header; `end` is the packet's
};

std::optional<Heard> hear_v6(ByteView frame, const Packet& p) noexcept {
  constexpr std::size_t kNextHeaderAt = 6, kHeader = 40, kUnit = 8;
  constexpr unsigned kFragmentOffset = 0xfff8;
  Heard heard{net::load_u8(frame, p.l3_offset + kNextHeaderAt), p.l3_offset + kHeader};
  while (heard.protocol == net::protocol::kHopByHop || heard.protocol == net::protocol::kRouting ||
         heard.protocol == net::protocol::kDestinationOptions ||
         heard.protocol == net::protocol::kFragment) {
    if (heard.at + kUnit > p.end) return std::nullopt;
    std::size_t units = 1;
    if (heard.protocol != net::protocol::kFragment) {
      units += net::load_u8(frame, heard.at + 1);
    } else if ((net::load_be16(frame, heard.at + 2) & kFragmentOffset) != 0) {
      return std::nullopt;
    }
    heard = {net::load_u8(frame, heard.at), heard.at + units * kUnit};
  }
  return heard;
}

/// nullopt: nothing, as the packet is damaged, or not its beginning.
std::optional<Heard> hear(ByteView frame, const Packet& p) noexcept {
  constexpr unsigned kFragmentOffset = 0x1fff;
  if (!p.is_ip || p.flaw == net::Flaw::kBadIpHeader) return std::nullopt;
  if (p.is_v6) return hear_v6(frame, p);
  if ((net::load_be16(frame, p.l3_offset + 6U) & kFragmentOffset) != 0) return std::nullopt;
  return Heard{p.protocol, p.l4_offset};
}

/// RFC 2131, 4.1, RFC 8415, 7.2: to the port that clients alone listen on; or a reply between
/// servers' ports, as a relay gets it.
bool is_from_server(ByteView frame, const Packet& p, const Heard& heard) noexcept {
  constexpr std::uint16_t kServer = 67, kClient = 68, kClient6 = 546;
  constexpr std::size_t kOperationAt = 8;
  if (heard.protocol != net::protocol::kUdp || heard.at + 4 > p.end) return false;
  const std::uint16_t to = net::load_be16(frame, heard.at + 2);
  if (p.is_v6) return to == kClient6;
  constexpr std::uint8_t kReply = 2;
  return to == kClient || (to == kServer && heard.at + kOperationAt < p.end &&
                           net::load_u8(frame, heard.at + kOperationAt) == kReply);
}

/// RFC 4861, 4.2 and 4.5: router advertisement or redirect.
bool is_from_router(ByteView frame, const Packet& p, const Heard& heard) noexcept {
  if (!p.is_v6 || heard.protocol != net::protocol::kIcmpv6 || heard.at >= p.end) return false;
  const std::uint8_t type = net::load_u8(frame, heard.at);
  return type == icmpv6::kRouterAdvertisement || type == icmpv6::kRedirect;
}

/// A packet whose transport header was not reached may hold such a message all the same.
/// RFC 6980: neighbour discovery in fragments is ignored by all; so is none here.
bool may_hide_discovery(const Packet& p) noexcept {
  return p.flaw == net::Flaw::kExtensionChain && p.is_v6 && p.hop_limit == 255;
}
/// A payload length of zero in front of hop-by-hop options is a jumbogram's (RFC 2675, 3), and no
/// Ethernet carries one. But some hosts read on to the frame's end, be the option there or not.
bool may_be_longer(ByteView frame, const Packet& p) noexcept {
  return p.is_v6 && p.flaw == net::Flaw::kTruncated &&
         net::load_be16(frame, p.l3_offset + 4U) == 0 &&
         net::load_u8(frame, p.l3_offset + 6U) == net::protocol::kHopByHop;
}
/// A DHCPv6 server's goes to a client's link-local address (RFC 8415, 18.3.10).
bool may_hide_server(const Packet& p) noexcept {
  return p.is_v6 && p.destination.is_link_local() &&
         (p.flaw == net::Flaw::kFragment || p.flaw == net::Flaw::kExtensionChain);
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
  if (may_hide_discovery(p)) return Broken{Verdict::kExtensionChain};
  if (may_be_longer(frame, p)) return Broken{verdict_of(p.flaw)};
  if (const auto heard = hear(frame, p)) {
    if (is_from_server(frame, p, *heard)) return Broken{Verdict::kRogueDhcp, p.source};
    if (is_from_router(frame, p, *heard)) return Broken{Verdict::kRouterMessage, p.source};
  }
  if (may_hide_server(p)) return Broken{verdict_of(p.flaw)};
  if (p.flaw != net::Flaw::kNone) return std::nullopt;
  if (!p.is_ip) return claims(IpAddress::v4(net::load_be32(frame, p.l3_offset + 14U)));
  if (!p.is_v6 || p.protocol != net::protocol::kIcmpv6) return std::nullopt;
  switch (p.icmp_type) {
    case icmpv6::kRouterSolicitation:
    case icmpv6::kNeighbourSolicitation:
    case icmpv6::kNeighbourAdvertisement:
      return claims(claimed_by_discovery(frame, p));
    default:
      return std::nullopt;
  }
}

}  // namespace gate511::policy
