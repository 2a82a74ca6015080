// SPDX-License-Identifier: BSD-3-Clause
//
// The time-stamp counter as nanoseconds: no system call, one multiplication.
#pragma once

#include <rte_cycles.h>

#include <cstdint>

namespace gate511::dataplane {

class TscClock {
 public:
  TscClock() : ns_per_cycle_{(std::uint64_t{1'000'000'000} << kShift) / rte_get_tsc_hz()} {}

  /// Monotonic, from an arbitrary start.
  [[nodiscard]] std::uint64_t now_ns() const noexcept {
    return static_cast<std::uint64_t>(Wide{rte_rdtsc()} * ns_per_cycle_ >> kShift);
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr unsigned kShift = 32;
  std::uint64_t ns_per_cycle_;  ///< in 2^-32 ns
};

}  // namespace gate511::dataplane
