// SPDX-License-Identifier: BSD-3-Clause
//
// What clients were told of the portal's API (RFC 8910), as the workers report it: to each client's
// own record, to all of a VLAN by router advertisements, and as events. Bounded. Control thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "control/clients.hpp"
#include "control/clock.hpp"
#include "control/events.hpp"
#include "dataplane/sighting_source.hpp"

namespace gate511::control {

class Announcements {
 public:
  /// Links and VLANs of which it is known what all are told, and of which events are held back.
  static constexpr std::size_t kMaxPlaces = 16'384;
  /// An event of one link, VLAN, carrier and outcome so often at most.
  static constexpr std::uint64_t kQuiet_ns = 60 * kNsPerSecond;

  struct Parts {
    Clients& clients;
    EventBus& events;
    const Clock& clock;
    std::function<std::string(std::uint8_t link)> link_name;
  };
  /// `parts` outlive this.
  explicit Announcements(Parts parts) : parts_{std::move(parts)} {}

  /// Takes in what the workers report, for one slice. True if there may be more.
  bool take(dataplane::SightingSource& source);
  void add(const pipeline::Announced& told);

  /// What `client`, where it was seen, was told last by each carrier. Null: nothing is known of it
  /// but where it is.
  [[nodiscard]] ToldByCarrier told(const SeenClient* client, std::uint8_t link,
                                   std::uint16_t vlan) const;

 private:
  struct Kind {
    std::uint8_t link;
    std::uint16_t vlan;
    net::CapportCarrier carrier;
    net::CapportOutcome outcome;

    auto operator<=>(const Kind&) const noexcept = default;
  };
  struct Reports {
    std::uint64_t told_ns = 0;  ///< of the last event
    std::uint64_t count = 0;    ///< since then
  };

  void tell(const pipeline::Announced& told, std::uint64_t now);

  Parts parts_;
  std::map<Kind, Reports> reports_;
  /// By link and VLAN: what was told to all at once.
  std::map<std::pair<std::uint8_t, std::uint16_t>, ToldByCarrier> to_all_;
};

}  // namespace gate511::control
