// SPDX-License-Identifier: BSD-3-Clause
//
// The Internet checksum (RFC 1071).
#pragma once

#include <cstdint>

#include "net/bytes.hpp"
#include "net/ip.hpp"

namespace gate511::net {

/// The one's complement sum of `bytes` as big-endian 16-bit words, not yet folded; an odd last byte
/// counts as the high half of a word. Sums of parts of even length add up.
[[nodiscard]] std::uint64_t sum(ByteView bytes) noexcept;

/// Folds a sum to 16 bits. Over data with its checksum in place, 0xffff means that it is right.
[[nodiscard]] constexpr std::uint16_t fold(std::uint64_t sum) noexcept {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// The sum of the pseudo-header: RFC 9293, 3.1 for IPv4, RFC 8200, 8.1 for IPv6. `length`: of the
/// transport header and its data, bytes.
[[nodiscard]] std::uint64_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                              std::uint8_t protocol, std::size_t length) noexcept;

}  // namespace gate511::net
