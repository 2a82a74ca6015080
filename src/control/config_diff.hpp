// SPDX-License-Identifier: BSD-3-Clause
//
// What differs between two configurations, by the names of the keys, and what of it a running
// daemon cannot take.
#pragma once

#include <string>
#include <vector>

#include "control/config.hpp"

namespace gate511::control {

struct ConfigDiff {
  std::vector<std::string> changed;        ///< keys that are applied: `guest.resolvers`
  std::vector<std::string> needs_restart;  ///< keys that are not: `sessions.capacity`
  std::vector<std::string> zones_added;    ///< names
  std::vector<std::string> zones_removed;
  std::vector<std::string> zones_changed;  ///< in what they do, be it by the default zone's keys

  [[nodiscard]] bool empty() const {
    return changed.empty() && needs_restart.empty() && zones_added.empty() &&
           zones_removed.empty() && zones_changed.empty();
  }
};

/// Values are compared, not texts: a key that is set to its default is no difference to one that
/// is not set. What stands in files that the configuration names is not compared.
[[nodiscard]] ConfigDiff compare(const Config& before, const Config& after);

}  // namespace gate511::control
