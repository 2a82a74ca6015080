// SPDX-License-Identifier: BSD-3-Clause
//
// How things are compared: they take turns, round after round, so that whatever else the machine
// does falls on all of them alike; the median is told, and how far the rounds lie apart.
#pragma once

#include <rte_cycles.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace gate511::bench {

struct Figure {
  static constexpr double kNoisy = 0.15;

  double median = 0;
  double spread = 0;  ///< the middle half of the rounds, over the median

  /// No claim is made from such a figure.
  [[nodiscard]] bool noisy() const { return spread > kNoisy; }
};

/// Does its work once and returns cycles of the time-stamp counter for each thing done.
using Contender = std::function<double()>;

/// The cycles that one thing takes, from work that is timed in slices of `things` each: the median
/// slice, so that being interrupted for a while is no part of it.
template <typename Slice>
[[nodiscard]] double median_slice(std::size_t slices, std::size_t things, Slice slice);

/// Each contender once a round, after one round that does not count.
[[nodiscard]] std::vector<Figure> take_turns(std::span<const Contender> contenders,
                                             unsigned rounds);

template <typename Slice>
double median_slice(std::size_t slices, std::size_t things, Slice slice) {
  std::vector<std::uint64_t> took(slices);
  for (std::uint64_t& cycles : took) {
    const std::uint64_t begin = rte_rdtsc_precise();
    slice();
    cycles = rte_rdtsc_precise() - begin;
  }
  const auto middle = took.begin() + static_cast<std::ptrdiff_t>(slices / 2);
  std::nth_element(took.begin(), middle, took.end());
  return static_cast<double>(*middle) / static_cast<double>(things);
}

}  // namespace gate511::bench
