// SPDX-License-Identifier: BSD-3-Clause
//
// Tells clients of the captive-portal API (RFC 8910) in the network's own answers as they pass from
// the uplink: which of a burst's frames may be such answers, the option put into each, and what
// became of it counted and reported.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "net/capport.hpp"
#include "net/siphash.hpp"
#include "pipeline/burst.hpp"
#include "pipeline/now.hpp"
#include "pipeline/reporter.hpp"

namespace gate511::pipeline {

/// What became of an answer, for the control thread.
struct Announced {
  net::MacAddress client{};  ///< zero: all who hear it
  std::uint16_t vlan = 0;    ///< outer VLAN, 0: untagged
  std::uint8_t link = 0;
  net::CapportCarrier carrier{};
  net::CapportOutcome outcome{};

  bool operator==(const Announced&) const noexcept = default;
};
/// Of all of it.
[[nodiscard]] std::uint64_t fingerprint(const net::SipKey& key, const Announced& told) noexcept;
using AnnouncedReporter = Reporter<Announced>;

/// By carrier and outcome.
using CapportCounts =
    std::array<std::array<std::uint64_t, net::kCapportOutcomes>, net::kCapportCarriers>;

/// One worker's. `reports().take`, `reports().dropped` and `counts` belong to the control thread.
class CapportTeller {
 public:
  /// `seed`: secret.
  explicit CapportTeller(std::uint64_t seed) : reports_{seed} {}

  /// Adds to the burst's list `announce`: frames that are passed, where zones are enforced and have
  /// something to announce. The burst is from the uplink, and sorted.
  static void choose(Burst& burst) noexcept;

  /// Puts the option into the burst's frame `i`, which is on its list `announce`, if it can be.
  /// `room`: the frame's memory and what is behind it; empty: it may not be written. Returns the
  /// frame's length.
  [[nodiscard]] std::size_t tell(const Burst& burst, std::size_t i, net::ByteSpan room,
                                 Now now) noexcept;

  [[nodiscard]] AnnouncedReporter& reports() noexcept { return reports_; }
  [[nodiscard]] const AnnouncedReporter& reports() const noexcept { return reports_; }
  [[nodiscard]] CapportCounts counts() const noexcept;

 private:
  AnnouncedReporter reports_;
  std::array<std::array<std::atomic<std::uint64_t>, net::kCapportOutcomes>, net::kCapportCarriers>
      counts_{};
};

}  // namespace gate511::pipeline
