// SPDX-License-Identifier: BSD-3-Clause
//
// Where in an answer the captive-portal option goes, or why it is left alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/capport.hpp"

namespace gate511::net {

/// Offsets count from the message's begin.
struct CapportPlace {
  CapportOutcome outcome = CapportOutcome::kMalformed;
  std::size_t at = 0;  ///< of kInserted: the option's first byte
  /// Lengths of 16 bits that grow by the option's: DHCPv6's Relay Message options around it.
  static constexpr std::size_t kMaxRelays = 8;  ///< RFC 8415, 7.6: HOP_COUNT_LIMIT
  std::array<std::size_t, kMaxRelays> lengths{};
  std::size_t length_count = 0;
  std::size_t padding = 0;  ///< zeros that the message ends with, which the option may use up
};

/// nullopt: no DHCPOFFER or DHCPACK (RFC 2131). `message`: the UDP payload, here and below.
[[nodiscard]] std::optional<CapportPlace> place_in_dhcp4(ByteView message) noexcept;
/// nullopt: neither ADVERTISE nor REPLY (RFC 8415), nor a Relay-reply around one.
[[nodiscard]] std::optional<CapportPlace> place_in_dhcp6(ByteView message) noexcept;
/// `message`: from the ICMPv6 header of a router advertisement (RFC 4861, 4.2) on.
[[nodiscard]] CapportPlace place_in_router_advert(ByteView message) noexcept;

}  // namespace gate511::net
