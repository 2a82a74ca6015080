// SPDX-License-Identifier: BSD-3-Clause
//
// What is known of sessions at the other gateways that share them: who owns a session, what was
// counted there, and which sessions are over, so that none of them comes back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "control/store/change.hpp"
#include "table/session_counters.hpp"

namespace gate511::control {

/// Control thread.
class Elsewhere {
 public:
  /// Ids of sessions that are over are remembered, the last so many.
  static constexpr std::size_t kRemembered = 262'144;

  /// Another gateway is the one that saw its client last, and ends it by quota or idle time.
  [[nodiscard]] bool is_owner(std::uint64_t id) const { return owned_.contains(id); }
  void set_owner(std::uint64_t id, bool is_elsewhere) {
    if (is_elsewhere) {
      owned_.insert(id);
    } else {
      owned_.erase(id);
    }
  }

  /// In all, by all of them.
  [[nodiscard]] table::TrafficCounts counts(std::uint64_t id) const {
    table::TrafficCounts sum;
    const auto found = counts_.find(id);
    if (found == counts_.end()) return sum;
    for (const auto& [gateway, counts] : found->second) sum += counts;
    return sum;
  }
  void set_counts(std::uint64_t id, std::uint8_t gateway, const table::TrafficCounts& counts) {
    auto& all = counts_[id];
    for (auto& [known, its] : all) {
      if (known != gateway) continue;
      its = counts;
      return;
    }
    all.emplace_back(gateway, counts);
  }

  void forget(std::uint64_t id) {
    owned_.erase(id);
    counts_.erase(id);
  }

  /// What was counted here of one that was moved, until it comes in at its new place.
  void keep_own(std::uint64_t id, const store::Counted& counted) {
    if (own_.size() >= kMovesAtOnce) own_.clear();
    own_[id] = counted;
  }
  [[nodiscard]] std::optional<store::Counted> take_own(std::uint64_t id) {
    if (own_.empty()) return std::nullopt;
    const auto found = own_.find(id);
    if (found == own_.end()) return std::nullopt;
    const store::Counted counted = found->second;
    own_.erase(found);
    return counted;
  }

  /// It was ended on purpose, wherever.
  void note_over(std::uint64_t id) {
    if (!over_.insert(id).second) return;
    in_order_.push_back(id);
    if (in_order_.size() <= kRemembered) return;
    over_.erase(in_order_.front());
    in_order_.pop_front();
  }
  [[nodiscard]] bool is_over(std::uint64_t id) const { return over_.contains(id); }

 private:
  static constexpr std::size_t kMovesAtOnce = 4'096;
  std::unordered_map<std::uint64_t, store::Counted> own_;
  std::unordered_set<std::uint64_t> owned_;
  std::unordered_map<std::uint64_t, std::vector<std::pair<std::uint8_t, table::TrafficCounts>>>
      counts_;
  std::unordered_set<std::uint64_t> over_;
  std::deque<std::uint64_t> in_order_;
};

}  // namespace gate511::control
