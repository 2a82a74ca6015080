// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/uplink_sighting.hpp"

#include "net/checksum.hpp"
#include "net/dhcp.hpp"
#include "policy/dhcp.hpp"
#include "policy/neighbour.hpp"

namespace gate511::pipeline {
namespace {

using net::ByteView;
using net::IpAddress;
using net::Packet;
namespace icmpv6 = policy::icmpv6;

bool checksum_is_right(ByteView message, const Packet& p) noexcept {
  return net::fold(net::pseudo_header_sum(p.source, p.destination, p.protocol, message.size()) +
                   net::sum(message)) == 0xffff;
}

/// RFC 4861, 4.2: a router that offers itself as a default has a lifetime.
void read_discovery(ByteView frame, const Packet& p, Sighting seen,
                    const policy::Infrastructure& known, Sightings& all) noexcept {
  constexpr std::size_t kLifetimeAt = 6, kLeastAdvertisement = 16;
  constexpr std::size_t kTargetAt = 8, kLeastNeighbour = 24;
  const ByteView message = frame.subspan(p.l4_offset, std::size_t{p.end} - p.l4_offset);
  if (p.hop_limit != 255 || p.icmp_code != 0 || !checksum_is_right(message, p)) return;
  if (p.icmp_type == icmpv6::kRouterAdvertisement) {
    if (message.size() < kLeastAdvertisement || !p.source.is_link_local() ||
        net::load_be16(message, kLifetimeAt) == 0)
      return;
    seen.source = SightingSource::kRouterAdvert;
    seen.address = p.source;
    return all.add(seen);
  }
  if (message.size() < kLeastNeighbour) return;
  seen.source = SightingSource::kUplinkNd;
  seen.address = p.icmp_type == icmpv6::kNeighbourAdvertisement
                     ? IpAddress::load_v6(message, kTargetAt)
                     : p.source;
  if (known.wants(seen.link, seen.vlan, seen.address)) all.add(seen);
}

void read_dhcp(ByteView frame, const Packet& p, Sighting seen, Sightings& all) noexcept {
  if (!policy::is_dhcp_answer(frame, p)) return;
  seen.source = SightingSource::kDhcpServer;
  seen.address = p.source;
  all.add(seen);
  const ByteView message = frame.subspan(p.payload_offset, p.payload_size());
  seen.source = SightingSource::kDhcpRouter;
  seen.address = net::read_dhcp4_router(message).value_or(IpAddress{});
  if (seen.address.is_unicast_host()) all.add(seen);
}

}  // namespace

Sightings read_uplink_sightings(ByteView frame, const net::Ethernet& ethernet, std::uint8_t link,
                                const policy::Infrastructure& known) noexcept {
  Sightings all;
  const Packet p = net::parse_packet(frame, ethernet);
  if (p.flaw != net::Flaw::kNone) return all;
  Sighting seen;
  seen.client = ethernet.source;
  seen.vlan = ethernet.vlan;
  seen.link = link;
  if (!p.is_ip) {
    // RFC 826: the sender's addresses, told by itself.
    seen.source = SightingSource::kUplinkArp;
    seen.address = IpAddress::v4(net::load_be32(frame, p.l3_offset + 14U));
    if (net::load_be48(frame, p.l3_offset + 8U) == ethernet.source.value() &&
        known.wants(link, ethernet.vlan, seen.address))
      all.add(seen);
  } else if (p.is_v6 && p.protocol == net::protocol::kIcmpv6) {
    read_discovery(frame, p, seen, known, all);
  } else if (!p.is_v6) {
    read_dhcp(frame, p, seen, all);
  }
  return all;
}

}  // namespace gate511::pipeline
