// SPDX-License-Identifier: BSD-3-Clause
#include "captures/oracle.hpp"

#include <algorithm>

#include "captures/dns_question.hpp"

namespace gate511::captures {
namespace {

constexpr unsigned kIgmp = 2, kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpv6 = 58;
constexpr unsigned kSyn = 0x02, kRst = 0x04, kAck = 0x10;

Address all_dhcp_servers(bool v6) {
  Address address = Address::v4(0xffff'ffff);
  if (v6) address = {true, {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2}};
  return address;
}

bool is_one_of(std::uint64_t value, std::initializer_list<unsigned> list) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

/// RFC 826, in the name of the frame's own sender.
std::size_t arp_end(Frame frame, const Carrier& carrier) {
  demand(number(frame, carrier.at, 6) == 0x0001'0800'0604, "ARP not for IPv4 over Ethernet");
  demand(carrier.at + 28 <= frame.size(), "ARP cut short");
  return carrier.at + 28;
}

/// What stands behind the packet pads the frame to Ethernet's least length, no more.
void no_stowaways(Frame frame, const Carrier& carrier, std::size_t end) {
  demand(frame.size() <= std::max(end, 60 + carrier.at - 14), "bytes behind the packet");
}

bool is_discovery(unsigned type) {
  return type >= 133 && type <= 137;
}
bool is_listener(unsigned type) {
  return (type >= 130 && type <= 132) || type == 143;
}

/// RFC 4861 and RFC 3810, of a client. False: neither.
bool neighbour_up(Frame frame, const Datagram& packet) {
  if (!packet.v6 || !packet.is(kIcmpv6)) return false;
  const auto type = static_cast<unsigned>(number(frame, packet.at, 1));
  demand(type != 134 && type != 137 && type != 130, "what routers alone send");
  if (!is_discovery(type) && !is_listener(type)) return false;
  demand(transport_sum_is_right(frame, packet), "ICMPv6 checksum");
  if (is_listener(type)) {
    demand(packet.hops == 1 && packet.to.octets[0] == 0xff && packet.to.octets[1] == 2,
           "a listener report that leaves the link");
    return true;
  }
  demand(packet.hops == 255, "neighbour discovery that crossed a router");
  const bool on_link =
      packet.to.is_link_local() || (packet.to.octets[0] == 0xff && packet.to.octets[1] == 2);
  // Beyond the link it carries no byte of its sender's choice but an address.
  demand(on_link || packet.end - packet.at <= 32, "neighbour discovery with a load");
  return true;
}

std::uint64_t transaction(Frame frame, const Datagram& packet) {
  return number(frame, packet.data + 4, 4);
}

bool has_bootp(Frame frame, const Datagram& packet, unsigned op) {
  return packet.data + 240 <= packet.end && number(frame, packet.data, 1) == op &&
         number(frame, packet.data + 236, 4) == 0x6382'5363;
}

}  // namespace

// ---- from the access side ----

void Oracle::passable(Frame frame, const Carrier& carrier) const {
  demand(frame.size() <= network_.longest_frame, "longer than the port takes");
  demand(carrier.type != 0x8808 && carrier.to != 0x0180'c200'0001, "flow control");
}

bool Oracle::is_reserved(Frame frame, const Carrier& carrier) const {
  if (carrier.to >> 4 != 0x0180'c200'000) return false;
  const unsigned last = carrier.to & 0xf;
  const bool bridges = last == 0 && carrier.type < 0x600 && carrier.type >= 3 &&
                       carrier.at + carrier.type <= frame.size() &&
                       number(frame, carrier.at, 3) == 0x42'4203;
  const bool lacp = last == 2 && carrier.type == 0x8809;
  const bool lldp = is_one_of(last, {0, 3, 14}) && carrier.type == 0x88cc;
  demand(network_.pass_reserved && (bridges || lacp || lldp), "reserved for bridges");
  return true;
}

void Oracle::guest_up(Frame frame) {
  const Carrier carrier = captures::carrier(frame);
  passable(frame, carrier);
  if (is_reserved(frame, carrier)) return;
  if (carrier.type == 0x0806) {
    const std::size_t end = arp_end(frame, carrier);
    demand(is_one_of(number(frame, carrier.at + 6, 2), {1, 2}), "ARP operation");
    demand(number(frame, carrier.at + 8, 6) == carrier.from, "ARP in another one's name");
    return no_stowaways(frame, carrier, end);
  }
  const Datagram packet = datagram(frame, carrier);
  no_stowaways(frame, carrier, packet.end);
  demand(carrier.to_group() == packet.to.is_group(), "a group's frame with a host's packet");
  packet_up(frame, carrier, packet);
}

void Oracle::packet_up(Frame frame, const Carrier& carrier, const Datagram& packet) {
  if (neighbour_up(frame, packet)) return;
  if (packet.is(kUdp)) {
    demand(packet.port_to != (packet.v6 ? 546U : 68U), "a DHCP server's message");
    if (packet.port_to == (packet.v6 ? 547U : 67U)) return dhcp_up(frame, carrier, packet);
  }
  demand(!packet.to.is_group(), "to a group");
  demand(!packet.from.is_group() && packet.from != packet.to, "from an address that no host has");
  if ((packet.is(kUdp) || packet.is(kTcp)) && packet.port_to == 53) {
    demand(network_.any_resolver || is_resolver(packet.to), "DNS to another resolver");
    return demand_dns_queries(
        frame.subspan(packet.data, packet.end - packet.data),
        packet.is(kTcp) ? (packet.tcp_flags & kSyn) != 0 ? Stream::kOpening : Stream::kOpen
                        : Stream::kNone,
        network_.longest_name);
  }
  demand(is_open(packet.protocol, packet.to, packet.port_to), "no row of the rules");
}

void Oracle::dhcp_up(Frame frame, const Carrier& carrier, const Datagram& packet) {
  demand(packet.to == all_dhcp_servers(packet.v6) || dhcp_servers_.contains(packet.to),
         "DHCP to an unknown server");
  if (packet.v6) {
    demand(packet.port_from == 546, "DHCPv6 from another port");
    demand(packet.data + 4 <= packet.end &&
               is_one_of(number(frame, packet.data, 1), {1, 3, 4, 5, 6, 8, 9, 11}),
           "no message of a DHCPv6 client");
  } else {
    demand(packet.port_from == 68 && has_bootp(frame, packet, 1), "no message of a DHCP client");
    dhcp_asked_.emplace(carrier.from, transaction(frame, packet));
  }
}

bool Oracle::is_resolver(const Address& address) const {
  return std::any_of(network_.resolvers.begin(), network_.resolvers.end(),
                     [&](const Prefix& one) { return one.holds(address); });
}

bool Oracle::is_open(unsigned protocol, const Address& remote, unsigned port) const {
  const bool has_ports = protocol == kTcp || protocol == kUdp;
  if (protocol == kUdp && port == 123 &&
      std::any_of(network_.ntp.begin(), network_.ntp.end(),
                  [&](const Prefix& one) { return one.holds(remote); }))
    return true;
  for (const Network::Open& open : network_.garden) {
    if (!open.prefix.holds(remote)) continue;
    if (open.ports.empty()) return true;
    if (has_ports && std::any_of(open.ports.begin(), open.ports.end(), [port](const auto& range) {
          return port >= range.first && port <= range.second;
        }))
      return true;
  }
  return network_.learns_names && protocol == kTcp && is_one_of(port, {80, 443}) &&
         was_named(remote);
}

bool Oracle::was_named(const Address& address) const {
  const auto first = address.octets.begin() + (address.v6 ? 0 : 12);
  return named_.contains(std::string{first, address.octets.end()});
}

// ---- from the uplink ----

bool Oracle::is_dhcp_answer(Frame frame, const Datagram& packet) const {
  if (!packet.is(kUdp)) return false;
  if (!packet.v6)
    return packet.port_from == 67 && packet.port_to == 68 && has_bootp(frame, packet, 2);
  return packet.port_from == 547 && packet.port_to == 546 && packet.from.is_link_local() &&
         packet.data + 4 <= packet.end && is_one_of(number(frame, packet.data, 1), {2, 7, 10});
}

void Oracle::heard(Frame frame) {
  try {
    const Carrier carrier = captures::carrier(frame);
    const Datagram packet = datagram(frame, carrier);
    if (is_dhcp_answer(frame, packet) && (packet.v6 || packet.to == all_dhcp_servers(false)))
      dhcp_servers_.insert(packet.from);
    if (!network_.learns_names || !packet.is(kUdp) || packet.port_from != 53) return;
    // Any address that the answer could be taken to name.
    const Frame answer = frame.subspan(packet.data, packet.end - packet.data);
    for (const std::size_t octets : {std::size_t{4}, std::size_t{16}}) {
      for (std::size_t at = 12; at + octets <= answer.size(); ++at) {
        std::string text;
        for (const std::byte octet : answer.subspan(at, octets))
          text.push_back(static_cast<char>(octet));
        named_.insert(std::move(text));
      }
    }
  } catch (const Denied&) {
    return;  // nobody learns from it
  }
}

void Oracle::guest_down(Frame frame) {
  const Carrier carrier = captures::carrier(frame);
  passable(frame, carrier);
  if (is_reserved(frame, carrier)) return;
  if (carrier.to_group()) return group_down(frame, carrier);
  if (carrier.type == 0x0806) {
    arp_end(frame, carrier);
    return;
  }
  const Datagram packet = datagram(frame, carrier);
  if (packet.v6 && packet.is(kIcmpv6) && packet.hops == 255 &&
      is_discovery(static_cast<unsigned>(number(frame, packet.at, 1))))
    return;
  if (is_dhcp_answer(frame, packet)) {
    demand(packet.v6 || dhcp_asked_.contains({carrier.to, transaction(frame, packet)}),
           "a DHCP answer that nobody waits for");
    return;
  }
  if ((packet.is(kUdp) || packet.is(kTcp)) && packet.port_from == 53) {
    demand(network_.any_resolver || is_resolver(packet.from), "DNS from another resolver");
    return;
  }
  if (is_open(packet.protocol, packet.from, packet.port_from)) return;
  error_down(frame, packet);
}

/// ICMP errors about packets that the guest may have sent.
void Oracle::error_down(Frame frame, const Datagram& packet) const {
  const auto type = number(frame, packet.at, 1);
  const bool error = packet.v6 ? packet.is(kIcmpv6) && type >= 1 && type <= 4
                               : packet.is(kIcmp) && is_one_of(type, {3, 11, 12});
  demand(error, "answers nothing that a guest may ask");
  const std::size_t at = packet.at + 8, header = packet.v6 ? 40 : 20;
  demand(at + header + 4 <= packet.end, "quotes no packet");
  demand(Address::at(frame, at + (packet.v6 ? 8 : 12), packet.v6) == packet.to,
         "quotes another one's packet");
  const auto protocol = static_cast<unsigned>(number(frame, at + (packet.v6 ? 6 : 9), 1));
  const Address remote = Address::at(frame, at + (packet.v6 ? 24 : 16), packet.v6);
  const auto port = static_cast<unsigned>(number(frame, at + header + 2, 2));
  const bool asked = (protocol == kTcp || protocol == kUdp) && port == 53 &&
                     (network_.any_resolver || is_resolver(remote));
  demand(asked || is_open(protocol, remote, port), "quotes what guests may not send");
}

void Oracle::group_down(Frame frame, const Carrier& carrier) const {
  if (network_.all_multicast || carrier.type == 0x0806) return;
  // IGMP comes with the router alert option (RFC 3376, 4).
  if (carrier.type == 0x0800 && number(frame, carrier.at + 9, 1) == kIgmp) return;
  const Datagram packet = datagram(frame, carrier);
  const auto type = packet.is(kIcmpv6) ? static_cast<unsigned>(number(frame, packet.at, 1)) : 0;
  demand(is_dhcp_answer(frame, packet) || (packet.v6 && is_discovery(type) && packet.hops == 255) ||
             (packet.v6 && is_listener(type)),
         "a group's frame that clients do not need");
}

// ---- sessions ----

void Oracle::session_up(Frame frame) {
  session_down(frame);
  const Carrier carrier = captures::carrier(frame);
  Heard heard;
  if (!hear(frame, carrier, heard) || heard.at + 4 > heard.end) return;
  if (heard.protocol == kUdp) {
    const auto to = number(frame, heard.at + 2, 2);
    demand(to != (heard.v6 ? 546U : 68U), "a DHCP server's message");
    demand(heard.v6 || to != 67 || heard.at + 8 >= heard.end || number(frame, heard.at + 8, 1) != 2,
           "a DHCP server's message to a relay");
  }
  // RFC 6980: no host takes discovery in fragments.
  if (heard.v6 && heard.protocol == kIcmpv6 && !heard.fragment && heard.hops == 255)
    demand(!is_one_of(number(frame, heard.at, 1), {134, 137}), "what routers alone send");
}

void Oracle::session_down(Frame frame) {
  const Carrier carrier = captures::carrier(frame);
  passable(frame, carrier);
  (void)is_reserved(frame, carrier);
}

bool Oracle::session_must_pass(Frame frame, bool up) const {
  try {
    const Carrier carrier = captures::carrier(frame);
    passable(frame, carrier);
    if (carrier.to >> 4 == 0x0180'c200'000) return false;
    if (!up || (carrier.type != 0x0800 && carrier.type != 0x86dd)) return true;
    const Datagram packet = datagram(frame, carrier);
    return packet.is(kTcp) || (packet.is(kUdp) && !is_one_of(packet.port_to, {67, 68, 546, 547}));
  } catch (const Denied&) {
    return false;
  }
}

// ---- what goes back ----

void Oracle::sent(Frame frame) {
  if (frame.size() >= 14) credit_[number(frame, 6, 6)].sent += frame.size();
}

void Oracle::reply(Frame trigger, Frame reply) {
  const Carrier asked = captures::carrier(trigger), answer = captures::carrier(reply);
  demand(answer.to == asked.from && answer.from == asked.to, "not to whom the frame came from");
  demand(!asked.to_group(), "a reply to a group's frame");
  demand(answer.at == asked.at &&
             std::equal(reply.begin() + 12, reply.begin() + static_cast<std::ptrdiff_t>(answer.at),
                        trigger.begin() + 12),
         "tags are not kept");
  const Datagram from = datagram(trigger, asked), to = datagram(reply, answer);
  demand(to.from == from.to && to.to == from.from, "addresses are not swapped");
  demand(!from.to.is_group() && !from.from.is_group() && from.to != from.from,
         "a reply to what is no host's");
  demand(to.v6 ? true : sum_is_right(reply.subspan(answer.at, 20)), "IPv4 header checksum");
  Credit& credit = credit_[asked.from];
  if (from.is(kTcp)) {
    demand(to.is(kTcp) && to.port_from == from.port_to && to.port_to == from.port_from,
           "ports are not swapped");
    demand(transport_sum_is_right(reply, to), "TCP checksum");
    demand((from.tcp_flags & kRst) == 0, "a reply to a reset");
    demand((to.tcp_flags & kRst) != 0 || (to.tcp_flags & (kSyn | kAck)) != 0, "no such segment");
    demand(to.data == to.end, "an answer to who has shown no cookie");
    demand(reply.size() <= trigger.size(), "larger than what drew it");
  } else {
    demand(from.is(kUdp) && to.is(to.v6 ? kIcmpv6 : kIcmp), "a reply to neither TCP nor UDP");
    demand(number(reply, to.at, 2) == (to.v6 ? 0x0101U : 0x030dU), "no prohibition");
    const Frame transport = reply.subspan(to.at, to.end - to.at);
    demand(to.v6 ? transport_sum_is_right(reply, to) : sum_is_right(transport), "ICMP checksum");
  }
  credit.received += reply.size();
  demand(credit.received <= credit.sent, "more bytes come back than the guest sent");
}

}  // namespace gate511::captures
