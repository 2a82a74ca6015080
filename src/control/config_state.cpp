// SPDX-License-Identifier: BSD-3-Clause
#include "control/config_state.hpp"

#include <algorithm>
#include <utility>

namespace gate511::control {
namespace {

void add(dataplane::VerdictCounts& sum, const dataplane::VerdictCounts& more) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
}

void subtract(dataplane::VerdictCounts& sum, const dataplane::VerdictCounts& less) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] -= less[i];
}

}  // namespace

ConfigState::ConfigState(Config config)
    : config_{std::make_shared<const Config>(std::move(config))},
      numbers_{ZoneNumbers{}.with(config_->zones)} {}

void ConfigState::replace(std::shared_ptr<const Config> config, ZoneNumbers numbers,
                          const dataplane::StatusSource& status) {
  if (!numbers.taken_over().empty()) {
    const auto all = status.zones();
    for (const std::uint8_t number : numbers.taken_over()) {
      Counted sum;
      for (const dataplane::ZoneStatus& one : all) {
        if (one.zone != number) continue;
        add(sum.counted, one.counted);
        add(sum.would_have, one.would_have);
      }
      before_[number] = sum;
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
    add(zones[at].counted, one.counted);
    add(zones[at].would_have, one.would_have);
  }
  for (const auto& [number, counts] : before_) {
    const auto found = place.find(number);
    if (found == place.end()) continue;
    subtract(zones[found->second].counted, counts.counted);
    subtract(zones[found->second].would_have, counts.would_have);
  }
  return zones;
}

}  // namespace gate511::control
