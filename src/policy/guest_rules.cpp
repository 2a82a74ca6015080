// SPDX-License-Identifier: BSD-3-Clause
#include "policy/guest_rules.hpp"

#include <algorithm>
#include <optional>

#include "policy/dhcp.hpp"
#include "policy/dns_rules.hpp"
#include "policy/neighbour.hpp"

namespace gate511::policy {
namespace {

using net::ByteView;
using net::Ethernet;
using net::Flaw;
using net::Packet;

constexpr std::uint16_t kDnsPort = 53;
constexpr std::uint16_t kNtpPort = 123;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint8_t kIgmp = 2;

bool is_udp(const Packet& p) {
  return p.is_ip && p.protocol == net::protocol::kUdp;
}
bool is_tcp(const Packet& p) {
  return p.is_ip && p.protocol == net::protocol::kTcp;
}
bool is_icmpv6(const Packet& p) {
  return p.is_v6 && p.protocol == net::protocol::kIcmpv6;
}

/// More behind the packet than pads a frame to Ethernet's least length: bytes that nobody judged.
bool has_trailing_bytes(ByteView frame, const Packet& p) {
  const std::size_t tags = std::size_t{p.l3_offset} - net::kEthernetBytes;
  return frame.size() > std::max<std::size_t>(p.end, net::kMinFrame + tags);
}

/// RFC 826, from a client: a request or reply that speaks for the frame's own sender.
bool is_clients_arp(ByteView frame, const Ethernet& ethernet) {
  constexpr std::uint16_t kRequest = 1, kReply = 2;
  const std::uint16_t operation = net::load_be16(frame, ethernet.l3_offset + 6U);
  return (operation == kRequest || operation == kReply) &&
         net::load_be48(frame, ethernet.l3_offset + 8U) == ethernet.source.value();
}

/// RFC 1122, 3.3.6, RFC 2464, 7: a group address of IP goes to a group MAC and a host's to a
/// host's.
bool destinations_agree(const Ethernet& ethernet, const Packet& p) {
  return ethernet.destination.is_group() != p.destination.is_unicast_host();
}

/// LLC with the bridges' service access point both ways, unnumbered (IEEE 802.1D, 7.12.3).
bool is_spanning_tree(ByteView frame, const Ethernet& ethernet) {
  constexpr std::size_t kLlcBytes = 3;
  const std::size_t at = ethernet.l3_offset;
  return ethernet.type < net::ethertype::kMinimum && ethernet.type >= kLlcBytes &&
         at + ethernet.type <= frame.size() && net::load_be16(frame, at) == 0x4242 &&
         net::load_u8(frame, at + 2) == 0x03;
}

bool is_in_garden(const Packet& p, const net::IpAddress& remote, std::uint16_t port,
                  const RuleContext& context) {
  const GuestRules& rules = context.zone.guest;
  const bool has_ports = is_udp(p) || is_tcp(p);
  return remote == rules.portal || rules.garden.allows(remote, has_ports, port) ||
         context.opened.prefixes.allows(remote, has_ports, port);
}

/// The rules by address, for traffic with `remote` on its port `port`: kDns, kDnsRefused, kNtp,
/// kGarden, kGardenHost, or kGuestDenied where none of them speaks. Both directions read them here,
/// so that they cannot differ.
Verdict judge_remote(const Packet& p, const net::IpAddress& remote, std::uint16_t port,
                     const RuleContext& context) {
  const GuestRules& rules = context.zone.guest;
  if ((is_udp(p) || is_tcp(p)) && port == kDnsPort) {
    const bool resolver = rules.any_resolver || rules.resolvers.contains(remote);
    return resolver ? Verdict::kDns : Verdict::kDnsRefused;
  }
  if (is_udp(p) && port == kNtpPort && rules.ntp.contains(remote)) return Verdict::kNtp;
  if (is_in_garden(p, remote, port, context)) return Verdict::kGarden;
  if (is_tcp(p) && (port == kHttpPort || port == kHttpsPort) && !context.hosts().empty() &&
      context.permits.allows(context.zone.number, remote, context.now_s))
    return Verdict::kGardenHost;
  return Verdict::kGuestDenied;
}

/// The packet that an ICMP error quotes, as far as the rules by address ask: none if what is quoted
/// is no packet that `p.destination` sent.
std::optional<Packet> quoted_packet(ByteView frame, const Packet& p) {
  constexpr std::size_t kErrorHeader = 8, kPorts = 4;
  const std::size_t at = std::size_t{p.l4_offset} + kErrorHeader;
  const std::size_t header = p.is_v6 ? 40 : 20;
  if (at + header + kPorts > p.end) return std::nullopt;
  Packet quoted;
  quoted.is_ip = true;
  quoted.is_v6 = p.is_v6;
  if (p.is_v6) {
    if (net::load_u8(frame, at) >> 4 != 6) return std::nullopt;
    quoted.protocol = net::load_u8(frame, at + 6);
    quoted.source = net::IpAddress::load_v6(frame, at + 8);
    quoted.destination = net::IpAddress::load_v6(frame, at + 24);
  } else {
    if (net::load_u8(frame, at) != 0x45) return std::nullopt;  // guests send no options
    quoted.protocol = net::load_u8(frame, at + 9);
    quoted.source = net::IpAddress::v4(net::load_be32(frame, at + 12));
    quoted.destination = net::IpAddress::v4(net::load_be32(frame, at + 16));
  }
  if (quoted.source != p.destination) return std::nullopt;
  quoted.destination_port = net::load_be16(frame, at + header + 2);
  return quoted;
}

/// An ICMP error from the uplink about what this guest may send, no longer than such errors are
/// (RFC 1812, 4.3.2.3; RFC 4443, 2.4): without it, path MTU discovery towards the portal would
/// fail.
bool is_error_about_allowed(ByteView frame, const Packet& p, const RuleContext& context) {
  constexpr std::size_t kLongestV4 = 576, kLongestV6 = 1280;
  const bool v4_error = !p.is_v6 && p.protocol == net::protocol::kIcmp &&
                        (p.icmp_type == 3 || p.icmp_type == 11 || p.icmp_type == 12);  // RFC 792
  const bool v6_error = is_icmpv6(p) && p.icmp_type >= 1 && p.icmp_type <= 4;  // RFC 4443, 2.1
  const std::size_t length = std::size_t{p.end} - p.l3_offset;
  if ((!v4_error && !v6_error) || length > (p.is_v6 ? kLongestV6 : kLongestV4)) return false;
  const auto quoted = quoted_packet(frame, p);
  if (!quoted) return false;
  const Verdict sent =
      judge_remote(*quoted, quoted->destination, quoted->destination_port, context);
  return sent == Verdict::kDns || sent == Verdict::kNtp || sent == Verdict::kGarden ||
         sent == Verdict::kGardenHost;
}

}  // namespace

Verdict verdict_of(Flaw flaw) noexcept {
  switch (flaw) {
    case Flaw::kRunt:
      return Verdict::kRunt;
    case Flaw::kBadSource:
      return Verdict::kBadSource;
    case Flaw::kTagDepth:
      return Verdict::kTagDepth;
    case Flaw::kTruncated:
      return Verdict::kTruncated;
    case Flaw::kBadIpHeader:
      return Verdict::kBadIpHeader;
    case Flaw::kIpOptions:
      return Verdict::kIpOptions;
    case Flaw::kFragment:
      return Verdict::kFragment;
    case Flaw::kExtensionChain:
      return Verdict::kExtensionChain;
    case Flaw::kBadTcpHeader:
      return Verdict::kBadTcpHeader;
    case Flaw::kBadUdpHeader:
      return Verdict::kBadUdpHeader;
    case Flaw::kBadIcmpHeader:
      return Verdict::kBadIcmpHeader;
    case Flaw::kBadArp:
      return Verdict::kBadArp;
    case Flaw::kUnknownEthertype:
      return Verdict::kUnknownEthertype;
    case Flaw::kNone:
      break;
  }
  return Verdict::kGuestDenied;
}

GuestDecision judge_from_guest(ByteView frame, const Ethernet& ethernet, const Packet& p,
                               const RuleContext& context) noexcept {
  using Act = GuestDecision::Act;
  const Zone& zone = context.zone;
  if (p.flaw != Flaw::kNone) return {.verdict = verdict_of(p.flaw)};
  if (has_trailing_bytes(frame, p)) return {.verdict = Verdict::kTrailingBytes};
  if (!p.is_ip)
    return {.verdict = is_clients_arp(frame, ethernet) ? Verdict::kArp : Verdict::kBadArp};
  if (!destinations_agree(ethernet, p)) return {.verdict = Verdict::kBadDestination};
  if (is_icmpv6(p)) {
    switch (classify_neighbour(frame, p, ethernet.source)) {
      case NeighbourMessage::kDiscovery:
        return {.verdict = Verdict::kNeighbour};
      case NeighbourMessage::kListener:
        return {.verdict = Verdict::kMld};
      case NeighbourMessage::kRouters:
        return {.verdict = Verdict::kRouterMessage};
      case NeighbourMessage::kMalformed:
        return {.verdict = Verdict::kBadNeighbour};
      case NeighbourMessage::kNone:
        break;
    }
  }
  if (is_to_dhcp_server(p)) {
    const bool to_server =
        is_to_all_dhcp_servers(p) || context.servers.knows(context.link, p.destination);
    return {.verdict =
                to_server && is_dhcp_request(frame, p) ? Verdict::kDhcp : Verdict::kDhcpDenied};
  }
  if (!p.destination.is_unicast_host()) return {.verdict = Verdict::kGuestDenied};
  if (!p.source.is_unicast_host() || p.source == p.destination)
    return {.verdict = Verdict::kBadSourceAddress};

  const Verdict remote = judge_remote(p, p.destination, p.destination_port, context);
  if (remote == Verdict::kDnsRefused) return {Act::kRefuse, remote};
  if (remote == Verdict::kDns) return {.verdict = judge_dns_query(frame, p, zone.guest.dns)};
  if (remote != Verdict::kGuestDenied) return {.verdict = remote};
  if (is_tcp(p)) {
    const auto& ports = zone.http_ports;
    if (std::find(ports.begin(), ports.end(), p.destination_port) != ports.end())
      return {Act::kRespond, Verdict::kPage};
    if (p.destination_port != kHttpsPort) return {Act::kRefuse, Verdict::kTcpRefused};
    if (zone.https == HttpsPolicy::kDrop) return {.verdict = Verdict::kHttpsDropped};
    if (zone.https == HttpsPolicy::kAlert) return {Act::kAlert, Verdict::kHttpsAlert};
    return {Act::kRefuse, Verdict::kHttpsRefused};
  }
  if (is_udp(p)) return {Act::kRefuse, Verdict::kUdpRefused};
  return {.verdict = Verdict::kGuestDenied};
}

Verdict judge_to_guest(ByteView frame, const Packet& p, const RuleContext& context) noexcept {
  if (p.flaw != Flaw::kNone) return verdict_of(p.flaw);
  if (!p.is_ip) return Verdict::kArp;
  if (is_neighbour_discovery(p)) return Verdict::kNeighbour;
  if (is_dhcp_answer(frame, p)) return Verdict::kDhcp;
  const Verdict remote = judge_remote(p, p.source, p.source_port, context);
  if (remote == Verdict::kDns || remote == Verdict::kNtp || remote == Verdict::kGarden ||
      remote == Verdict::kGardenHost)
    return remote;
  if (is_error_about_allowed(frame, p, context)) return Verdict::kGarden;
  return Verdict::kNotSolicited;
}

Verdict judge_multicast(ByteView frame, const Packet& p, bool all) noexcept {
  if (all) return Verdict::kMulticast;
  // IGMP always comes with the router alert option (RFC 3376, 4).
  if (p.is_ip && !p.is_v6 && p.protocol == kIgmp &&
      (p.flaw == Flaw::kNone || p.flaw == Flaw::kIpOptions))
    return Verdict::kMulticast;
  if (p.flaw != Flaw::kNone) return verdict_of(p.flaw);
  if (!p.is_ip || is_neighbour_discovery(p) || is_listener_discovery(p) || is_dhcp_answer(frame, p))
    return Verdict::kMulticast;
  return Verdict::kMulticastDenied;
}

Verdict judge_reserved(ByteView frame, const Ethernet& ethernet, bool pass) noexcept {
  constexpr std::uint64_t kPauseAddress = kReservedBlock | 0x01;
  const std::uint64_t to = ethernet.destination.value();
  if (ethernet.type == net::ethertype::kFlowControl || to == kPauseAddress) return Verdict::kPause;
  if ((to & ~std::uint64_t{0xf}) != kReservedBlock) return Verdict::kGuestDenied;
  const std::uint64_t last = to & 0xf;
  const bool lacp = last == 0x2 && ethernet.type == net::ethertype::kSlowProtocols;
  const bool lldp = ethernet.type == net::ethertype::kLldp &&
                    (last == 0x0 || last == 0x3 || last == 0xe);  // IEEE 802.1AB, table 7-1
  const bool spanning_tree = last == 0x0 && is_spanning_tree(frame, ethernet);
  return pass && (spanning_tree || lacp || lldp) ? Verdict::kReserved : Verdict::kReservedDropped;
}

}  // namespace gate511::policy
