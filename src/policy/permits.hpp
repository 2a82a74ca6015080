// SPDX-License-Identifier: BSD-3-Clause
//
// Addresses that guests may reach for a while, because a resolver has said that a host of the
// garden has them: a fixed table, a word an address.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "net/ip.hpp"
#include "net/siphash.hpp"

namespace gate511::policy {

/// One writer at a time: the garden thread, and the control thread before that one runs. Workers
/// read without a lock.
class Permits {
 public:
  static constexpr std::size_t kPlaces = 65'536;
  static constexpr std::size_t kWays = 8;               ///< places that one address can have
  static constexpr std::uint32_t kLeast_s = 3'600;      ///< a permit lives as long at least
  static constexpr std::uint32_t kMost_s = 7 * 86'400;  ///< and at most

  explicit Permits(net::SipKey seed);

  /// Opens `address` in `zone`, or lets it stand longer: until `until_s`. False: no place is free.
  bool open(std::uint8_t zone, const net::IpAddress& address, std::uint32_t until_s,
            std::uint32_t now_s) noexcept;
  /// Frees place `at` (below kPlaces) if its permit has ended. The writer walks all of them again
  /// and again, since an end that is 41 days past would read as one to come.
  void forget_ended(std::size_t at, std::uint32_t now_s) noexcept;
  /// When it ends; 0: it is not open. Times are unix seconds.
  [[nodiscard]] std::uint32_t until(std::uint8_t zone, const net::IpAddress& address,
                                    std::uint32_t now_s) const noexcept;
  [[nodiscard]] bool allows(std::uint8_t zone, const net::IpAddress& address,
                            std::uint32_t now_s) const noexcept {
    return until(zone, address, now_s) != 0;
  }

 private:
  /// A word: 44 bits of the fingerprint, and 20 bits of the end in units of 4 s, which come round
  /// in 48 days.
  static constexpr unsigned kTimeBits = 20;
  static constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;
  static constexpr std::uint32_t kUnit_s = 4;

  [[nodiscard]] std::uint64_t fingerprint(std::uint8_t zone,
                                          const net::IpAddress& address) const noexcept;
  /// Seconds from `now_s` to the end of `word`, rounded up; 0: it has ended.
  [[nodiscard]] static std::uint32_t left(std::uint64_t word, std::uint32_t now_s) noexcept;
  /// Chosen by low bits of the fingerprint, which its word has not.
  [[nodiscard]] std::atomic<std::uint64_t>* bucket(std::uint64_t print) const noexcept {
    return &places_[(print & (kPlaces / kWays - 1)) * kWays];
  }

  net::SipKey seed_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> places_;
};

}  // namespace gate511::policy
