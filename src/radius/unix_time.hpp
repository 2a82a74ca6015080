// SPDX-License-Identifier: BSD-3-Clause
//
// The time of day, as servers and the gateway tell it.
#pragma once

#include <chrono>
#include <cstdint>

namespace gate511::radius {

[[nodiscard]] inline std::uint64_t unix_s() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace gate511::radius
