// SPDX-License-Identifier: BSD-3-Clause
//
// From a worker to the control thread: which clients were seen with which addresses. The same
// sighting is reported once a minute at most, so that steady ARP costs a look into a small table
// and no more; when the ring is full, sightings are dropped and counted.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "net/siphash.hpp"
#include "pipeline/sighting.hpp"
#include "pipeline/spsc_ring.hpp"

namespace gate511::pipeline {

/// `report` belongs to the worker, `take` and `dropped` to the control thread.
class SightingReporter {
 public:
  static constexpr std::size_t kRing = 4096;
  static constexpr std::size_t kRecent = 4096;
  static constexpr std::uint64_t kQuiet_ns = 60'000'000'000;

  /// `seed`: secret, so that no client can choose addresses that displace another's.
  explicit SightingReporter(std::uint64_t seed);

  void report(const Sighting& seen, std::uint64_t now_ns) noexcept;

  [[nodiscard]] std::size_t take(std::span<Sighting> out) noexcept { return ring_.pop(out); }
  /// Since start.
  [[nodiscard]] std::uint64_t dropped() const noexcept {
    return dropped_.load(std::memory_order_relaxed);
  }

 private:
  struct Recent {
    std::uint64_t fingerprint = 0;
    std::uint64_t until_ns = 0;
  };

  net::SipKey key_;
  std::vector<Recent> recent_;  ///< by the fingerprint's low bits; a newer one displaces
  SpscRing<Sighting> ring_;
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace gate511::pipeline
