// SPDX-License-Identifier: BSD-3-Clause
//
// SipHash-2-4 (Aumasson, Bernstein 2012): the keyed hash of the cookies.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/bytes.hpp"

namespace gate511::net {

struct SipKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
};

[[nodiscard]] std::uint64_t siphash24(const SipKey& key, ByteView message) noexcept;

/// The steps of the hash, for who has its message in words already.
class SipState {
 public:
  explicit SipState(const SipKey& key) noexcept
      : v0{key.k0 ^ 0x736f6d6570736575},
        v1{key.k1 ^ 0x646f72616e646f6d},
        v2{key.k0 ^ 0x6c7967656e657261},
        v3{key.k1 ^ 0x7465646279746573} {}

  void absorb(std::uint64_t word) noexcept {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  /// `last`: the length in its high octet, and what is left of the message below.
  [[nodiscard]] std::uint64_t finish(std::uint64_t last) noexcept {
    absorb(last);
    v2 ^= 0xff;
    for (int i = 0; i < 4; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }

 private:
  void round() noexcept {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  std::uint64_t v0, v1, v2, v3;
};

/// The same of a message of whole words, as they lie in memory.
template <std::size_t N>
[[nodiscard]] std::uint64_t siphash24(const SipKey& key,
                                      const std::array<std::uint64_t, N>& words) noexcept {
  SipState state{key};
  for (const std::uint64_t word : words) state.absorb(word);
  return state.finish(std::uint64_t{N * sizeof(std::uint64_t)} << 56);
}

}  // namespace gate511::net
