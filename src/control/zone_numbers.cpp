// SPDX-License-Identifier: BSD-3-Clause
#include "control/zone_numbers.hpp"

#include <algorithm>

namespace gate511::control {

ZoneNumbers ZoneNumbers::with(const std::vector<ZoneConfig>& zones) const {
  ZoneNumbers next = *this;
  next.taken_over_.clear();
  std::set<std::string_view> wanted;
  for (const ZoneConfig& zone : zones) wanted.insert(zone.name);
  for (const ZoneConfig& zone : zones) {
    if (next.entries_.contains(zone.name)) continue;
    const std::uint8_t number = next.next_ < policy::kMaxZones
                                    ? static_cast<std::uint8_t>(next.next_++)
                                    : next.take_over(wanted);
    next.entries_[zone.name] = {number, false};
  }
  for (auto& [name, entry] : next.entries_) entry.in_force = wanted.contains(name);
  return next;
}

/// There is one: at most 255 are wanted, and one of them has none.
std::uint8_t ZoneNumbers::take_over(const std::set<std::string_view>& wanted) {
  const auto is_free = [&](const auto& entry) { return !wanted.contains(entry.first); };
  auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) {
    return is_free(entry) && !entry.second.in_force;
  });
  if (found == entries_.end()) found = std::find_if(entries_.begin(), entries_.end(), is_free);
  const std::uint8_t number = found->second.number;
  entries_.erase(found);
  taken_over_.push_back(number);
  return number;
}

std::uint8_t ZoneNumbers::of(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? std::uint8_t{0} : found->second.number;
}

}  // namespace gate511::control
