// SPDX-License-Identifier: BSD-3-Clause
#include "radius/budget.hpp"

#include <algorithm>

namespace gate511::radius {
namespace {

constexpr double kReserved = 0.25;  // of what comes in a second
constexpr double kOthers = 0.75;    // of requests at once: of those not accepted before, a share
constexpr double kAllOthers = 0.875;

}  // namespace

void Bucket::refill(double per_second, double most, Time now) {
  const std::chrono::duration<double> since = now - refilled_;
  refilled_ = now;
  tokens_ = std::min(most, tokens_ + since.count() * per_second);
}

Budget::Budget(std::uint32_t per_second, std::uint32_t in_flight, Time now)
    : per_second_{static_cast<double>(per_second)},
      in_flight_{static_cast<double>(in_flight)},
      most_reserved_{std::max(2.0, per_second_ * kReserved)},
      open_{std::max(1.0, per_second_ * (1 - kReserved)), now},
      reserve_{most_reserved_, now},
      looked_{now} {}

void Budget::drop_idle(Time now) {
  if (now - looked_ < std::chrono::seconds{1}) return;
  looked_ = now;
  std::erase_if(shares_, [now](const auto& one) {
    return one.second.in_flight == 0 && now - one.second.wanted > kIdle;
  });
}

Budget::Share& Budget::share_of(const Segment& segment, Time now) {
  const auto found = shares_.find(segment);
  if (found != shares_.end()) return found->second;
  const double tokens = per_second_ / static_cast<double>(shares_.size() + 1);
  return shares_.emplace(segment, Share{Bucket{tokens, now}, now}).first->second;
}

double Budget::most_of_share() const {
  return std::max(1.0, per_second_ / static_cast<double>(shares_.size()));
}

double Budget::most_in_flight() const {
  return std::max(1.0, in_flight_ * kOthers / static_cast<double>(shares_.size()));
}

void Budget::refill(Share& share, Time now) {
  share.bucket.refill(per_second_ / static_cast<double>(shares_.size()), most_of_share(), now);
  const double open = per_second_ * (1 - kReserved);
  open_.refill(open, std::max(1.0, open), now);
  reserve_.refill(per_second_ * kReserved, most_reserved_, now);
}

/// The upper half of the reserve is everybody's: a place that is alone has all there is.
bool Budget::take_share(Share& share) {
  if (!share.bucket.has(1) || share.in_flight >= most_in_flight() ||
      waiting_ >= std::max(1.0, in_flight_ * kAllOthers))
    return false;
  if (open_.has(1)) {
    open_.take();
  } else if (reserve_.has(1 + most_reserved_ / 2)) {
    reserve_.take();
  } else {
    return false;
  }
  share.bucket.take();
  return true;
}

bool Budget::take_reserve(double left) {
  if (!reserve_.has(1 + left) || waiting_ >= in_flight_) return false;
  reserve_.take();
  return true;
}

bool Budget::take(const Segment& segment, bool was_accepted, Time now) {
  drop_idle(now);
  Share& share = share_of(segment, now);
  share.wanted = now;
  refill(share, now);
  // All at once: a place that is new finds what the others have left.
  const bool is_quiet = share.bucket.has(std::max(1.0, most_of_share() / 2)) &&
                        share.in_flight <= most_in_flight() / 2;
  if (!take_share(share)) {
    const bool is_kept_for = was_accepted || is_quiet;
    if (!is_kept_for || !take_reserve(was_accepted ? 0 : most_reserved_ / 4)) return false;
    if (is_quiet) share.bucket.take();
  }
  ++share.in_flight;
  ++waiting_;
  return true;
}

void Budget::done(const Segment& segment) {
  --waiting_;
  --shares_.at(segment).in_flight;
}

}  // namespace gate511::radius
