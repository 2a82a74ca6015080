// SPDX-License-Identifier: BSD-3-Clause
//
// Each metric's definition, once: its name, kind, unit, help and labels, and what it is of a
// snapshot. Prometheus and DPDK's telemetry are renderings of it; docs/metrics.md is held to it by
// a test. No label is a client's: no MAC, address, VLAN, tag or user.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/numbers/snapshot.hpp"

namespace gate511::control::numbers {

enum class Kind : std::uint8_t { kCounter, kGauge, kHistogram };
[[nodiscard]] std::string_view name_of(Kind kind);

struct Sample {
  std::vector<std::string> labels;  ///< their values, in the order of the definition
  std::uint64_t value = 0;          ///< of a histogram: the sum of all that was observed
  /// Of a histogram: how many were observed by bound, not summed up; the last is what is above all.
  std::vector<std::uint64_t> classes{};
};
using Samples = std::vector<Sample>;

struct Definition {
  std::string_view name;
  Kind kind = Kind::kCounter;
  std::string_view help;
  std::vector<std::string_view> labels;
  void (*collect)(const Snapshot& snapshot, Samples& out) = nullptr;
  std::uint64_t scale = 1;              ///< so many of a sample's value are one of its unit
  std::vector<std::uint64_t> bounds{};  ///< of a histogram, as its samples' values
};

struct Family {
  const Definition* definition = nullptr;
  Samples samples;
};

/// In the order in which they are shown.
[[nodiscard]] std::span<const Definition> definitions();
/// Of all definitions, also where a snapshot has nothing of it.
[[nodiscard]] std::vector<Family> families(const Snapshot& snapshot);

/// One number, as it is shown.
struct Point {
  std::string_view suffix;  ///< of the name: `_bucket`, `_sum`, `_count`, or nothing
  /// Names and values; the last of `_bucket` is `le`, in the metric's unit.
  std::vector<std::pair<std::string_view, std::string>> labels;
  std::uint64_t value = 0;
  std::uint64_t scale = 1;  ///< so many of `value` are one of the metric's unit
};
/// What a sample of a metric comes to; a histogram's classes summed up.
[[nodiscard]] std::vector<Point> points(const Definition& definition, const Sample& sample);

// The parts of definitions(), in its order.
[[nodiscard]] std::vector<Definition> program_metrics();
[[nodiscard]] std::vector<Definition> frame_metrics();
[[nodiscard]] std::vector<Definition> worker_metrics();
[[nodiscard]] std::vector<Definition> session_metrics();
[[nodiscard]] std::vector<Definition> control_metrics();

}  // namespace gate511::control::numbers
