// SPDX-License-Identifier: BSD-3-Clause
//
// What each guest may use of what it shares: packets and bytes by kind, and the bytes that ICMP
// errors may draw. A fixed table with a keyed hash and eviction: any number of made-up MACs costs
// no memory, and who was displaced starts anew, so that nobody is starved by them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "net/mac.hpp"
#include "policy/verdict.hpp"

namespace gate511::policy {

enum class Budget : std::uint8_t {
  kRefusals,
  kSyn,
  kAnswers,
  kDnsPackets,
  kDnsBytes,
  kDhcp,
  kArp,
  kNeighbour,
  kNtp,
  kGardenBytes,
};
inline constexpr std::size_t kBudgetCount = 10;

struct BudgetInfo {
  Budget budget;
  std::string_view key;  ///< in `[guest.budget]`
  std::uint32_t default_per_s;
};

inline constexpr std::array<BudgetInfo, kBudgetCount> kBudgets{{
    {Budget::kRefusals, "refusals_per_s", 50},
    {Budget::kSyn, "syn_per_s", 50},
    {Budget::kAnswers, "answers_per_s", 50},
    {Budget::kDnsPackets, "dns_packets_per_s", 20},
    {Budget::kDnsBytes, "dns_bytes_per_s", 4'096},
    {Budget::kDhcp, "dhcp_packets_per_s", 5},
    {Budget::kArp, "arp_packets_per_s", 20},
    {Budget::kNeighbour, "nd_packets_per_s", 20},
    {Budget::kNtp, "ntp_packets_per_s", 5},
    {Budget::kGardenBytes, "garden_bytes_per_s", 1'250'000},
}};
static_assert([] {
  for (std::size_t i = 0; i < kBudgetCount; ++i) {
    if (kBudgets[i].budget != static_cast<Budget>(i)) return false;
  }
  return true;
}());

/// What one guest may use of each, over all workers.
struct BudgetRates {
  static constexpr std::uint32_t kMaxRate = 1'000'000'000;
  static constexpr std::uint32_t kMaxBurst_s = 60;

  std::array<std::uint32_t, kBudgetCount> per_s = [] {
    std::array<std::uint32_t, kBudgetCount> rates{};
    for (const BudgetInfo& info : kBudgets)
      rates[static_cast<std::size_t>(info.budget)] = info.default_per_s;
    return rates;
  }();
  std::uint32_t burst_s = 10;  ///< so many seconds' worth may come at once

  bool operator==(const BudgetRates&) const = default;
};

/// The rates as the workers use them: without a division.
class Budgets {
 public:
  static constexpr unsigned kFraction = 8;  ///< bits of a nanosecond's fraction

  Budgets() : Budgets(BudgetRates{}) {}
  explicit Budgets(const BudgetRates& rates);

  [[nodiscard]] std::uint64_t token(Budget budget) const noexcept {
    return token_[static_cast<std::size_t>(budget)];
  }
  [[nodiscard]] std::uint64_t depth_ns() const noexcept { return depth_ns_; }

 private:
  std::array<std::uint64_t, kBudgetCount> token_;  ///< ns a token, with kFraction bits behind
  std::uint64_t depth_ns_;
};

/// Used by one worker.
class GuestBudgets {
 public:
  static constexpr std::uint32_t kMaxCredit = 16 * 1024;  ///< bytes
  static constexpr std::size_t kWays = 4;

  struct Guest {
    net::MacAddress mac;
    std::uint8_t zone = 0;  ///< number: who is in two zones has a budget in each
  };
  /// What is charged, and by which rates.
  struct Charge {
    std::uint64_t now_ns = 0;
    const Budgets* budgets = nullptr;
    /// Workers that the guest's frames are spread over: each gives its share.
    std::uint32_t sharers = 1;
  };

  /// `slots`: a power of two, at least kWays. `seed`: secret.
  GuestBudgets(std::size_t slots, std::uint64_t seed);

  /// Takes `amount` of `budget` if any of it is left; the last of it may be overdrawn, and is paid
  /// back before there is more.
  [[nodiscard]] bool take(Guest guest, Budget budget, std::uint32_t amount,
                          const Charge& charge) noexcept;

  /// Charges a frame of `bytes` that would get `verdict` to what that verdict uses. Returns it, or
  /// the verdict that says which budget is used up. `up`: the guest sent it. `syn`: a TCP SYN.
  [[nodiscard]] Verdict charge(Guest guest, Verdict verdict, std::uint32_t bytes, bool up, bool syn,
                               const Charge& charge) noexcept;

  /// Ahead of a burst's charges, for all its guests one after the other: fetches where each is
  /// looked for, then what there is of it.
  void prefetch_set(Guest guest) const noexcept { __builtin_prefetch(&sets_[set_of(guest)], 1); }
  void prefetch_entry(Guest guest) const noexcept;

  /// Adds the `bytes` of a frame that this guest sent and that drew no reply: an ICMP error, which
  /// may be longer than what drew it, is sent only out of this credit (no amplification). A
  /// newcomer starts at nothing.
  void earn(Guest guest, std::uint32_t bytes, std::uint64_t now_ns) noexcept;
  /// Takes `bytes` of credit if there are as many.
  [[nodiscard]] bool spend(Guest guest, std::uint32_t bytes, std::uint64_t now_ns) noexcept;

 private:
  struct alignas(64) Set {
    std::array<std::uint64_t, kWays> who{};  ///< MAC and zone; 0: free
    std::array<std::uint64_t, kWays> last_ns{};
  };
  /// Budgets whose buckets stand in an entry's first line, the only one that a newcomer's first
  /// frames touch: the rest is emptied when it is first asked for.
  static constexpr std::size_t kFirstLine = 7;
  /// Buckets are kept as the time at which they would be empty.
  struct alignas(64) Entry {
    std::array<std::uint64_t, kFirstLine> first_ns{};
    std::uint32_t credit = 0;
    bool rest_is_anothers = true;
    std::array<std::uint64_t, kBudgetCount - kFirstLine> rest_ns{};

    [[nodiscard]] std::uint64_t& empty_at_ns(Budget budget) noexcept;
  };
  [[nodiscard]] static std::uint64_t who(Guest guest) noexcept {
    return guest.mac.value() | std::uint64_t{guest.zone} << 48;
  }
  /// Multiplicative hashing with a secret odd number: the best mixed bits are the highest.
  [[nodiscard]] std::size_t set_of(Guest guest) const noexcept {
    return who(guest) * seed_ >> shift_;
  }
  [[nodiscard]] static std::size_t way_of(const Set& set, std::uint64_t who) noexcept;
  [[nodiscard]] Entry& entry(Guest guest, std::uint64_t now_ns) noexcept;

  std::vector<Set> sets_;
  std::vector<Entry> entries_;
  int shift_;
  std::uint64_t seed_;
};

}  // namespace gate511::policy
