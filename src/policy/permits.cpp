// SPDX-License-Identifier: BSD-3-Clause
#include "policy/permits.hpp"

#include <algorithm>
#include <array>

namespace gate511::policy {

Permits::Permits(net::SipKey seed)
    : seed_{seed}, places_{std::make_unique<std::atomic<std::uint64_t>[]>(kPlaces)} {}

std::uint64_t Permits::fingerprint(std::uint8_t zone,
                                   const net::IpAddress& address) const noexcept {
  std::array<std::byte, 17> bytes{};
  address.store_v6(bytes, 0);
  bytes[16] = std::byte{zone};
  return net::siphash24(seed_, bytes);
}

std::uint32_t Permits::left(std::uint64_t word, std::uint32_t now_s) noexcept {
  if (word == 0) return 0;
  const std::uint64_t units = ((word & kTimeMask) - now_s / kUnit_s) & kTimeMask;
  // More than can have been given is in the past.
  return units > kMost_s / kUnit_s + 1 ? 0 : static_cast<std::uint32_t>(units) * kUnit_s;
}

bool Permits::open(std::uint8_t zone, const net::IpAddress& address, std::uint32_t until_s,
                   std::uint32_t now_s) noexcept {
  const std::uint64_t print = fingerprint(zone, address);
  const std::uint64_t kept = print & ~kTimeMask;
  until_s = std::min(until_s, now_s + kMost_s);
  const std::uint64_t word = kept | (((until_s + kUnit_s - 1) / kUnit_s) & kTimeMask);
  std::atomic<std::uint64_t>* const places = bucket(print);
  std::atomic<std::uint64_t>* free = nullptr;
  for (std::size_t way = 0; way < kWays; ++way) {
    const std::uint64_t there = places[way].load(std::memory_order_relaxed);
    if ((there & ~kTimeMask) == kept && left(there, now_s) > 0) {
      if (left(word, now_s) > left(there, now_s))
        places[way].store(word, std::memory_order_relaxed);
      return true;
    }
    if (free == nullptr && left(there, now_s) == 0) free = &places[way];
  }
  if (free == nullptr) return false;
  free->store(word, std::memory_order_relaxed);
  return true;
}

void Permits::forget_ended(std::size_t at, std::uint32_t now_s) noexcept {
  const std::uint64_t there = places_[at].load(std::memory_order_relaxed);
  // Free places stay unwritten: workers read their lines.
  if (there != 0 && left(there, now_s) == 0) places_[at].store(0, std::memory_order_relaxed);
}

std::uint32_t Permits::until(std::uint8_t zone, const net::IpAddress& address,
                             std::uint32_t now_s) const noexcept {
  const std::uint64_t print = fingerprint(zone, address);
  const std::atomic<std::uint64_t>* const places = bucket(print);
  std::uint32_t most = 0;
  for (std::size_t way = 0; way < kWays; ++way) {
    const std::uint64_t there = places[way].load(std::memory_order_relaxed);
    if ((there & ~kTimeMask) == (print & ~kTimeMask)) most = std::max(most, left(there, now_s));
  }
  return most == 0 ? 0 : now_s + most;
}

}  // namespace gate511::policy
