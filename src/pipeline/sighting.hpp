// SPDX-License-Identifier: BSD-3-Clause
//
// What a frame tells of its client's addresses: ARP and neighbour discovery from the access side,
// and a DHCP server's final word from the uplink. Guests' frames and sessions' alike are looked at,
// so the first test is a few compares; whatever it lets through is hostile bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "net/frame.hpp"
#include "net/siphash.hpp"
#include "pipeline/direction.hpp"
#include "pipeline/reporter.hpp"

namespace gate511::pipeline {

/// The first three tell of clients, the others of what there is beyond the uplink, and of what
/// clients did that the guards are against.
enum class SightingSource : std::uint8_t {
  kArp,
  kNd,
  kDhcp,
  kUplinkArp,      ///< `client` is the MAC of `address`
  kUplinkNd,       ///< the same
  kRouterAdvert,   ///< `client` is a router with the link-local `address`
  kDhcpRouter,     ///< a DHCP server names `address` as a router
  kDhcpServer,     ///< `address` answers as a DHCP server
  kRogueServer,    ///< `client` sent what DHCP servers send
  kRogueRouter,    ///< `client` sent a router advertisement or a redirect
  kStolenMac,      ///< `client` is the MAC of a router or resolver
  kStolenAddress,  ///< `client` claims `address`, which is a router's or a resolver's
  kForeignAddress  ///< `client` has a session that is bound to others than `address`
};

/// A client, and an address of its if one was told.
struct Sighting {
  net::IpAddress address{};  ///< all zero: the client itself was seen, and no address
  net::MacAddress client{};
  std::uint32_t lease_s = 0;  ///< from DHCP; 0: not told
  std::uint16_t vlan = 0;     ///< outer VLAN, 0: untagged
  std::uint8_t link = 0;
  SightingSource source = SightingSource::kArp;

  [[nodiscard]] bool has_address() const noexcept { return address != net::IpAddress{}; }
  bool operator==(const Sighting&) const noexcept = default;
};
static_assert(sizeof(Sighting) == 32, "two in a cache line of the ring");

/// Of all but the lease: a renewal is no news.
[[nodiscard]] std::uint64_t fingerprint(const net::SipKey& key, const Sighting& seen) noexcept;

using SightingReporter = Reporter<Sighting>;

struct Sightings {
  static constexpr std::size_t kMax = 4;
  std::array<Sighting, kMax> sighting;
  std::size_t count = 0;

  void add(const Sighting& seen) noexcept {
    if (count < kMax) sighting[count++] = seen;
  }
  [[nodiscard]] auto begin() const noexcept { return sighting.begin(); }
  [[nodiscard]] auto end() const noexcept { return sighting.begin() + count; }
};

/// The cheap test: ARP, ICMPv6 directly behind the IPv6 header, or UDP on a DHCP port. A session's
/// TCP pays for two compares and two loads from the line that the Ethernet header is in.
[[nodiscard]] inline bool may_show_client(net::ByteView frame,
                                          const net::Ethernet& ethernet) noexcept {
  const std::size_t at = ethernet.l3_offset;
  const auto is_dhcp_at = [&](std::size_t ports) {
    if (frame.size() < ports + 4) return false;
    const unsigned source = net::load_be16(frame, ports);
    return source - 67U <= 1U || source - 546U <= 1U;  // 67, 68, 546, 547
  };
  if (ethernet.type == net::ethertype::kIpv4) {
    return frame.size() >= at + 20 && net::load_u8(frame, at + 9) == net::protocol::kUdp &&
           is_dhcp_at(at + (std::size_t{net::load_u8(frame, at)} & 0xf) * 4);
  }
  if (ethernet.type == net::ethertype::kIpv6) {
    if (frame.size() < at + 41) return false;
    const std::uint8_t next = net::load_u8(frame, at + 6);
    if (next == net::protocol::kIcmpv6) {
      const std::uint8_t type = net::load_u8(frame, at + 40);
      return type == 133 || type == 135 || type == 136;  // RFC 4861, 4: RS, NS, NA
    }
    return next == net::protocol::kUdp && is_dhcp_at(at + 40);
  }
  return ethernet.type == net::ethertype::kArp;
}

/// The cheapest test, which nearly all frames fail: whether a frame may be ARP, DHCP or ICMPv6, or
/// is something that cannot be told at a glance. If not, it shows no client and no router, and
/// breaks no guard. IPv4's protocol is no branch, as it is in no order.
[[nodiscard]] inline bool may_be_control(net::ByteView frame,
                                         const net::Ethernet& ethernet) noexcept {
  const std::size_t at = ethernet.l3_offset;
  const auto is_of = [&](std::size_t ports, unsigned server_or_client) {
    const std::uint32_t both = net::load_be32(frame, ports);
    return ((both >> 16) - server_or_client <= 1U) | ((both & 0xffff) - server_or_client <= 1U);
  };
  if (ethernet.type == net::ethertype::kIpv4) {
    constexpr std::uint8_t kNoOptions = 0x45;
    if (frame.size() < at + 24 || net::load_u8(frame, at) != kNoOptions) return true;
    return (net::load_u8(frame, at + 9) == net::protocol::kUdp) & is_of(at + 20, 67);
  }
  if (ethernet.type != net::ethertype::kIpv6 || frame.size() < at + 44) return true;
  const std::uint8_t next = net::load_u8(frame, at + 6);
  return next != net::protocol::kTcp && (next != net::protocol::kUdp || is_of(at + 40, 546));
}

/// What a frame tells that came in by `direction` and has no flaw as far as `ethernet` goes.
/// A client speaks for itself only: a claim for another MAC than the frame's source is not taken.
[[nodiscard]] Sightings read_sightings(net::ByteView frame, const net::Ethernet& ethernet,
                                       Direction direction, std::uint8_t link) noexcept;

}  // namespace gate511::pipeline
