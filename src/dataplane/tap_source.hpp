// SPDX-License-Identifier: BSD-3-Clause
//
// Where the workers' frames can be tapped; without a DPDK type, so that it can be tested without.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pipeline/tap.hpp"

namespace gate511::dataplane {

/// Asked by the control thread.
class TapSource {
 public:
  TapSource() = default;
  TapSource(const TapSource&) = delete;
  TapSource& operator=(const TapSource&) = delete;
  virtual ~TapSource() = default;

  [[nodiscard]] virtual std::size_t tappable() const = 0;  ///< workers
  /// From its next burst on a worker fills `tap`; null: none. What it had before is in use until a
  /// quiescent point has passed.
  virtual void set_tap(std::size_t worker, pipeline::Tap* tap) = 0;
  /// By the clock of what is tapped.
  [[nodiscard]] virtual std::uint64_t tap_clock_ns() const = 0;
};

}  // namespace gate511::dataplane
