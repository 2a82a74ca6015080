// SPDX-License-Identifier: BSD-3-Clause
//
// What the parts of the list of metrics share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "control/numbers/metrics.hpp"
#include "dataplane/delays.hpp"

namespace gate511::control::numbers {

inline constexpr std::uint64_t kNsInASecond = 1'000'000'000;

/// Whose only sample is one number of the snapshot.
template <auto kRead>
void one(const Snapshot& snapshot, Samples& out) {
  out.push_back({{}, static_cast<std::uint64_t>(kRead(snapshot))});
}

/// In nanoseconds; a metric of seconds has the scale kNsInASecond.
inline std::vector<std::uint64_t> delay_bounds() {
  std::vector<std::uint64_t> bounds;
  bounds.reserve(dataplane::kDelayBounds_us.size());
  for (const std::uint32_t bound_us : dataplane::kDelayBounds_us)
    bounds.push_back(std::uint64_t{bound_us} * 1'000);
  return bounds;
}
inline Sample delays(const dataplane::DelayCounts& counts) {
  return {{}, counts.sum_ns, {counts.classes.begin(), counts.classes.end()}};
}
template <auto kRead>
void one_of_delays(const Snapshot& snapshot, Samples& out) {
  out.push_back(delays(kRead(snapshot)));
}

/// A histogram of delays in seconds, without labels.
template <auto kRead>
Definition delay_metric(std::string_view name, std::string_view help) {
  return {name, Kind::kHistogram, help, {}, one_of_delays<kRead>, kNsInASecond, delay_bounds()};
}

/// A row for each of a few named numbers.
inline void rows(Samples& out,
                 std::initializer_list<std::pair<const char*, std::uint64_t>> numbers) {
  for (const auto& [label, number] : numbers) out.push_back({{label}, number});
}

}  // namespace gate511::control::numbers
