// SPDX-License-Identifier: BSD-3-Clause
//
// A token bucket by the clock it is given: `rate` tokens a second, `burst` at most.
#pragma once

#include <algorithm>
#include <cstdint>

namespace gate511::policy {

/// Used by one thread.
class TokenBucket {
 public:
  TokenBucket(std::uint64_t rate_per_s, std::uint64_t burst) noexcept
      : ns_per_token_{kSecond / rate_per_s}, depth_ns_{ns_per_token_ * burst} {}

  /// Takes one token. `now_ns`: monotonic.
  [[nodiscard]] bool take(std::uint64_t now_ns) noexcept {
    // The bucket is kept as the time at which it would be empty: one number, no remainder lost.
    empty_at_ns_ = std::max(empty_at_ns_, now_ns > depth_ns_ ? now_ns - depth_ns_ : 0);
    if (empty_at_ns_ + ns_per_token_ > now_ns) return false;
    empty_at_ns_ += ns_per_token_;
    return true;
  }

 private:
  static constexpr std::uint64_t kSecond = 1'000'000'000;
  std::uint64_t ns_per_token_;
  std::uint64_t depth_ns_;
  std::uint64_t empty_at_ns_ = 0;
};

}  // namespace gate511::policy
