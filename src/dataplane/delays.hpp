// SPDX-License-Identifier: BSD-3-Clause
//
// How long something took, counted by classes of time.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gate511::dataplane {

/// Upper bounds of the classes, in microseconds; what took longer than the last is in one more.
inline constexpr std::array<std::uint32_t, 8> kDelayBounds_us{50,    100,   200,   500,
                                                              1'000, 2'000, 5'000, 10'000};
using DelayCounts = std::array<std::uint64_t, kDelayBounds_us.size() + 1>;

/// One thread counts, any reads.
class Delays {
 public:
  void count(std::uint64_t delay_ns) noexcept {
    std::size_t at = 0;
    while (at < kDelayBounds_us.size() && delay_ns > std::uint64_t{kDelayBounds_us[at]} * 1'000)
      ++at;
    counts_[at].store(counts_[at].load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  [[nodiscard]] DelayCounts counts() const noexcept {
    DelayCounts read{};
    for (std::size_t i = 0; i < read.size(); ++i)
      read[i] = counts_[i].load(std::memory_order_relaxed);
    return read;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kDelayBounds_us.size() + 1> counts_{};
};

}  // namespace gate511::dataplane
