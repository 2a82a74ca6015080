// SPDX-License-Identifier: BSD-3-Clause
#include "net/checksum.hpp"

#include <cstring>

namespace gate511::net {
namespace {

// RFC 1071, 2(B): the sum does not care for byte order, so native words are added up and the result
// is swapped once. Words of 32 bits in sums of 64 leave their carries there, so none waits for
// another's, and the compiler adds several at once.
using Sums = std::uint64_t __attribute__((vector_size(16)));

std::uint64_t address_sum(const IpAddress& address) noexcept {
  if (address.is_v4()) return (address.low >> 16 & 0xffff) + (address.low & 0xffff);
  std::uint64_t total = 0;
  for (const std::uint64_t word : {address.high, address.low})
    total += (word >> 48) + (word >> 32 & 0xffff) + (word >> 16 & 0xffff) + (word & 0xffff);
  return total;
}

}  // namespace

std::uint64_t sum(ByteView bytes) noexcept {
  constexpr Sums kLow{0xffff'ffff, 0xffff'ffff};
  Sums even{}, odd{};
  std::size_t at = 0;
  for (; at + sizeof(Sums) <= bytes.size(); at += sizeof(Sums)) {
    Sums four;
    std::memcpy(&four, bytes.data() + at, sizeof four);
    even += four & kLow;
    odd += four >> 32;
  }
  const Sums both = even + odd;
  std::uint64_t native = both[0] + both[1];
  for (; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t word;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    native += word;
  }
  if (at < bytes.size()) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data() + at, bytes.size() - at);
    native += word;
  }
  return __builtin_bswap16(fold(native));
}

std::uint64_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::size_t length) noexcept {
  return address_sum(source) + address_sum(destination) + protocol + (length >> 16) +
         (length & 0xffff);
}

}  // namespace gate511::net
