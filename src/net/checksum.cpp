// SPDX-License-Identifier: BSD-3-Clause
#include "net/checksum.hpp"

#include <cstring>

namespace gate511::net {
namespace {

// RFC 1071, 2(B): the sum does not care for byte order, so whole native words are added up with
// their carries and the result is swapped once.
std::uint64_t add_carry(std::uint64_t a, std::uint64_t b) noexcept {
  const std::uint64_t result = a + b;
  return result + (result < a ? 1 : 0);
}

std::uint64_t address_sum(const IpAddress& address) noexcept {
  if (address.is_v4()) return (address.low >> 16 & 0xffff) + (address.low & 0xffff);
  std::uint64_t total = 0;
  for (const std::uint64_t word : {address.high, address.low})
    total += (word >> 48) + (word >> 32 & 0xffff) + (word >> 16 & 0xffff) + (word & 0xffff);
  return total;
}

}  // namespace

std::uint64_t sum(ByteView bytes) noexcept {
  std::uint64_t native = 0;
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    native = add_carry(native, word);
  }
  if (at < bytes.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, bytes.size() - at);
    native = add_carry(native, word);
  }
  return __builtin_bswap16(fold(native));
}

std::uint64_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::size_t length) noexcept {
  return address_sum(source) + address_sum(destination) + protocol + (length >> 16) +
         (length & 0xffff);
}

}  // namespace gate511::net
