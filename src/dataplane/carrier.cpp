// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/carrier.hpp"

#include <cstddef>

namespace gate511::dataplane {

std::optional<Carrier::Order> Carrier::next(bool access_up, bool uplink_up, Clock::time_point now) {
  if (!has_begun_) {
    has_begun_ = true;
    for (Side& side : sides_) side.settled_at = now + kSettle;
  }
  const std::array<bool, 2> up{access_up, uplink_up};
  for (std::size_t i = 0; i < sides_.size(); ++i) {
    Side& other = sides_[1 - i];
    if (!other.is_held || !up[i]) continue;
    other = Side{.settled_at = now + kSettle};
    return Order{static_cast<End>(1 - i), true};
  }
  for (std::size_t i = 0; i < sides_.size(); ++i) {
    if (!sides_[i].is_held) sides_[i].seen_up |= up[i];
  }
  for (std::size_t i = 0; i < sides_.size(); ++i) {
    Side& other = sides_[1 - i];
    const bool is_lost =
        !sides_[i].is_held && !up[i] && (sides_[i].seen_up || now >= sides_[i].settled_at);
    // Where both are lost there is nothing to pass on.
    if (!is_lost || other.is_held || !up[1 - i]) continue;
    other.is_held = true;
    return Order{static_cast<End>(1 - i), false};
  }
  return std::nullopt;
}

}  // namespace gate511::dataplane
