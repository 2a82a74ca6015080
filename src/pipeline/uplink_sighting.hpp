// SPDX-License-Identifier: BSD-3-Clause
//
// What a frame from the uplink tells of the routers, resolvers and DHCP servers there: router
// advertisements, DHCP's router option, and the ARP and neighbour discovery of addresses that are
// wanted.
#pragma once

#include "pipeline/sighting.hpp"
#include "policy/infrastructure.hpp"

namespace gate511::pipeline {

/// The cheap test, of every frame from the uplink.
[[nodiscard]] inline bool may_show_router(net::ByteView frame,
                                          const net::Ethernet& ethernet) noexcept {
  const std::size_t at = ethernet.l3_offset;
  if (ethernet.type == net::ethertype::kIpv6) {
    if (frame.size() < at + 41 || net::load_u8(frame, at + 6) != net::protocol::kIcmpv6)
      return false;
    const std::uint8_t type = net::load_u8(frame, at + 40);
    return type >= 134 && type <= 136;  // RFC 4861, 4: RA, NS, NA
  }
  if (ethernet.type == net::ethertype::kIpv4) {
    return frame.size() >= at + 24 && net::load_u8(frame, at + 9) == net::protocol::kUdp &&
           net::load_be16(frame, at + 20) == 67;
  }
  return ethernet.type == net::ethertype::kArp;
}

/// What a frame tells that may_show_router(). Each sighting has the MAC that speaks as its
/// `client`, and the address that is meant.
[[nodiscard]] Sightings read_uplink_sightings(net::ByteView frame, const net::Ethernet& ethernet,
                                              std::uint8_t link,
                                              const policy::Infrastructure& known) noexcept;

}  // namespace gate511::pipeline
