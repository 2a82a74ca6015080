// SPDX-License-Identifier: BSD-3-Clause
//
// The two clocks of the control plane. Deadlines run on the one that no one can set and that
// counts a suspended machine's time; the wall clock is for what people and other programs see.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>

namespace gate511::control {

inline constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
inline constexpr std::uint64_t kNsPerMs = 1'000'000;

struct Clock {
  std::function<std::uint64_t()> boot_ns;  ///< CLOCK_BOOTTIME
  std::function<std::uint64_t()> unix_ns;  ///< CLOCK_REALTIME

  [[nodiscard]] static Clock system() {
    const auto read = [](clockid_t id) {
      std::timespec now{};
      ::clock_gettime(id, &now);
      return static_cast<std::uint64_t>(now.tv_sec) * kNsPerSecond +
             static_cast<std::uint64_t>(now.tv_nsec);
    };
    return {[read] { return read(CLOCK_BOOTTIME); }, [read] { return read(CLOCK_REALTIME); }};
  }
};

}  // namespace gate511::control
