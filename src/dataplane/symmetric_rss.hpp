// SPDX-License-Identifier: BSD-3-Clause
//
// Receive-side scaling that gives both directions of a flow to one worker: the Toeplitz hash with a
// key of period 16 bits is the same with source and destination exchanged.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gate511::dataplane {

inline constexpr std::size_t kMaxRssKey = 64;

/// 0x6d5a repeated.
[[nodiscard]] std::array<std::uint8_t, kMaxRssKey> symmetric_rss_key();

/// Computes the hash with `key` over sample flows, IPv4 and IPv6, with and without ports, both
/// ways: true if no pair differs and the flows do not all hash alike.
[[nodiscard]] bool is_symmetric(std::span<const std::uint8_t> key);

}  // namespace gate511::dataplane
