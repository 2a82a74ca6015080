// SPDX-License-Identifier: BSD-3-Clause
//
// One worker's frames by link, zone and verdict. All rows there can ever be are taken at start, and
// a zone keeps its number while the daemon runs, so that a reload moves and loses no count.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "policy/snapshot.hpp"
#include "policy/verdict.hpp"

namespace gate511::pipeline {

/// Frames by verdict.
using VerdictCounts = std::array<std::uint64_t, policy::kVerdictCount>;

/// Written by one worker with relaxed stores, read by the control thread.
class ZoneCounters {
 public:
  void count(std::uint8_t link, std::uint8_t zone, policy::Verdict verdict,
             std::uint64_t frames) noexcept {
    add(counted_[row_of(link, zone)], verdict, frames);
  }
  /// Beside count(), in zones that are monitored.
  void count_would_have(std::uint8_t link, std::uint8_t zone, policy::Verdict verdict) noexcept {
    add(would_have_[row_of(link, zone)], verdict, 1);
  }

  [[nodiscard]] VerdictCounts counted(std::uint8_t link, std::uint8_t zone) const noexcept {
    return read(counted_[row_of(link, zone)]);
  }
  [[nodiscard]] VerdictCounts would_have(std::uint8_t link, std::uint8_t zone) const noexcept {
    return read(would_have_[row_of(link, zone)]);
  }
  /// Over the zones below number `zones` and the links below `links`.
  [[nodiscard]] VerdictCounts total(std::size_t zones, std::size_t links) const noexcept {
    VerdictCounts sum{};
    for (std::size_t zone = 1; zone < zones; ++zone) add_up(sum, counted_[zone]);
    for (std::size_t link = 0; link < links; ++link)
      add_up(sum, counted_[policy::kMaxZones + link]);
    return sum;
  }

 private:
  using Row = std::array<std::atomic<std::uint64_t>, policy::kVerdictCount>;
  /// A zone is of one link; the default zone alone is of all, and has a row for each.
  static constexpr std::size_t kRows = policy::kMaxZones + policy::kMaxLinks;

  static std::size_t row_of(std::uint8_t link, std::uint8_t zone) noexcept {
    return zone != 0 ? zone : policy::kMaxZones + link;
  }
  /// A load and a store: there is one writer, so no locked instruction is needed.
  static void add(Row& row, policy::Verdict verdict, std::uint64_t frames) noexcept {
    auto& counter = row[static_cast<std::size_t>(verdict)];
    counter.store(counter.load(std::memory_order_relaxed) + frames, std::memory_order_relaxed);
  }
  static VerdictCounts read(const Row& row) noexcept {
    VerdictCounts counts{};
    add_up(counts, row);
    return counts;
  }
  static void add_up(VerdictCounts& sum, const Row& row) noexcept {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += row[i].load(std::memory_order_relaxed);
  }

  std::unique_ptr<Row[]> counted_ = std::make_unique<Row[]>(kRows);
  std::unique_ptr<Row[]> would_have_ = std::make_unique<Row[]>(kRows);
};

}  // namespace gate511::pipeline
