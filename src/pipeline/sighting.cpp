// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/sighting.hpp"

#include "net/dhcp.hpp"
#include "policy/dhcp.hpp"
#include "policy/neighbour.hpp"

namespace gate511::pipeline {
namespace {

using net::ByteView;
using net::IpAddress;
using net::MacAddress;
using net::Packet;

/// RFC 826: sender's addresses. An ARP probe (RFC 5227, 2.1.1) has no sender address: what it asks
/// for is not its own yet.
IpAddress arp_address(ByteView frame, const net::Ethernet& ethernet) noexcept {
  const std::size_t at = ethernet.l3_offset;
  const MacAddress sender{net::load_be48(frame, at + 8)};
  const IpAddress address = IpAddress::v4(net::load_be32(frame, at + 14));
  return sender == ethernet.source && address.is_unicast_host() ? address : IpAddress{};
}

/// RFC 4861, 4.1, 4.3 and 4.4: the source of a solicitation, the target of an advertisement, where
/// the message is one that a guest may send. A solicitation from the unspecified address is
/// duplicate address detection (RFC 4862, 5.4): its target is tentative, so it tells no address.
IpAddress nd_address(ByteView frame, const net::Ethernet& ethernet, const Packet& packet) noexcept {
  constexpr std::size_t kTargetAt = 8;
  if (policy::classify_neighbour(frame, packet, ethernet.source) !=
      policy::NeighbourMessage::kDiscovery)
    return {};
  const IpAddress address = packet.icmp_type == policy::icmpv6::kNeighbourAdvertisement
                                ? IpAddress::load_v6(frame, packet.l4_offset + kTargetAt)
                                : packet.source;
  return !address.is_v4() && address.is_unicast_host() ? address : IpAddress{};
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
  const ByteView message = frame.subspan(packet.payload_offset, packet.payload_size());
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

std::uint64_t fingerprint(const net::SipKey& key, const Sighting& seen) noexcept {
  std::array<std::byte, 26> bytes{};
  seen.address.store_v6(bytes, 0);
  net::store_be48(bytes, 16, seen.client.value());
  net::store_be(bytes, 22, seen.vlan);
  bytes[24] = std::byte{seen.link};
  bytes[25] = static_cast<std::byte>(seen.source);
  return net::siphash24(key, bytes);
}

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
