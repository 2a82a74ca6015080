// SPDX-License-Identifier: BSD-3-Clause
//
// Which guests wait for a DHCPv4 answer: one that comes by unicast passes only to who asked for it,
// by its transaction number. A server's answer reaches another worker than the question did, so
// that this is shared by all of them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "net/mac.hpp"
#include "net/siphash.hpp"

namespace gate511::policy {

/// Each worker may write and read. Fixed memory: a newer question displaces an older one.
class DhcpRequests {
 public:
  static constexpr std::uint64_t kPatience_s = 60;

  explicit DhcpRequests(net::SipKey seed) noexcept : seed_{seed} {}

  void asked(net::MacAddress guest, std::uint32_t xid, std::uint64_t now_ns) noexcept {
    const std::uint64_t print = fingerprint(guest, xid);
    place(print).store((print & ~kTimeMask) | (seconds(now_ns) & kTimeMask),
                       std::memory_order_relaxed);
  }
  [[nodiscard]] bool waits(net::MacAddress guest, std::uint32_t xid,
                           std::uint64_t now_ns) const noexcept {
    const std::uint64_t print = fingerprint(guest, xid);
    const std::uint64_t there = place(print).load(std::memory_order_relaxed);
    return (there & ~kTimeMask) == (print & ~kTimeMask) &&
           ((seconds(now_ns) - there) & kTimeMask) <= kPatience_s;
  }

 private:
  static constexpr std::size_t kPlaces = 65'536;
  static constexpr std::uint64_t kTimeMask = 0xffff;  ///< seconds, low bits of the word

  static std::uint64_t seconds(std::uint64_t now_ns) noexcept { return now_ns / 1'000'000'000; }
  [[nodiscard]] std::uint64_t fingerprint(net::MacAddress guest, std::uint32_t xid) const noexcept {
    std::array<std::byte, 10> bytes{};
    net::store_be48(bytes, 0, guest.value());
    net::store_be(bytes, 6, xid);
    return net::siphash24(seed_, bytes);
  }
  /// By the high bits, which the word keeps, so that two questions differ in the word's others.
  [[nodiscard]] std::atomic<std::uint64_t>& place(std::uint64_t print) const noexcept {
    return places_[print >> 48];
  }

  net::SipKey seed_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> places_ =
      std::make_unique<std::atomic<std::uint64_t>[]>(kPlaces);
};

}  // namespace gate511::policy
