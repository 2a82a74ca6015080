// SPDX-License-Identifier: BSD-3-Clause
//
// Guests, asked for by their MAC: who is accepted gets a session, who is rejected is not asked for
// again for a while, and there is a budget, so that MACs made up by the million reach no server.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "radius/budget.hpp"
#include "radius/client/exchange.hpp"
#include "radius/config.hpp"
#include "radius/gateway/changes.hpp"
#include "radius/gateway/sightings.hpp"
#include "radius/recent.hpp"
#include "radius/terms.hpp"

namespace gate511::radius {

/// What a session is opened by; what is not said in the Accept is the configuration's.
[[nodiscard]] nlohmann::json session_params(const Config& config, const Terms& terms,
                                            const std::string& user);
/// What each request tells of the gateway and the client.
[[nodiscard]] Attributes place_attributes(const Config& config, const Place& place,
                                          const std::string& user);
/// The same of an Access-Request.
[[nodiscard]] Attributes request_attributes(const Config& config, const Place& place,
                                            const std::string& user, std::uint32_t service_type);
/// `venue`, `venue.20`: NAS-Port-Id.
[[nodiscard]] std::string port_id(const Place& place);

class Guests {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Clock = std::function<Time()>;
  struct Counts {
    std::uint64_t seen = 0;
    std::uint64_t asked = 0;
    std::uint64_t accepted = 0;
    std::uint64_t rejected = 0;
    std::uint64_t unanswered = 0;   ///< no server has answered
    std::uint64_t known = 0;        ///< they were asked for a short time ago
    std::uint64_t over_budget = 0;  ///< left out: too many at once
    std::uint64_t opened = 0;       ///< sessions
    std::uint64_t already = 0;      ///< accepted, and somebody else had opened one meanwhile
    std::uint64_t sent_away = 0;    ///< accepted, and a Disconnect came meanwhile
    std::uint64_t not_opened = 0;   ///< accepted, and the gateway did not take it
  };
  /// Of an Accept: before its session is opened.
  using OnAccept = std::function<void(const Place& place, const Terms& terms)>;
  /// It opened none.
  using OnUnused = std::function<void(const Place& place)>;

  struct Parts {
    const Config& config;
    const std::string& password;  ///< empty: the MAC
    Exchange& exchange;
    Changes& changes;
    OnAccept on_accept;
    OnUnused on_unused;
    Clock clock = [] { return std::chrono::steady_clock::now(); };
  };
  /// References outlive this.
  explicit Guests(Parts parts);

  void seen(const std::vector<Guest>& guests);
  /// One whose session was ended by who may: not to be let in again at once.
  void sent_away(const std::string& mac);
  /// Its session was not ended after all.
  void stays(const std::string& mac);

  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::size_t remembered() const { return known_.size(); }
  /// Links and VLANs that share the budget now.
  [[nodiscard]] std::size_t shares() const { return budget_.shares(); }

 private:
  void ask(const Guest& guest);
  void take(const Place& place, const Exchange::Result& result);
  void accepted(const Place& place, const Terms& terms);
  void opened(const Place& place, const Changes::Result& result);
  void look_whose_it_is(const Place& place);
  [[nodiscard]] bool is_away(const std::string& mac, Time now);
  void remember(const Place& place, std::chrono::milliseconds time);

  Parts parts_;
  Recent<Place, Time> known_;       ///< not to be asked for before
  Recent<std::string, Time> away_;  ///< MACs, the same
  Recent<Place, bool> accepted_;    ///< whom the servers have let in before
  Budget budget_;
  Counts counts_;
};

}  // namespace gate511::radius
