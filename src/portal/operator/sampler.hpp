// SPDX-License-Identifier: BSD-3-Clause
//
// What the gateway counted, looked at every two seconds, for the operator's plots: ten minutes of
// it.
#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "portal/gateway.hpp"
#include "portal/store/database.hpp"

namespace gate511::portal {

/// Rates between two looks.
struct Sample {
  UnixTime at = 0;
  double up_bps = 0;          ///< what came in by access ports, frames' bits a second
  double down_bps = 0;        ///< the same by uplinks
  double answered_per_s = 0;  ///< frames that the gateway answered itself: pages, refusals
  double dropped_per_s = 0;
  std::uint64_t sessions = 0;
};

/// Any number of threads may read, one looks.
class Sampler {
 public:
  static constexpr std::chrono::seconds kEach{2};
  static constexpr std::size_t kKept = 300;

  explicit Sampler(Gateway& gateway) : gateway_{gateway} {}

  /// A gateway that does not answer leaves a gap.
  void look();
  /// `[{"at":..,"up_bps":..},...]`, the oldest first.
  [[nodiscard]] nlohmann::json samples() const;

 private:
  struct Counted {
    std::chrono::steady_clock::time_point at;
    std::uint64_t up = 0, down = 0, answered = 0, dropped = 0;
  };
  Gateway& gateway_;
  std::optional<Counted> last_;
  mutable std::mutex mutex_;
  std::deque<Sample> samples_;
};

}  // namespace gate511::portal
