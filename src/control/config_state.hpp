// SPDX-License-Identifier: BSD-3-Clause
//
// The configuration that is in force, and what its zones have counted. Control thread; the
// configuration itself never changes, so that other threads may read it for as long as they hold
// it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/config.hpp"
#include "control/zone_numbers.hpp"
#include "dataplane/status.hpp"

namespace gate511::control {

/// Frames by verdict, and what would have become of those that are monitored.
struct Tally {
  dataplane::VerdictCounts counted{};
  dataplane::VerdictCounts would_have{};

  Tally& operator+=(const Tally& more);
  Tally& operator-=(const Tally& less);
};

/// A zone in force.
struct ZoneCounts {
  std::string name;
  std::string link;
  std::uint8_t number = 0;
  policy::Enforce enforce = policy::Enforce::kOn;
  Tally all{};
  std::map<unsigned, Tally> workers{};  ///< by lcore, those that had frames of it
};

class ConfigState {
 public:
  explicit ConfigState(Config config);

  [[nodiscard]] const std::shared_ptr<const Config>& config() const { return config_; }
  [[nodiscard]] const ZoneNumbers& numbers() const { return numbers_; }
  /// 1 at start, and one more with each reload that changed something.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

  /// `status`: what zones whose numbers are taken over had counted is remembered, to be left out.
  void replace(std::shared_ptr<const Config> config, ZoneNumbers numbers,
               const dataplane::StatusSource& status);

  /// The default zone of each link, then the zones in the order of the file.
  [[nodiscard]] std::vector<ZoneCounts> zones(const dataplane::StatusSource& status) const;

 private:
  std::shared_ptr<const Config> config_;
  ZoneNumbers numbers_;
  std::uint64_t generation_ = 1;
  /// By number and lcore: another zone's, which had the number earlier.
  std::map<std::pair<std::uint8_t, unsigned>, Tally> before_;
};

}  // namespace gate511::control
