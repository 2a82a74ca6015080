// SPDX-License-Identifier: BSD-3-Clause
//
// Whether codes can be found by trying.
#pragma once

#include <cstdint>
#include <string_view>

#include "portal/web/limiter.hpp"

namespace gate511::portal {

/// Fewer codes of a kind than this are soon tried: eight characters of our own.
inline constexpr double kEnoughCodes = 656'100'000'000;  // 30 to the power of 8

/// How many codes there are as long as this one, of digits where it is of digits alone, else of
/// all characters that code_key() tells apart. 1: it is no code.
[[nodiscard]] double codes_like(std::string_view code) noexcept;

/// Seconds until one of `good` codes of `kind` is found, on average, by as many failures as all
/// clients together are let have.
[[nodiscard]] std::uint64_t seconds_to_guess(double kind, std::uint64_t good,
                                             const Limiter::Limits& limits) noexcept;

}  // namespace gate511::portal
