// SPDX-License-Identifier: BSD-3-Clause
//
// The addresses that a session is bound to: one IPv4 address, one link-local address, and the /64s
// of its others. Each is given by the operator, or becomes what the session is first seen with; the
// IPv4 address is rather what DHCP gave the client. Touched only for sessions whose state says that
// they are bound.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "net/ip.hpp"

namespace gate511::table {

/// How an address came to be the session's. What comes later outranks what stands before it.
enum class Origin : std::uint8_t { kSeen, kLeased, kGiven };

/// A copy, for the control thread. Zero: none yet.
struct BoundAddresses {
  static constexpr std::size_t kMaxPrefixes = 4;

  std::uint32_t v4 = 0;
  Origin v4_origin = Origin::kSeen;
  std::uint64_t link_local = 0;                         ///< interface identifier in fe80::/64
  std::array<std::uint64_t, kMaxPrefixes> prefix_64{};  ///< the first ones are set
  bool has_all_prefixes = false;                        ///< they were given: no other is learnt

  bool operator==(const BoundAddresses&) const noexcept = default;
};

/// Written by any worker that sees a first address, by compare-and-swap; never changed once set,
/// but for an IPv4 address that was merely seen, which a lease replaces.
class alignas(64) Binding {
 public:
  static constexpr std::uint64_t kQuiet_ns = 10'000'000'000;

  explicit Binding(const BoundAddresses& given = {}) noexcept
      : v4_{v4_word(given.v4, given.v4_origin)},
        has_all_prefixes_{given.has_all_prefixes},
        link_local_{given.link_local} {
    for (std::size_t i = 0; i < prefix_64_.size(); ++i)
      prefix_64_[i].store(given.prefix_64[i], std::memory_order_relaxed);
  }

  /// Whether the session has `address`, one that a host may have (net::IpAddress).
  [[nodiscard]] bool holds(const net::IpAddress& address) const noexcept {
    if (address.is_v4()) return v4_of(read(v4_)) == address.v4_value();
    if (address.is_link_local())
      return address.high == kLinkLocal && address.low != 0 && read(link_local_) == address.low;
    for (const auto& prefix : prefix_64_) {
      if (address.high != 0 && read(prefix) == address.high) return true;
    }
    return false;
  }
  /// The same of a packet's source; where nothing of its kind is known yet, it becomes the
  /// session's.
  [[nodiscard]] bool take(const net::IpAddress& address) noexcept {
    if (address.is_v4()) return take_v4(address.v4_value());
    if (address.is_link_local())
      return address.high == kLinkLocal && take(link_local_, address.low);
    if (has_all_prefixes_) return holds(address);
    for (auto& prefix : prefix_64_) {
      if (take(prefix, address.high)) return true;
    }
    return false;
  }
  /// DHCP gave the client this IPv4 address: it is the session's, unless another was given by the
  /// operator or by DHCP before. So who clones the MAC gains nothing by asking for a lease.
  void lease(std::uint32_t address) noexcept {
    std::uint64_t there = read(v4_);
    const std::uint64_t leased = v4_word(address, Origin::kLeased);
    while (address != 0 && there >> 32 == static_cast<std::uint64_t>(Origin::kSeen) &&
           !v4_.compare_exchange_weak(there, leased, std::memory_order_relaxed)) {
    }
  }
  /// At most once in kQuiet_ns, over all workers: whether to tell that it used another address.
  [[nodiscard]] bool may_tell(std::uint64_t now_ns) noexcept {
    std::uint64_t told_ns = told_ns_.load(std::memory_order_relaxed);
    if (told_ns != 0 && now_ns < told_ns + kQuiet_ns) return false;
    return told_ns_.compare_exchange_strong(told_ns, now_ns, std::memory_order_relaxed);
  }
  [[nodiscard]] BoundAddresses addresses() const noexcept {
    const std::uint64_t v4 = read(v4_);
    BoundAddresses copy{.v4 = v4_of(v4),
                        .v4_origin = static_cast<Origin>(v4 >> 32),
                        .link_local = read(link_local_),
                        .has_all_prefixes = has_all_prefixes_};
    for (std::size_t i = 0; i < prefix_64_.size(); ++i) copy.prefix_64[i] = read(prefix_64_[i]);
    return copy;
  }

  /// The prefix of the link-local addresses that hosts have (RFC 4291, 2.5.6).
  static constexpr std::uint64_t kLinkLocal = 0xfe80'0000'0000'0000;

 private:
  /// The origin stands above the address; of none it is kSeen.
  static std::uint64_t v4_word(std::uint32_t address, Origin origin) noexcept {
    return address == 0 ? 0 : std::uint64_t{address} | static_cast<std::uint64_t>(origin) << 32;
  }
  static std::uint32_t v4_of(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>(word);
  }
  bool take_v4(std::uint32_t address) noexcept {
    if (address == 0) return false;
    std::uint64_t there = read(v4_);
    if (there == 0 && v4_.compare_exchange_strong(there, address, std::memory_order_relaxed))
      return true;
    return v4_of(there) == address;
  }
  template <typename Number>
  static Number read(const std::atomic<Number>& from) noexcept {
    return from.load(std::memory_order_relaxed);
  }
  template <typename Number>
  static bool take(std::atomic<Number>& place, Number number) noexcept {
    if (number == 0) return false;
    Number there = read(place);
    if (there == 0 && place.compare_exchange_strong(there, number, std::memory_order_relaxed))
      return true;
    return there == number;
  }

  std::atomic<std::uint64_t> v4_;
  const bool has_all_prefixes_;
  std::atomic<std::uint64_t> link_local_;
  std::array<std::atomic<std::uint64_t>, BoundAddresses::kMaxPrefixes> prefix_64_;
  std::atomic<std::uint64_t> told_ns_{0};
};
static_assert(sizeof(Binding) == 64);

/// A slot's; valid while its state says that the session is bound, and until each worker's next
/// quiescent point after that. Written by the control thread.
using BindingPlace = std::atomic<Binding*>;

}  // namespace gate511::table
