// SPDX-License-Identifier: BSD-3-Clause
//
// How many guests the servers are asked for: so many a second, and so many at once. Each link and
// VLAN where guests wait has an equal share, and a quarter is kept for guests that were accepted
// before, and for places that have used little of their share, so that MACs made up in one place
// leave the others their way in. What nobody needs of it is everybody's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace gate511::radius {

/// Tokens that come at a rate, and are kept for a second.
class Bucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Bucket(double tokens, Time now) : tokens_{tokens}, refilled_{now} {}
  /// `most`: how many there may be.
  void refill(double per_second, double most, Time now);
  [[nodiscard]] bool has(double tokens) const { return tokens_ >= tokens; }
  void take() { tokens_ -= 1; }

 private:
  double tokens_;
  Time refilled_;
};

class Budget {
 public:
  using Time = Bucket::Time;
  using Segment = std::pair<std::string, std::uint16_t>;  ///< link and VLAN

  Budget(std::uint32_t per_second, std::uint32_t in_flight, Time now);

  /// Whether one more may be asked for. If so done() is called once that has an answer.
  [[nodiscard]] bool take(const Segment& segment, bool was_accepted, Time now);
  void done(const Segment& segment);

  /// Links and VLANs that share it.
  [[nodiscard]] std::size_t shares() const { return shares_.size(); }

 private:
  struct Share {
    Bucket bucket;
    Time wanted;
    std::uint32_t in_flight = 0;
  };
  static constexpr std::chrono::seconds kIdle{10};  ///< then a place has no share

  [[nodiscard]] Share& share_of(const Segment& segment, Time now);
  void drop_idle(Time now);
  void refill(Share& share, Time now);
  /// What a place may have saved.
  [[nodiscard]] double most_of_share() const;
  [[nodiscard]] double most_in_flight() const;
  /// As any other.
  [[nodiscard]] bool take_share(Share& share);
  /// As one for whom it is kept, where so many are left behind.
  [[nodiscard]] bool take_reserve(double left);

  double per_second_;
  double in_flight_;
  double most_reserved_;
  Bucket open_, reserve_;
  std::uint32_t waiting_ = 0;
  Time looked_;
  std::map<Segment, Share> shares_;
};

}  // namespace gate511::radius
