// SPDX-License-Identifier: BSD-3-Clause
#include "policy/rule_probes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "net/checksum.hpp"
#include "policy/neighbour.hpp"

namespace gate511::policy {
namespace {

using net::IpAddress;
using net::Packet;

constexpr net::MacAddress kGuestMac{0x0200'5e00'5301};
constexpr std::uint64_t kRouterMac = 0x0200'5e00'53fe;
constexpr IpAddress kGuest = IpAddress::v4(0xc000'0264);  // 192.0.2.100, RFC 5737
constexpr IpAddress kGuest6{0x2001'0db8'0000'0000, 0x100};
constexpr std::size_t kMaxNamed = 4;  // ranges that one line names

/// Documentation addresses (RFC 5737), one of which is in no list that makes sense.
constexpr std::array kElsewhere{IpAddress::v4(0xcb00'71fe), IpAddress::v4(0xc633'64fe),
                                IpAddress::v4(0xc000'02fe)};

std::string to_string(const net::Cidr& range) {
  return range.first == range.last
             ? net::to_string(range.first)
             : fmt::format("{}-{}", net::to_string(range.first), net::to_string(range.last));
}

std::string names_of(const net::IpSet& set) {
  std::string names;
  std::size_t named = 0;
  for (const auto ranges : {set.v4(), set.v6()}) {
    for (const net::Cidr& range : ranges.first(std::min(ranges.size(), kMaxNamed - named)))
      names += (named++ == 0 ? "" : ", ") + to_string(range);
  }
  const std::size_t all = set.v4().size() + set.v6().size();
  return all > named ? fmt::format("{} and {} more", names, all - named) : names;
}

/// A guest's packet without bytes: only ARP, neighbour discovery and DHCP are judged by them.
Packet packet(std::uint8_t protocol, IpAddress to, std::uint16_t port = 0) {
  Packet made;
  made.is_ip = true;
  made.is_v6 = !to.is_v4();
  made.protocol = protocol;
  made.hop_limit = 64;
  made.l3_offset = net::kEthernetBytes;
  made.source = made.is_v6 ? kGuest6 : kGuest;
  made.destination = to;
  made.source_port = 40'000;
  made.destination_port = port;
  return made;
}
Packet tcp(IpAddress to, std::uint16_t port) {
  return packet(net::protocol::kTcp, to, port);
}
Packet udp(IpAddress to, std::uint16_t port) {
  return packet(net::protocol::kUdp, to, port);
}

class Prober {
 public:
  explicit Prober(const RuleContext& context) : context_{context}, zone_{context.zone} {}

  void ask(std::string traffic, const Packet& sent, net::ByteView frame = {}) {
    net::Ethernet ethernet;
    ethernet.source = kGuestMac;
    const bool to_group = !sent.is_ip || !sent.destination.is_unicast_host();
    ethernet.destination = net::MacAddress{to_group ? net::MacAddress::kMask : kRouterMac};
    ethernet.l3_offset = net::kEthernetBytes;
    ethernet.flaw = net::Flaw::kNone;
    const GuestDecision decision = judge_from_guest(frame, ethernet, sent, context_);
    probes_.push_back({std::move(traffic), decision.verdict});
  }
  /// One line for all of `set`, by its first address; none where it is empty.
  void ask_set(std::string_view what, const net::IpSet& set, std::uint8_t protocol,
               std::uint16_t port) {
    if (set.empty()) return;
    const net::Cidr& first = set.v4().empty() ? set.v6().front() : set.v4().front();
    ask(fmt::format("{} {}", what, names_of(set)), packet(protocol, first.first, port));
  }
  void ask_resolvers() {
    const net::IpSet& set = zone_.guest.resolvers;
    if (set.empty()) return;
    const net::Cidr& first = set.v4().empty() ? set.v6().front() : set.v4().front();
    ask_dns(fmt::format("DNS to {}", names_of(set)), first.first);
  }
  /// RFC 1035, 4.1: a question for the address of `a.example`.
  void ask_dns(std::string traffic, IpAddress to) {
    constexpr std::array<unsigned char, 27> kQuery{0,   1,   1,   0,   0,   1, 0,   0,   0,
                                                   0,   0,   0,   1,   'a', 7, 'e', 'x', 'a',
                                                   'm', 'p', 'l', 'e', 0,   0, 1,   0,   1};
    Packet sent = udp(to, 53);
    sent.payload_offset = net::kEthernetBytes;
    sent.end = net::kEthernetBytes + kQuery.size();
    std::array<std::byte, net::kEthernetBytes + kQuery.size()> frame{};
    net::store_bytes(frame, net::kEthernetBytes, std::as_bytes(std::span{kQuery}));
    ask(std::move(traffic), sent, frame);
  }
  /// One line for all of `garden`, by the first address and port of the first of it.
  void ask_garden(const GardenSet& garden) {
    if (garden.empty()) return;
    const auto& prefixes = garden.prefixes();
    std::string names;
    for (std::size_t i = 0; i < std::min(prefixes.size(), kMaxNamed); ++i)
      names += (i == 0 ? "" : ", ") + policy::to_string(prefixes[i]);
    if (prefixes.size() > kMaxNamed)
      names += fmt::format(" and {} more", prefixes.size() - kMaxNamed);
    const GardenPrefix& first = prefixes.front();
    const std::uint16_t port = first.ports.empty() ? std::uint16_t{443} : first.ports.front().first;
    ask(fmt::format("all to the portal and the garden, {}", names), tcp(first.range.first, port));
  }
  /// What becomes of them hangs on DNS, and on the name that a connection begins with.
  void tell_hosts() {
    if (context_.hosts().empty()) return;
    const GuestRules& rules = zone_.guest;
    const std::size_t hosts = (rules.hosts ? rules.hosts->size() : 0) +
                              (rules.host_patterns ? rules.host_patterns->size() : 0) +
                              context_.opened.hosts.size();
    probes_.push_back(
        {fmt::format("HTTP and HTTPS to {} garden host{}, by name", hosts, hosts == 1 ? "" : "s"),
         Verdict::kGardenHost});
  }
  /// RFC 826: a request that tells its sender's MAC.
  void ask_arp() {
    std::array<std::byte, net::kEthernetBytes + 28> frame{};
    net::store_be(frame, net::kEthernetBytes + 6, std::uint16_t{1});
    net::store_be48(frame, net::kEthernetBytes + 8, kGuestMac.value());
    Packet sent;
    sent.l3_offset = net::kEthernetBytes;
    sent.end = static_cast<std::uint16_t>(frame.size());
    ask("ARP", sent, frame);
  }
  /// RFC 4861, 4.3: a solicitation for the guest's router, to the router's group.
  void ask_neighbour() {
    constexpr std::size_t kAt = net::kEthernetBytes + 40;
    constexpr IpAddress kTarget{0x2001'0db8'0000'0000, 1};
    std::array<std::byte, kAt + 24> frame{};
    Packet sent = packet(net::protocol::kIcmpv6, {0xff02'0000'0000'0000, 0x1'ff00'0001});
    sent.hop_limit = 255;
    sent.icmp_type = icmpv6::kNeighbourSolicitation;
    sent.l4_offset = kAt;
    sent.end = static_cast<std::uint16_t>(frame.size());
    frame[kAt] = std::byte{icmpv6::kNeighbourSolicitation};
    kTarget.store_v6(frame, kAt + 8);
    const net::ByteView message = net::ByteView{frame}.subspan(kAt);
    const auto sum = net::fold(
        net::pseudo_header_sum(sent.source, sent.destination, sent.protocol, message.size()) +
        net::sum(message));
    net::store_be(frame, kAt + 2, static_cast<std::uint16_t>(~sum));
    ask("IPv6 neighbour discovery", sent, frame);
  }
  /// RFC 2131, 2: the least that is a client's message.
  void ask_dhcp() {
    constexpr std::size_t kAt = net::kEthernetBytes + 28;
    std::array<std::byte, kAt + 240> frame{};
    frame[kAt] = std::byte{1};  // BOOTREQUEST
    net::store_be(frame, kAt + 236, std::uint32_t{0x6382'5363});
    Packet sent = udp(IpAddress::v4(0xffff'ffff), 67);
    sent.source_port = 68;
    sent.payload_offset = kAt;
    sent.end = static_cast<std::uint16_t>(frame.size());
    ask("DHCP request", sent, frame);
  }
  [[nodiscard]] IpAddress elsewhere() const {
    for (const IpAddress& address : kElsewhere) {
      const GuestRules& rules = zone_.guest;
      if (address != rules.portal && !rules.garden.contains(address) &&
          !context_.opened.prefixes.contains(address) && !rules.resolvers.contains(address) &&
          !rules.ntp.contains(address))
        return address;
    }
    return kElsewhere.front();
  }
  [[nodiscard]] std::vector<RuleProbe> take() { return std::move(probes_); }

 private:
  const RuleContext& context_;
  const Zone& zone_;
  std::vector<RuleProbe> probes_;
};

}  // namespace

std::vector<RuleProbe> probe_rules(const RuleContext& context) {
  const Zone& zone = context.zone;
  Prober prober{context};
  const IpAddress elsewhere = prober.elsewhere();
  Packet fragment = udp(elsewhere, 0);
  fragment.flaw = net::Flaw::kFragment;
  prober.ask("IP fragment", fragment);
  prober.ask_arp();
  prober.ask_neighbour();
  prober.ask_dhcp();
  prober.ask_resolvers();
  prober.ask_dns("DNS to any other", elsewhere);
  prober.ask_set("NTP to", zone.guest.ntp, net::protocol::kUdp, 123);
  if (zone.guest.portal) {
    prober.ask(fmt::format("all to the portal {}", net::to_string(*zone.guest.portal)),
               tcp(*zone.guest.portal, 443));
  }
  prober.ask_garden(zone.guest.garden);
  prober.ask_garden(context.opened.prefixes);
  prober.tell_hosts();
  for (const std::uint16_t port : zone.http_ports)
    prober.ask(fmt::format("TCP to port {}", port), tcp(elsewhere, port));
  prober.ask("TCP to port 443", tcp(elsewhere, 443));
  prober.ask("TCP to any other port", tcp(elsewhere, 65'535));
  prober.ask("UDP to any other port", udp(elsewhere, 65'535));
  prober.ask("ICMP and all else", packet(net::protocol::kIcmp, elsewhere));
  return prober.take();
}

}  // namespace gate511::policy
