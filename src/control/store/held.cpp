// SPDX-License-Identifier: BSD-3-Clause
#include "control/store/held.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gate511::control::store {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};

/// Where a session's changes stand among those that are kept.
struct Places {
  std::size_t put = kNone, count = kNone;
};

/// Takes the place of the one that stands at `place`, or gets one.
void replace(Changes& kept, std::size_t& place, Change&& change) {
  if (place != kNone) {
    kept[place] = std::move(change);
    return;
  }
  place = kept.size();
  kept.push_back(std::move(change));
}

/// What goes first, where there is no room: numbers before rights, and ends, which would let a
/// session come back, last. Numbers of events and consumers are few, and stay.
constexpr int kRanks = 3;
int rank(const Change& change) {
  if (std::holds_alternative<Count>(change)) return 0;
  if (std::holds_alternative<Put>(change) || std::holds_alternative<Ended>(change) ||
      std::holds_alternative<Paid>(change))
    return 1;
  const bool is_end = std::holds_alternative<End>(change) || std::holds_alternative<Owed>(change);
  return is_end ? 2 : kRanks;
}

}  // namespace

std::size_t reduce(Changes& changes, std::size_t limit) {
  std::unordered_map<std::uint64_t, Places> places;
  Changes kept;
  std::vector<bool> is_over;
  for (Change& change : changes) {
    if (const auto* const put = std::get_if<Put>(&change)) {
      const std::uint64_t id = put->session.id;
      replace(kept, places[id].put, std::move(change));
    } else if (const auto* const count = std::get_if<Count>(&change)) {
      const std::uint64_t id = count->id;
      replace(kept, places[id].count, std::move(change));
    } else {
      if (const auto* const end = std::get_if<End>(&change)) {
        is_over.resize(kept.size());
        for (const std::size_t place : {places[end->id].put, places[end->id].count}) {
          if (place != kNone) is_over[place] = true;
        }
      }
      kept.push_back(std::move(change));
    }
  }
  is_over.resize(kept.size());
  std::size_t at = 0;
  std::erase_if(kept, [&](const Change& /*change*/) { return is_over[at++]; });
  std::size_t lost = kept.size() - std::min(kept.size(), limit);
  const std::size_t wanted = lost;
  for (int going = 0; going < kRanks; ++going) {
    std::erase_if(kept, [&](const Change& change) {
      if (lost == 0 || rank(change) != going) return false;
      --lost;
      return true;
    });
  }
  changes = std::move(kept);
  return wanted - lost;
}

}  // namespace gate511::control::store
