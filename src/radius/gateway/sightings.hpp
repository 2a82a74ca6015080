// SPDX-License-Identifier: BSD-3-Clause
//
// Guests, as the gateway sees them: those that speak, at once, and behind each new connection those
// that it knew before. A thread of its own follows them, whatever becomes of the gateway.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "gate511/client.hpp"
#include "radius/gateway/inbox.hpp"
#include "radius/gateway/place.hpp"

namespace gate511::radius {

struct Guest {
  Place place;
  std::string zone;  ///< empty: not told
};

class Sightings {
 public:
  using OnGuests = std::function<void(const std::vector<Guest>& guests)>;

  /// `on_guests` is run by the inbox, which outlives this.
  Sightings(std::string socket, Inbox& inbox, OnGuests on_guests)
      : socket_{std::move(socket)}, inbox_{inbox}, on_guests_{std::move(on_guests)} {}
  ~Sightings();
  void start();

  [[nodiscard]] bool is_connected() const { return is_connected_; }
  /// Guests that were left out, here and by the gateway, as too many came at once.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  void follow();
  /// False: the connection is over.
  [[nodiscard]] bool take_some(Client& client);
  [[nodiscard]] bool list_some(Client& client, std::string& cursor);
  void tell(std::vector<Guest> guests);

  std::string socket_;
  Inbox& inbox_;
  OnGuests on_guests_;
  std::atomic<bool> is_over_ = false;
  std::atomic<bool> is_connected_ = false;
  std::atomic<std::uint64_t> left_out_ = 0;
  std::thread thread_;
};

}  // namespace gate511::radius
