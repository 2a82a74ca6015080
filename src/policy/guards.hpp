// SPDX-License-Identifier: BSD-3-Clause
//
// What nobody on the access side may send, with a session or without: what DHCP servers and routers
// send, and what speaks in the name of a router or a resolver.
#pragma once

#include <optional>

#include "net/frame.hpp"
#include "policy/infrastructure.hpp"
#include "policy/verdict.hpp"

namespace gate511::policy {

/// The cheap test: what a session's TCP pays for.
[[nodiscard]] inline bool may_break_guard(net::ByteView frame,
                                          const net::Ethernet& ethernet) noexcept {
  const std::size_t at = ethernet.l3_offset;
  if (ethernet.type == net::ethertype::kIpv4) {
    if (frame.size() < at + 20 || net::load_u8(frame, at + 9) != net::protocol::kUdp) return false;
    const std::size_t ports = at + (std::size_t{net::load_u8(frame, at)} & 0xf) * 4;
    if (frame.size() < ports + 4) return false;
    const std::uint16_t to = net::load_be16(frame, ports + 2);
    return to == 67 || to == 68;
  }
  if (ethernet.type == net::ethertype::kIpv6) {
    if (frame.size() < at + 44) return false;
    const std::uint8_t next = net::load_u8(frame, at + 6);
    if (next == net::protocol::kTcp) return false;
    return next != net::protocol::kUdp || net::load_be16(frame, at + 42) == 546;
  }
  return ethernet.type == net::ethertype::kArp;
}

/// Why a frame from the access side that may_break_guard() is dropped, and the address that it
/// claims, if it is for that. nullopt: no guard is against it.
struct Broken {
  Verdict verdict;
  net::IpAddress address{};
};
[[nodiscard]] std::optional<Broken> break_guard(net::ByteView frame, const net::Ethernet& ethernet,
                                                std::uint8_t link,
                                                const Infrastructure& known) noexcept;

}  // namespace gate511::policy
