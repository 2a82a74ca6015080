// SPDX-License-Identifier: BSD-3-Clause
//
// Guests that speak, told as `client.seen` to who has asked for that: what lets clients in by their
// MAC, such as gate511-radius, hears of them by it. Bounded in all that MACs made up could make
// grow. Control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "control/clients.hpp"
#include "control/clock.hpp"
#include "control/events.hpp"

namespace gate511::control {

class GuestNews {
 public:
  /// Events of all guests together. The next one tells how many were left out.
  static constexpr std::uint64_t kPerSecond = 3'000;
  /// Of one guest so often at most.
  static constexpr std::uint64_t kQuiet_ns = 30 * kNsPerSecond;

  struct Parts {
    EventBus& events;
    const Clock& clock;
    std::function<std::string(std::uint8_t link)> link_name;
    std::function<std::string(std::uint8_t link, std::uint16_t vlan)> zone_name;
  };
  /// `parts` outlive this.
  explicit GuestNews(Parts parts) : parts_{std::move(parts)} {}

  [[nodiscard]] bool is_wanted() const { return parts_.events.is_named("client.seen"); }
  /// A client without a session has spoken.
  void seen(const SeenClient& client);

 private:
  Parts parts_;
  std::uint64_t second_ = 0;
  std::uint64_t told_in_it_ = 0;
  std::uint64_t untold_ = 0;  ///< since the last one that was told of
};

}  // namespace gate511::control
