// SPDX-License-Identifier: BSD-3-Clause
#include "control/alarms.hpp"

#include <algorithm>

namespace gate511::control {
namespace {

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kAlarms.size(); ++i) {
    if (static_cast<std::size_t>(kAlarms.at(i).alarm) != i) return false;
  }
  return true;
}
static_assert(is_in_order());

}  // namespace

bool Alarms::may_tell(Told& told, std::uint64_t now_ns) {
  const std::uint64_t back = (now_ns - told.refilled_ns) / kRefill_ns;
  told.left = static_cast<unsigned>(std::min<std::uint64_t>(kAtOnce, told.left + back));
  told.refilled_ns += back * kRefill_ns;
  if (told.left == 0) return false;
  --told.left;
  return true;
}

std::vector<Alarms::Change> Alarms::look(std::vector<Found> found, std::uint64_t now_ns,
                                         std::uint64_t unix_s) {
  std::vector<Change> changes;
  for (Found& one : found) {
    const Key key{one.alarm, one.subject};
    const auto [place, is_new] = raised_.try_emplace(key);
    Raised& raised = place->second;
    raised.what = std::move(one.what);
    raised.found_ns = now_ns;
    if (is_new) raised.since_s = unix_s;
    if (raised.is_told) continue;
    Told& told = told_.try_emplace(key, Told{.refilled_ns = now_ns}).first->second;
    if (is_new) ++told.untold;
    // One that stays is told of as soon as that may be again.
    raised.is_told = may_tell(told, now_ns);
    if (raised.is_told) {
      changes.push_back({one.alarm, std::move(one.subject), raised.what, raised.since_s, true,
                         std::exchange(told.untold, 0) - 1});
    }
  }
  std::erase_if(raised_, [&](const auto& entry) {
    const auto& [key, raised] = entry;
    if (now_ns - raised.found_ns < kQuiet_ns) return false;
    if (raised.is_told)
      changes.push_back({key.first, key.second, raised.what, raised.since_s, false, 0});
    return true;
  });
  return changes;
}

std::size_t Alarms::count(Alarm alarm) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      raised_, [alarm](const auto& entry) { return entry.first.first == alarm; }));
}

}  // namespace gate511::control
