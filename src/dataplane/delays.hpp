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
inline constexpr std::array<std::uint32_t, 14> kDelayBounds_us{
    50,     100,    200,    500,     1'000,   2'000,   5'000,
    10'000, 20'000, 50'000, 100'000, 200'000, 500'000, 1'000'000};

[[nodiscard]] constexpr std::size_t delay_class(std::uint64_t delay_ns) noexcept {
  std::size_t at = 0;
  while (at < kDelayBounds_us.size() && delay_ns > std::uint64_t{kDelayBounds_us[at]} * 1'000) ++at;
  return at;
}

struct DelayCounts {
  /// Not summed up: each class holds what is in none before it.
  std::array<std::uint64_t, kDelayBounds_us.size() + 1> classes{};
  std::uint64_t sum_ns = 0;

  void count(std::uint64_t delay_ns) noexcept {
    ++classes[delay_class(delay_ns)];
    sum_ns += delay_ns;
  }
  DelayCounts& operator+=(const DelayCounts& other) noexcept {
    for (std::size_t i = 0; i < classes.size(); ++i) classes[i] += other.classes[i];
    sum_ns += other.sum_ns;
    return *this;
  }
};

/// One thread counts, any reads.
class Delays {
 public:
  void count(std::uint64_t delay_ns) noexcept {
    add(classes_[delay_class(delay_ns)], 1);
    add(sum_ns_, delay_ns);
  }
  [[nodiscard]] DelayCounts counts() const noexcept {
    DelayCounts read{};
    for (std::size_t i = 0; i < classes_.size(); ++i)
      read.classes[i] = classes_[i].load(std::memory_order_relaxed);
    read.sum_ns = sum_ns_.load(std::memory_order_relaxed);
    return read;
  }

 private:
  using Counter = std::atomic<std::uint64_t>;
  static void add(Counter& counter, std::uint64_t more) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }

  std::array<Counter, kDelayBounds_us.size() + 1> classes_{};
  Counter sum_ns_{0};
};

}  // namespace gate511::dataplane
