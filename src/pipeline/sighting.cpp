// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/sighting.hpp"

#include <optional>

#include "net/dhcp.hpp"
#include "policy/dhcp.hpp"

namespace gate511::pipeline {
namespace {

using net::ByteView;
using net::IpAddress;
using net::MacAddress;
using net::Packet;

constexpr std::uint8_t kRouterSolicitation = 133;  // RFC 4861, 4
constexpr std::uint8_t kNeighbourAdvertisement = 136;
constexpr std::uint8_t kSourceLinkLayer = 1;  // RFC 4861, 4.6.1
constexpr std::uint8_t kTargetLinkLayer = 2;

/// RFC 826: sender's addresses. An ARP probe (RFC 5227, 2.1.1) has no sender address: what it asks
/// for is not its own yet.
IpAddress arp_address(ByteView frame, const net::Ethernet& ethernet) noexcept {
  const std::size_t at = ethernet.l3_offset;
  const MacAddress sender{net::load_be48(frame, at + 8)};
  const IpAddress address = IpAddress::v4(net::load_be32(frame, at + 14));
  return sender == ethernet.source && address.is_unicast_host() ? address : IpAddress{};
}

/// What a link-layer address option of the given type holds. nullopt: there is none, or the options
/// are damaged (RFC 4861, 6.1 and 7.1: a length of zero discards the packet), which `damaged` says.
std::optional<MacAddress> link_layer_option(ByteView options, std::uint8_t wanted,
                                            bool& damaged) noexcept {
  std::optional<MacAddress> found;
  while (!options.empty()) {
    const std::size_t length = options.size() < 8 ? 0 : std::size_t{net::load_u8(options, 1)} * 8;
    if (length == 0 || length > options.size()) {
      damaged = true;
      return found;
    }
    if (net::load_u8(options, 0) == wanted) found = MacAddress{net::load_be48(options, 2)};
    options = options.subspan(length);
  }
  return found;
}

/// RFC 4861, 4.1, 4.3 and 4.4. A solicitation from the unspecified address is duplicate address
/// detection (RFC 4862, 5.4): its target is tentative, so it tells no address.
IpAddress nd_address(ByteView frame, const net::Ethernet& ethernet, const Packet& packet) noexcept {
  const std::size_t at = packet.l4_offset;
  const bool advertisement = packet.icmp_type == kNeighbourAdvertisement;
  const std::size_t header = packet.icmp_type == kRouterSolicitation ? 8 : 24;
  if (packet.hop_limit != 255 || packet.icmp_code != 0 || at + header > packet.end) return {};
  const IpAddress address = advertisement ? IpAddress::load_v6(frame, at + 8) : packet.source;
  bool damaged = false;
  const auto claimed =
      link_layer_option(frame.subspan(at + header, packet.end - at - header),
                        advertisement ? kTargetLinkLayer : kSourceLinkLayer, damaged);
  const bool speaks_for_itself = !claimed || *claimed == ethernet.source;
  return !damaged && speaks_for_itself && !address.is_v4() && address.is_unicast_host()
             ? address
             : IpAddress{};
}

Sightings from_access(ByteView frame, const net::Ethernet& ethernet, const Packet& packet,
                      Sighting seen) noexcept {
  Sightings all;
  seen.client = ethernet.source;
  if (!packet.is_ip) {
    seen.source = SightingSource::kArp;
    seen.address = arp_address(frame, ethernet);
  } else if (packet.is_v6 && packet.protocol == net::protocol::kIcmpv6) {
    seen.source = SightingSource::kNd;
    seen.address = nd_address(frame, ethernet, packet);
  } else {
    // A request tells who asks; what it asks for (option 50, ciaddr) is no binding.
    seen.source = SightingSource::kDhcp;
  }
  all.add(seen);
  return all;
}

Sightings from_uplink(ByteView frame, const net::Ethernet& ethernet, const Packet& packet,
                      Sighting seen) noexcept {
  Sightings all;
  if (!policy::is_dhcp_answer(frame, packet)) return all;
  // UDP's own length bounds the message (RFC 768); the frame may be longer.
  const std::size_t length = net::load_be16(frame, std::size_t{packet.l4_offset} + 4) - 8U;
  const ByteView message = frame.subspan(packet.payload_offset, length);
  seen.source = SightingSource::kDhcp;
  const auto add = [&](const net::DhcpBinding& binding) {
    seen.address = binding.address;
    seen.lease_s = binding.lease_s;
    all.add(seen);
  };
  if (!packet.is_v6) {
    const auto ack = net::read_dhcp4_ack(message);
    if (!ack) return all;
    seen.client = ack->client;
    add(ack->binding);
  } else if (ethernet.destination.is_station()) {
    seen.client = ethernet.destination;
    const net::Dhcp6Bindings bindings = net::read_dhcp6_reply(message);
    for (std::size_t i = 0; i < bindings.count; ++i) add(bindings.binding[i]);
  }
  return all;
}

}  // namespace

Sightings read_sightings(ByteView frame, const net::Ethernet& ethernet, Direction direction,
                         std::uint8_t link) noexcept {
  const Packet packet = net::parse_packet(frame, ethernet);
  if (packet.flaw != net::Flaw::kNone) return {};
  Sighting seen;
  seen.vlan = ethernet.vlan;
  seen.link = link;
  return direction == Direction::kFromAccess ? from_access(frame, ethernet, packet, seen)
                                             : from_uplink(frame, ethernet, packet, seen);
}

}  // namespace gate511::pipeline
