// SPDX-License-Identifier: BSD-3-Clause
//
// SipHash-2-4 (Aumasson, Bernstein 2012): the keyed hash of the cookies.
#pragma once

#include <cstdint>
#include <span>

#include "net/bytes.hpp"

namespace gate511::net {

struct SipKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
};

[[nodiscard]] std::uint64_t siphash24(const SipKey& key, ByteView message) noexcept;

}  // namespace gate511::net
