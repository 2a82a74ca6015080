// SPDX-License-Identifier: BSD-3-Clause
#include "policy/guest_credit.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace gate511::policy {

GuestCredit::GuestCredit(std::size_t slots, std::uint64_t seed)
    : entries_(slots), shift_{64 - std::countr_zero(slots)}, seed_{seed | 1} {
  assert(std::has_single_bit(slots) && slots > 1);
}

GuestCredit::Entry& GuestCredit::entry(net::MacAddress guest) noexcept {
  // Multiplicative hashing with a secret odd number: the best mixed bits are the highest.
  Entry& entry = entries_[guest.value() * seed_ >> shift_];
  if (entry.mac != guest.value()) entry = {guest.value(), 0};
  return entry;
}

void GuestCredit::earn(net::MacAddress guest, std::uint32_t bytes) noexcept {
  Entry& e = entry(guest);
  e.credit = std::min<std::uint64_t>(e.credit + bytes, kMaxCredit);
}

bool GuestCredit::spend(net::MacAddress guest, std::uint32_t bytes) noexcept {
  Entry& e = entry(guest);
  if (e.credit < bytes) return false;
  e.credit -= bytes;
  return true;
}

}  // namespace gate511::policy
