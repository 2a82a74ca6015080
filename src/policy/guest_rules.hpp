// SPDX-License-Identifier: BSD-3-Clause
//
// What a guest may do: default deny, the first rule that matches holds. The order is the design's
// and stands in docs/architecture.md; it is the order of the statements in guest_rules.cpp.
#pragma once

#include <cstdint>

#include "net/frame.hpp"
#include "policy/dhcp_servers.hpp"
#include "policy/garden_hosts.hpp"
#include "policy/permits.hpp"
#include "policy/snapshot.hpp"
#include "policy/verdict.hpp"

namespace gate511::policy {

struct GuestDecision {
  enum class Act : std::uint8_t {
    kFinal,    ///< the verdict stands: forward or drop
    kRespond,  ///< a segment for the TCP responder
    kAlert,    ///< the same, which answers with a TLS alert
    kRefuse    ///< to be refused by RST or ICMP; the verdict says as what it counts then
  };
  Act act = Act::kFinal;
  Verdict verdict = Verdict::kGuestDenied;
};

/// What a guest is judged by.
struct RuleContext {
  const Zone& zone;
  const OpenedGarden& opened;  ///< at run time, beside the zone's garden
  const Permits& permits;
  std::uint32_t now_s;  ///< unix time
  std::uint8_t link;
  const DhcpServers& servers;
  const http::Patterns::Scratch* scratch = nullptr;  ///< the worker's; null: no expression is asked

  [[nodiscard]] GardenHosts hosts() const noexcept {
    return {zone.guest.hosts.get(), &opened.hosts, zone.guest.host_patterns.get(), scratch};
  }
};

/// The verdict that a flaw is dropped with. Not for Flaw::kNone.
[[nodiscard]] Verdict verdict_of(net::Flaw flaw) noexcept;

/// A guest's frame from the access side.
[[nodiscard]] GuestDecision judge_from_guest(net::ByteView frame, const net::Ethernet& ethernet,
                                             const net::Packet& packet,
                                             const RuleContext& context) noexcept;

/// A unicast frame from the uplink to a guest: only what answers a rule of judge_from_guest.
[[nodiscard]] Verdict judge_to_guest(net::ByteView frame, const net::Packet& packet,
                                     const RuleContext& context) noexcept;

/// A broadcast or multicast frame from the uplink. `all`: link.multicast = "all".
[[nodiscard]] Verdict judge_multicast(net::ByteView frame, const net::Packet& packet,
                                      bool all) noexcept;

/// The block of group addresses that bridges keep to themselves.
inline constexpr std::uint64_t kReservedBlock = 0x0180'c200'0000;

/// The cheap test ahead of judge_reserved(): false for all frames that it says nothing of.
[[nodiscard]] constexpr bool may_be_reserved(const net::Ethernet& ethernet) noexcept {
  return ((ethernet.destination.value() & ~std::uint64_t{0xf}) == kReservedBlock) |
         (ethernet.type == net::ethertype::kFlowControl);
}

/// A frame to one of the addresses 01-80-C2-00-00-00 to -0F that bridges keep to themselves
/// (IEEE 802.1Q, table 8-1), or flow control to any: kReserved, kReservedDropped or kPause.
/// kGuestDenied for all other frames, which these rules say nothing of.
[[nodiscard]] Verdict judge_reserved(net::ByteView frame, const net::Ethernet& ethernet,
                                     bool pass) noexcept;

}  // namespace gate511::policy
