// SPDX-License-Identifier: BSD-3-Clause
#include "policy/guest_rules.hpp"

#include <algorithm>

namespace gate511::policy {
namespace {

using net::ByteView;
using net::Flaw;
using net::Packet;

constexpr std::uint16_t kDnsPort = 53;
constexpr std::uint16_t kDhcpServerPort = 67;
constexpr std::uint16_t kDhcpClientPort = 68;
constexpr std::uint16_t kNtpPort = 123;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kDhcp6ClientPort = 546;
constexpr std::uint16_t kDhcp6ServerPort = 547;
constexpr std::uint8_t kIgmp = 2;

/// ff02::1:2, All_DHCP_Relay_Agents_and_Servers (RFC 8415, 7.1)
constexpr net::IpAddress kAllDhcp6Servers{0xff02'0000'0000'0000, 0x1'0002};
constexpr net::IpAddress kBroadcast = net::IpAddress::v4(0xffff'ffff);

namespace icmpv6 {
constexpr std::uint8_t kLastError = 127;      // RFC 4443, 2.1: errors are 0-127
constexpr std::uint8_t kListenerQuery = 130;  // RFC 2710, RFC 3810
constexpr std::uint8_t kListenerReport = 131;
constexpr std::uint8_t kListenerDone = 132;
constexpr std::uint8_t kListenerReportV2 = 143;
constexpr std::uint8_t kRouterSolicitation = 133;  // RFC 4861, 4
constexpr std::uint8_t kRouterAdvertisement = 134;
constexpr std::uint8_t kNeighbourSolicitation = 135;
constexpr std::uint8_t kNeighbourAdvertisement = 136;
constexpr std::uint8_t kRedirect = 137;
}  // namespace icmpv6

bool is_udp(const Packet& p) {
  return p.is_ip && p.protocol == net::protocol::kUdp;
}
bool is_tcp(const Packet& p) {
  return p.is_ip && p.protocol == net::protocol::kTcp;
}
bool is_icmpv6(const Packet& p) {
  return p.is_v6 && p.protocol == net::protocol::kIcmpv6;
}
/// RFC 4861, 6.1 and 7.1: what has crossed a router is no neighbour discovery.
bool is_on_link(const Packet& p) {
  return p.hop_limit == 255;
}

bool is_neighbour_discovery(const Packet& p) {
  return is_icmpv6(p) && is_on_link(p) && p.icmp_type >= icmpv6::kRouterSolicitation &&
         p.icmp_type <= icmpv6::kRedirect;
}

bool is_bootp(ByteView frame, const Packet& p, std::uint8_t op) {
  constexpr std::size_t kMagicAt = 236;  // RFC 2131, 3
  constexpr std::uint32_t kMagic = 0x63825363;
  return p.payload_size() >= kMagicAt + 4 && net::load_u8(frame, p.payload_offset) == op &&
         net::load_be32(frame, p.payload_offset + kMagicAt) == kMagic;
}

std::uint8_t dhcp6_type(ByteView frame, const Packet& p) {
  return p.payload_size() < 4 ? 0 : net::load_u8(frame, p.payload_offset);
}

bool is_dhcp_request(ByteView frame, const Packet& p) {
  if (!p.is_v6) return p.source_port == kDhcpClientPort && is_bootp(frame, p, /*BOOTREQUEST*/ 1);
  // RFC 8415, 7.3: what clients send.
  constexpr std::array<std::uint8_t, 8> kClientTypes{1, 3, 4, 5, 6, 8, 9, 11};
  const std::uint8_t type = dhcp6_type(frame, p);
  return p.source_port == kDhcp6ClientPort &&
         std::find(kClientTypes.begin(), kClientTypes.end(), type) != kClientTypes.end();
}

bool is_to_dhcp_server(const Packet& p) {
  return is_udp(p) && p.destination_port == (p.is_v6 ? kDhcp6ServerPort : kDhcpServerPort);
}

/// A DHCP answer on a port of the wrong direction is a server where none may be.
bool is_from_dhcp_server(const Packet& p) {
  return is_udp(p) && p.source_port == (p.is_v6 ? kDhcp6ServerPort : kDhcpServerPort);
}

GuestDecision judge_icmpv6(const Packet& p) {
  switch (p.icmp_type) {
    case icmpv6::kRouterSolicitation:
    case icmpv6::kNeighbourSolicitation:
    case icmpv6::kNeighbourAdvertisement:
      if (is_on_link(p)) return {.verdict = Verdict::kNeighbour};
      break;
    case icmpv6::kRouterAdvertisement:
    case icmpv6::kRedirect:
    case icmpv6::kListenerQuery:
      return {.verdict = Verdict::kRouterMessage};
    case icmpv6::kListenerReport:
    case icmpv6::kListenerDone:
    case icmpv6::kListenerReportV2:
      return {.verdict = Verdict::kMld};
    default:
      break;
  }
  return {.verdict = Verdict::kGuestDenied};
}

bool is_in_garden(const net::IpAddress& remote, const GuestRules& rules) {
  return remote == rules.portal || rules.garden.contains(remote);
}

/// The rules by address, for traffic with `remote` on its port `port`: kDns, kDnsRefused, kNtp,
/// kGarden, or kGuestDenied where none of them speaks. Both directions read them here, so that they
/// cannot differ.
Verdict judge_remote(const Packet& p, const net::IpAddress& remote, std::uint16_t port,
                     const GuestRules& rules) {
  if ((is_udp(p) || is_tcp(p)) && port == kDnsPort) {
    const bool resolver = rules.any_resolver || rules.resolvers.contains(remote);
    return resolver ? Verdict::kDns : Verdict::kDnsRefused;
  }
  if (is_udp(p) && port == kNtpPort && rules.ntp.contains(remote)) return Verdict::kNtp;
  if (is_in_garden(remote, rules)) return Verdict::kGarden;
  return Verdict::kGuestDenied;
}

/// An ICMP error from the uplink that quotes what a guest may send: without it, path MTU discovery
/// towards the portal would fail.
bool is_error_about_allowed(ByteView frame, const Packet& p, const GuestRules& rules) {
  const bool v4_error = !p.is_v6 && p.protocol == net::protocol::kIcmp &&
                        (p.icmp_type == 3 || p.icmp_type == 11 || p.icmp_type == 12);  // RFC 792
  const bool v6_error = is_icmpv6(p) && p.icmp_type <= icmpv6::kLastError;
  if (!v4_error && !v6_error) return false;
  constexpr std::size_t kErrorHeader = 8;
  const std::size_t quote = std::size_t{p.l4_offset} + kErrorHeader;
  const std::size_t header = p.is_v6 ? 40 : 20;
  if (quote + header > p.end) return false;
  const net::IpAddress remote = p.is_v6 ? net::IpAddress::load_v6(frame, quote + 24)
                                        : net::IpAddress::v4(net::load_be32(frame, quote + 16));
  const net::IpAddress local = p.is_v6 ? net::IpAddress::load_v6(frame, quote + 8)
                                       : net::IpAddress::v4(net::load_be32(frame, quote + 12));
  return local == p.destination && (rules.resolvers.contains(remote) ||
                                    rules.ntp.contains(remote) || is_in_garden(remote, rules));
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

GuestDecision judge_from_guest(ByteView frame, const Packet& p, const Zone& zone, std::uint8_t link,
                               const DhcpServers& servers) noexcept {
  using Act = GuestDecision::Act;
  if (p.flaw != Flaw::kNone) return {.verdict = verdict_of(p.flaw)};
  if (!p.is_ip) return {.verdict = Verdict::kArp};
  if (is_icmpv6(p) && p.icmp_type > icmpv6::kLastError) {
    const GuestDecision decision = judge_icmpv6(p);
    if (decision.verdict != Verdict::kGuestDenied) return decision;
  }
  if (is_from_dhcp_server(p)) return {.verdict = Verdict::kDhcpDenied};
  if (is_to_dhcp_server(p)) {
    const bool to_server = p.destination == kBroadcast || p.destination == kAllDhcp6Servers ||
                           servers.knows(link, p.destination);
    return {.verdict =
                to_server && is_dhcp_request(frame, p) ? Verdict::kDhcp : Verdict::kDhcpDenied};
  }
  if (!p.destination.is_unicast_host()) return {.verdict = Verdict::kGuestDenied};

  const Verdict remote = judge_remote(p, p.destination, p.destination_port, zone.guest);
  if (remote == Verdict::kDnsRefused) return {Act::kRefuse, remote};
  if (remote != Verdict::kGuestDenied) return {.verdict = remote};
  if (is_tcp(p)) {
    const auto& ports = zone.http_ports;
    if (std::find(ports.begin(), ports.end(), p.destination_port) != ports.end())
      return {Act::kRespond, Verdict::kPage};
    if (p.destination_port != kHttpsPort) return {Act::kRefuse, Verdict::kTcpRefused};
    if (zone.https == HttpsPolicy::kDrop) return {.verdict = Verdict::kHttpsDropped};
    return {Act::kRefuse, Verdict::kHttpsRefused};
  }
  if (is_udp(p)) return {Act::kRefuse, Verdict::kUdpRefused};
  return {.verdict = Verdict::kGuestDenied};
}

bool is_dhcp_answer(ByteView frame, const Packet& p) noexcept {
  if (p.flaw != Flaw::kNone || !is_from_dhcp_server(p)) return false;
  if (!p.is_v6) return p.destination_port == kDhcpClientPort && is_bootp(frame, p, /*BOOTREPLY*/ 2);
  const std::uint8_t type = dhcp6_type(frame, p);
  return p.destination_port == kDhcp6ClientPort && (type == 2 || type == 7 || type == 10);
}

Verdict judge_to_guest(ByteView frame, const Packet& p, const Zone& zone) noexcept {
  if (p.flaw != Flaw::kNone) return verdict_of(p.flaw);
  if (!p.is_ip) return Verdict::kArp;
  if (is_neighbour_discovery(p)) return Verdict::kNeighbour;
  if (is_dhcp_answer(frame, p)) return Verdict::kDhcp;
  const Verdict remote = judge_remote(p, p.source, p.source_port, zone.guest);
  if (remote == Verdict::kDns || remote == Verdict::kNtp || remote == Verdict::kGarden)
    return remote;
  if (is_error_about_allowed(frame, p, zone.guest)) return Verdict::kGarden;
  return Verdict::kNotSolicited;
}

Verdict judge_multicast(ByteView frame, const Packet& p, bool all) noexcept {
  if (all) return Verdict::kMulticast;
  // IGMP always comes with the router alert option (RFC 3376, 4).
  if (p.is_ip && !p.is_v6 && p.protocol == kIgmp &&
      (p.flaw == Flaw::kNone || p.flaw == Flaw::kIpOptions))
    return Verdict::kMulticast;
  if (p.flaw != Flaw::kNone) return verdict_of(p.flaw);
  const bool mld =
      is_icmpv6(p) &&
      (p.icmp_type == icmpv6::kListenerQuery || p.icmp_type == icmpv6::kListenerReport ||
       p.icmp_type == icmpv6::kListenerDone || p.icmp_type == icmpv6::kListenerReportV2);
  if (!p.is_ip || is_neighbour_discovery(p) || mld || is_dhcp_answer(frame, p))
    return Verdict::kMulticast;
  return Verdict::kMulticastDenied;
}

Verdict judge_reserved(const net::Ethernet& ethernet, bool pass) noexcept {
  constexpr std::uint64_t kReservedBlock = 0x0180'c200'0000;
  constexpr std::uint64_t kPauseAddress = kReservedBlock | 0x01;
  const std::uint64_t to = ethernet.destination.value();
  if (ethernet.type == net::ethertype::kFlowControl || to == kPauseAddress) return Verdict::kPause;
  if ((to & ~std::uint64_t{0xf}) != kReservedBlock) return Verdict::kGuestDenied;
  const std::uint64_t last = to & 0xf;
  const bool spanning_tree = last == 0x0 && ethernet.type < net::ethertype::kMinimum;
  const bool lacp = last == 0x2 && ethernet.type == net::ethertype::kSlowProtocols;
  const bool lldp = ethernet.type == net::ethertype::kLldp &&
                    (last == 0x0 || last == 0x3 || last == 0xe);  // IEEE 802.1AB, table 7-1
  return pass && (spanning_tree || lacp || lldp) ? Verdict::kReserved : Verdict::kReservedDropped;
}

}  // namespace gate511::policy
