// SPDX-License-Identifier: BSD-3-Clause
#include "control/announcements.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace gate511::control {
namespace {

constexpr std::size_t kOutASlice = 128;

}  // namespace

bool Announcements::take(dataplane::SightingSource& source) {
  std::array<pipeline::Announced, kOutASlice> taken;
  const std::size_t count = source.take_announced(taken);
  for (const pipeline::Announced& told : std::span{taken}.first(count)) add(told);
  return count == taken.size();
}

void Announcements::add(const pipeline::Announced& told) {
  const std::uint64_t now = std::max<std::uint64_t>(parts_.clock.boot_ns(), 1);
  const Told last{now, told.outcome};
  if (!told.client.is_zero()) {
    parts_.clients.set_told({told.client, told.vlan, told.link}, told.carrier, last);
  } else if (told.carrier != net::CapportCarrier::kRouterAdvert) {
    // Someone behind a relay agent.
  } else if (to_all_.size() < kMaxPlaces || to_all_.contains({told.link, told.vlan})) {
    to_all_[{told.link, told.vlan}][static_cast<std::size_t>(told.carrier)] = last;
  }
  tell(told, now);
}

void Announcements::tell(const pipeline::Announced& told, std::uint64_t now) {
  const Kind kind{told.link, told.vlan, told.carrier, told.outcome};
  if (reports_.size() >= kMaxPlaces && !reports_.contains(kind)) return;
  Reports& reports = reports_[kind];
  ++reports.count;
  if (reports.told_ns != 0 && now - reports.told_ns < kQuiet_ns) return;
  const bool inserted = told.outcome == net::CapportOutcome::kInserted;
  Json members{{"link", parts_.link_name(told.link)},
               {"vlan", told.vlan},
               {"carrier", net::kCapportCarrierInfo[static_cast<std::size_t>(told.carrier)].name},
               {"mac", told.client.is_zero() ? Json(nullptr) : Json(net::to_string(told.client))},
               {"reports", std::exchange(reports.count, 0)}};
  if (!inserted)
    members["reason"] = net::kCapportOutcomeInfo[static_cast<std::size_t>(told.outcome)].name;
  reports.told_ns = now;
  parts_.events.emit(inserted ? "capport.inserted" : "capport.left_alone", members);
}

ToldByCarrier Announcements::told(const SeenClient* client, std::uint8_t link,
                                  std::uint16_t vlan) const {
  ToldByCarrier told{};
  if (client != nullptr) told = client->told;
  const auto all = to_all_.find({link, vlan});
  if (all == to_all_.end()) return told;
  for (std::size_t i = 0; i < told.size(); ++i) {
    if (all->second[i].at_ns > told[i].at_ns) told[i] = all->second[i];
  }
  return told;
}

}  // namespace gate511::control
