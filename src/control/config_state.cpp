// SPDX-License-Identifier: BSD-3-Clause
#include "control/config_state.hpp"

#include <algorithm>
#include <utility>

namespace gate511::control {
namespace {

/// Calls `change` for each pair of counts.
template <typename Change>
void each(dataplane::VerdictCounts& mine, const dataplane::VerdictCounts& other, Change change) {
  for (std::size_t i = 0; i < mine.size(); ++i) change(mine[i], other[i]);
}

}  // namespace

Tally& Tally::operator+=(const Tally& more) {
  const auto add = [](std::uint64_t& mine, std::uint64_t other) { mine += other; };
  each(counted, more.counted, add);
  each(would_have, more.would_have, add);
  return *this;
}

Tally& Tally::operator-=(const Tally& less) {
  const auto subtract = [](std::uint64_t& mine, std::uint64_t other) { mine -= other; };
  each(counted, less.counted, subtract);
  each(would_have, less.would_have, subtract);
  return *this;
}

ConfigState::ConfigState(Config config)
    : config_{std::make_shared<const Config>(std::move(config))},
      numbers_{ZoneNumbers{}.with(config_->zones)} {}

void ConfigState::replace(std::shared_ptr<const Config> config, ZoneNumbers numbers,
                          const dataplane::StatusSource& status) {
  if (!numbers.taken_over().empty()) {
    const auto all = status.zones();
    for (const std::uint8_t number : numbers.taken_over()) {
      std::erase_if(before_, [number](const auto& one) { return one.first.first == number; });
      for (const dataplane::ZoneStatus& one : all) {
        if (one.zone == number) before_[{number, one.lcore}] += {one.counted, one.would_have};
      }
    }
  }
  config_ = std::move(config);
  numbers_ = std::move(numbers);
  ++generation_;
}

std::vector<ZoneCounts> ConfigState::zones(const dataplane::StatusSource& status) const {
  std::vector<ZoneCounts> zones;
  std::map<std::uint8_t, std::size_t> place;  // by number, of those that have one of their own
  for (const LinkConfig& link : config_->links)
    zones.push_back({std::string{kDefaultZone}, link.name, 0, config_->enforce});
  for (const ZoneConfig& zone : config_->zones) {
    const std::uint8_t number = numbers_.of(zone.name);
    place[number] = zones.size();
    zones.push_back({zone.name, zone.link, number, zone.enforce});
  }
  for (const dataplane::ZoneStatus& one : status.zones()) {
    const auto found = place.find(one.zone);
    if (one.zone != 0 && found == place.end()) continue;  // a zone that is no more
    const std::size_t at = one.zone != 0 ? found->second : one.link;
    if (at >= zones.size()) continue;
    zones[at].workers[one.lcore] += {one.counted, one.would_have};
  }
  for (const auto& [of, counts] : before_) {
    const auto found = place.find(of.first);
    if (found != place.end()) zones[found->second].workers[of.second] -= counts;
  }
  for (ZoneCounts& zone : zones) {
    for (const auto& [lcore, counts] : zone.workers) zone.all += counts;
  }
  return zones;
}

}  // namespace gate511::control
