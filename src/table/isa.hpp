// SPDX-License-Identifier: BSD-3-Clause
//
// Which vector instructions the bulk look-up uses. All forms are built; which one runs is chosen at
// start by what the processor has.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace gate511::table {

enum class Isa : std::uint8_t { kPlain, kAvx2, kAvx512 };

inline constexpr std::array kAllIsas{Isa::kPlain, Isa::kAvx2, Isa::kAvx512};

/// True where it is built and this processor runs it.
[[nodiscard]] bool is_supported(Isa isa) noexcept;

/// The widest that is supported and whose registers are no wider than `max_bits`.
[[nodiscard]] Isa widest_isa(unsigned max_bits = 512) noexcept;

[[nodiscard]] constexpr std::string_view name_of(Isa isa) noexcept {
  constexpr std::array<std::string_view, 3> kNames{"plain", "AVX2", "AVX-512"};
  return kNames[static_cast<std::size_t>(isa)];
}

}  // namespace gate511::table
