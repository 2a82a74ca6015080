// SPDX-License-Identifier: BSD-3-Clause
#include "portal/store/guessing.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "portal/store/vouchers.hpp"

namespace gate511::portal {

double codes_like(std::string_view code) noexcept {
  constexpr double kDigits = 10, kAll = 33;  // O is 0, I and L are 1
  const std::string key = code_key(code);
  const bool has_digits_alone =
      std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
  return std::pow(has_digits_alone ? kDigits : kAll, static_cast<double>(key.size()));
}

std::uint64_t seconds_to_guess(double kind, std::uint64_t good,
                               const Limiter::Limits& limits) noexcept {
  const double each_s =
      static_cast<double>(limits.window.count()) / static_cast<double>(limits.of_all);
  return static_cast<std::uint64_t>(kind / static_cast<double>(std::max<std::uint64_t>(good, 1)) *
                                    each_s);
}

}  // namespace gate511::portal
