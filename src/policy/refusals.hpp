// SPDX-License-Identifier: BSD-3-Clause
//
// Leave to refuse a guest by RST or ICMP: out of its own budget first, so that one guest cannot use
// up what is there for all.
#pragma once

#include <optional>

#include "policy/guest_budgets.hpp"
#include "policy/token_bucket.hpp"

namespace gate511::policy {

/// For one frame, on the worker's own budgets.
struct Refusals {
  TokenBucket& all;
  GuestBudgets& guests;
  GuestBudgets::Guest guest;
  GuestBudgets::Charge charge;

  /// Takes one. Otherwise what the frame is dropped as.
  [[nodiscard]] std::optional<Verdict> take() noexcept {
    if (!guests.take(guest, Budget::kRefusals, 1, charge)) return Verdict::kRefusalBudget;
    if (!all.take(charge.now_ns)) return Verdict::kRateLimited;
    return std::nullopt;
  }
};

}  // namespace gate511::policy
