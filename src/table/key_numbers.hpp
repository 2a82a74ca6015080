// SPDX-License-Identifier: BSD-3-Clause
//
// What stands beside the MAC in a key, by the outer VLAN that a frame of one link came with. So
// what a client is known by, its MAC alone or its VLAN and link as well, costs the packet path one
// array look-up, whichever it is.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gate511::table {

/// By outer VLAN, 0: untagged; 12 bits each. Written by the control thread, before the first
/// session that has the number; read by the workers.
using KeyNumbers = std::array<std::atomic<std::uint16_t>, 4096>;

/// The MAC is all of the key.
inline constinit const KeyNumbers kNoKeyNumbers{};

/// The VLAN is part of the key.
inline void number_by_vlan(KeyNumbers& numbers) noexcept {
  for (std::size_t vlan = 0; vlan < numbers.size(); ++vlan)
    numbers[vlan].store(static_cast<std::uint16_t>(vlan), std::memory_order_relaxed);
}

}  // namespace gate511::table
