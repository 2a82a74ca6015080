// SPDX-License-Identifier: BSD-3-Clause
#include "policy/guest_budgets.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>

namespace gate511::policy {
namespace {

constexpr std::uint64_t kSecond_ns = 1'000'000'000;

}  // namespace

Budgets::Budgets(const BudgetRates& rates) : token_{}, depth_ns_{rates.burst_s * kSecond_ns} {
  for (std::size_t i = 0; i < kBudgetCount; ++i)
    token_[i] = (kSecond_ns << kFraction) / rates.per_s[i];
}

GuestBudgets::GuestBudgets(std::size_t slots, std::uint64_t seed)
    : sets_(slots / kWays),
      entries_(slots),
      shift_{64 - std::countr_zero(slots / kWays)},
      seed_{seed | 1} {
  assert(std::has_single_bit(slots) && slots > kWays);
}

/// The guest's own, or, where it has none, that of whoever of its set was seen longest ago.
std::size_t GuestBudgets::way_of(const Set& set, std::uint64_t who) noexcept {
  std::size_t oldest = 0;
  for (std::size_t way = 0; way < kWays; ++way) {
    if (set.who[way] == who) return way;
    if (set.last_ns[way] < set.last_ns[oldest]) oldest = way;
  }
  return oldest;
}

GuestBudgets::Entry& GuestBudgets::entry(Guest guest, std::uint64_t now_ns) noexcept {
  const std::size_t at = set_of(guest);
  Set& set = sets_[at];
  const std::size_t way = way_of(set, who(guest));
  set.last_ns[way] = now_ns;
  Entry& entry = entries_[at * kWays + way];
  if (set.who[way] == who(guest)) return entry;
  set.who[way] = who(guest);
  entry.first_ns = {};
  entry.credit = 0;
  entry.rest_is_anothers = true;
  return entry;
}

std::uint64_t& GuestBudgets::Entry::empty_at_ns(Budget budget) noexcept {
  const auto at = static_cast<std::size_t>(budget);
  if (at < kFirstLine) return first_ns[at];
  if (rest_is_anothers) rest_ns = {};
  rest_is_anothers = false;
  return rest_ns[at - kFirstLine];
}

void GuestBudgets::prefetch_entry(Guest guest) const noexcept {
  const std::size_t at = set_of(guest);
  static_assert(offsetof(Entry, rest_ns) == sizeof(Set), "the first line is a line");
  __builtin_prefetch(&entries_[at * kWays + way_of(sets_[at], who(guest))], 1);
}

bool GuestBudgets::take(Guest guest, Budget budget, std::uint32_t amount,
                        const Charge& charge) noexcept {
  // A bucket as a time is one number, and no remainder is lost.
  std::uint64_t& empty_at = entry(guest, charge.now_ns).empty_at_ns(budget);
  const std::uint64_t depth = charge.budgets->depth_ns();
  empty_at = std::max(empty_at, charge.now_ns > depth ? charge.now_ns - depth : 0);
  if (empty_at >= charge.now_ns) return false;
  empty_at +=
      std::uint64_t{amount} * charge.sharers * charge.budgets->token(budget) >> Budgets::kFraction;
  return true;
}

Verdict GuestBudgets::charge(Guest guest, Verdict verdict, std::uint32_t bytes, bool up, bool syn,
                             const Charge& charge) noexcept {
  const auto one = [&](Budget budget, Verdict over) {
    return take(guest, budget, 1, charge) ? verdict : over;
  };
  switch (verdict) {
    case Verdict::kArp:
      return one(Budget::kArp, Verdict::kArpBudget);
    case Verdict::kNeighbour:
    case Verdict::kMld:
      return one(Budget::kNeighbour, Verdict::kNeighbourBudget);
    case Verdict::kDhcp:
      return one(Budget::kDhcp, Verdict::kDhcpBudget);
    case Verdict::kNtp:
      return one(Budget::kNtp, Verdict::kNtpBudget);
    case Verdict::kSynAck:
      return one(Budget::kSyn, Verdict::kSynBudget);
    case Verdict::kPage:
    case Verdict::kHttpsAlert:
      return one(Budget::kAnswers, Verdict::kAnswerBudget);
    case Verdict::kDns:
      if (up && !take(guest, Budget::kDnsPackets, 1, charge)) return Verdict::kDnsBudget;
      return take(guest, Budget::kDnsBytes, bytes, charge) ? verdict : Verdict::kDnsBudget;
    case Verdict::kGarden:
    case Verdict::kGardenHost:
      if (syn && !take(guest, Budget::kSyn, 1, charge)) return Verdict::kSynBudget;
      return take(guest, Budget::kGardenBytes, bytes, charge) ? verdict : Verdict::kGardenBudget;
    default:
      return verdict;
  }
}

void GuestBudgets::earn(Guest guest, std::uint32_t bytes, std::uint64_t now_ns) noexcept {
  Entry& e = entry(guest, now_ns);
  e.credit = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(std::uint64_t{e.credit} + bytes, kMaxCredit));
}

bool GuestBudgets::spend(Guest guest, std::uint32_t bytes, std::uint64_t now_ns) noexcept {
  Entry& e = entry(guest, now_ns);
  if (e.credit < bytes) return false;
  e.credit -= bytes;
  return true;
}

}  // namespace gate511::policy
