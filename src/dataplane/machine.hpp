// SPDX-License-Identifier: BSD-3-Clause
//
// What memory the machine has to give, in MiB.
#pragma once

#include <cstddef>

namespace gate511::dataplane {

/// Huge pages of all sizes that nobody has taken.
[[nodiscard]] std::size_t free_huge_page_mib();
/// Ordinary memory, as the kernel estimates it (MemAvailable).
[[nodiscard]] std::size_t available_memory_mib();

}  // namespace gate511::dataplane
