// SPDX-License-Identifier: BSD-3-Clause
//
// Big-endian loads and stores at a byte offset. The caller has checked the bounds: the parser does
// it once per header, not once per field.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace gate511::net {

using ByteView = std::span<const std::byte>;
using ByteSpan = std::span<std::byte>;

template <typename Unsigned>
[[nodiscard]] inline Unsigned load_be(ByteView bytes, std::size_t at) noexcept {
  assert(at + sizeof(Unsigned) <= bytes.size());
  Unsigned value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  if constexpr (sizeof value == 1) return value;
  if constexpr (sizeof value == 2) return __builtin_bswap16(value);
  if constexpr (sizeof value == 4) return __builtin_bswap32(value);
  if constexpr (sizeof value == 8) return __builtin_bswap64(value);
}

template <typename Unsigned>
inline void store_be(ByteSpan bytes, std::size_t at, Unsigned value) noexcept {
  assert(at + sizeof(Unsigned) <= bytes.size());
  if constexpr (sizeof value == 2) value = __builtin_bswap16(value);
  if constexpr (sizeof value == 4) value = __builtin_bswap32(value);
  if constexpr (sizeof value == 8) value = __builtin_bswap64(value);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

[[nodiscard]] inline std::uint8_t load_u8(ByteView bytes, std::size_t at) noexcept {
  return load_be<std::uint8_t>(bytes, at);
}
[[nodiscard]] inline std::uint16_t load_be16(ByteView bytes, std::size_t at) noexcept {
  return load_be<std::uint16_t>(bytes, at);
}
[[nodiscard]] inline std::uint32_t load_be32(ByteView bytes, std::size_t at) noexcept {
  return load_be<std::uint32_t>(bytes, at);
}

/// 48 bits in network order, as the low 48 bits of the result.
[[nodiscard]] inline std::uint64_t load_be48(ByteView bytes, std::size_t at) noexcept {
  return std::uint64_t{load_be16(bytes, at)} << 32 | load_be32(bytes, at + 2);
}
inline void store_be48(ByteSpan bytes, std::size_t at, std::uint64_t value) noexcept {
  store_be(bytes, at, static_cast<std::uint16_t>(value >> 32));
  store_be(bytes, at + 2, static_cast<std::uint32_t>(value));
}

/// Copies `source` to `bytes[at...]`.
inline void store_bytes(ByteSpan bytes, std::size_t at, ByteView source) noexcept {
  assert(at + source.size() <= bytes.size());
  if (!source.empty()) std::memcpy(bytes.data() + at, source.data(), source.size());
}

[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span{text});
}

static_assert(std::endian::native == std::endian::little,
              "load_be swaps: little-endian hosts only");

}  // namespace gate511::net
