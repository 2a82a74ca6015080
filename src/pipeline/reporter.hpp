// SPDX-License-Identifier: BSD-3-Clause
//
// From a worker to the control thread: what it saw, of which kind is the template's parameter. The
// same is reported once a minute at most, so that steady ARP costs a look into a small table and no
// more; when the ring is full, reports are dropped and counted.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "net/siphash.hpp"
#include "pipeline/spsc_ring.hpp"

namespace gate511::pipeline {

/// `report` belongs to the worker, `take` and `dropped` to the control thread. What makes two of
/// `Seen` the same is its `fingerprint(key, seen)`.
template <class Seen>
class Reporter {
 public:
  static constexpr std::size_t kRing = 4096;
  static constexpr std::size_t kRecent = 4096;
  static constexpr std::uint64_t kQuiet_ns = 60'000'000'000;

  /// `seed`: secret, so that no client can choose addresses that displace another's.
  explicit Reporter(std::uint64_t seed) : key_{seed, ~seed}, recent_(kRecent), ring_{kRing} {}

  void report(const Seen& seen, std::uint64_t now_ns) noexcept {
    const std::uint64_t print = fingerprint(key_, seen);
    Recent& recent = recent_[print % kRecent];
    if (recent.fingerprint == print && now_ns < recent.until_ns) return;
    if (!ring_.push(seen)) {
      // Not noted as reported: it is tried again with the client's next frame.
      dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return;
    }
    recent = {print, now_ns + kQuiet_ns};
  }

  [[nodiscard]] std::size_t take(std::span<Seen> out) noexcept { return ring_.pop(out); }
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
  SpscRing<Seen> ring_;
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace gate511::pipeline
