// SPDX-License-Identifier: BSD-3-Clause
//
// What the garden thread does: opens the addresses that the workers learnt, gives back the answers
// that waited for it, and tells the control thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "pipeline/garden_learner.hpp"
#include "pipeline/spsc_ring.hpp"
#include "policy/permits.hpp"

namespace gate511::pipeline {

/// An address that was opened, or whose permit was renewed.
struct Learnt {
  net::IpAddress address{};
  std::uint32_t until_s = 0;  ///< unix time
  std::uint8_t zone = 0;
  std::uint8_t name_size = 0;  ///< 0: renewed by a connection
  std::array<char, net::DnsName::kMaxText> name{};

  [[nodiscard]] std::string_view host() const noexcept { return {name.data(), name_size}; }
};

struct OpenedCounts {
  std::uint64_t full = 0;    ///< addresses for which there was no place
  std::uint64_t untold = 0;  ///< of what was opened, the ring to the control thread had no room for
};

/// `serve` belongs to the garden thread, `take` to the control thread.
class GardenOpener {
 public:
  static constexpr std::size_t kRing = 4096;

  /// `permits` outlives this.
  explicit GardenOpener(policy::Permits& permits) : permits_{permits}, ring_{kRing} {}

  /// Does what waits of one worker, a slice of it. Returns how much that was.
  std::size_t serve(GardenLearner& learner, std::uint32_t now_s) noexcept;

  [[nodiscard]] std::size_t take(std::span<Learnt> out) noexcept { return ring_.pop(out); }
  [[nodiscard]] OpenedCounts counts() const noexcept;

 private:
  void open(const GardenTask& task, std::uint32_t now_s) noexcept;

  policy::Permits& permits_;
  SpscRing<Learnt> ring_;
  std::array<GardenTask, 32> tasks_;
  std::atomic<std::uint64_t> full_{0}, untold_{0};
};

}  // namespace gate511::pipeline
