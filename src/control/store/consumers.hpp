// SPDX-License-Identifier: BSD-3-Clause
//
// The consumers of events, and what of the ends of sessions is still to be kept for them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "control/store/change.hpp"

namespace gate511::control::store {

/// Where `change` is one of a consumer.
inline void change_consumers(std::vector<Consumer>& consumers, const Change& change) {
  const auto find = [&consumers](const std::string& name) {
    return std::find_if(consumers.begin(), consumers.end(),
                        [&name](const Consumer& one) { return one.name == name; });
  };
  if (const auto* const consumer = std::get_if<Consumer>(&change)) {
    const auto known = find(consumer->name);
    if (known == consumers.end()) {
      consumers.push_back(*consumer);
    } else {
      known->acknowledged = std::max(known->acknowledged, consumer->acknowledged);
    }
  } else if (const auto* const forget = std::get_if<Forget>(&change)) {
    const auto known = find(forget->name);
    if (known != consumers.end()) consumers.erase(known);
  }
}

/// The last event that all have acknowledged; without consumers, any.
[[nodiscard]] inline std::uint64_t acknowledged_by_all(const std::vector<Consumer>& consumers) {
  std::uint64_t by_all = std::numeric_limits<std::int64_t>::max();
  for (const Consumer& consumer : consumers) by_all = std::min(by_all, consumer.acknowledged);
  return by_all;
}

[[nodiscard]] inline bool is_wanted(const std::vector<Consumer>& consumers, std::uint64_t seq) {
  return seq > acknowledged_by_all(consumers);
}

}  // namespace gate511::control::store
