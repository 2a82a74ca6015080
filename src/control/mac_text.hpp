// SPDX-License-Identifier: BSD-3-Clause
//
// A MAC where it stands in text that people and other programs wrote.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "net/mac.hpp"

namespace gate511::control {

/// Of the longest form that find_mac() finds.
inline constexpr std::size_t kLongestMac = 17;

/// Where the MAC begins in `text` from `from` on, in any form of either case: with colons or
/// hyphens between octets, dots between groups of four digits, or nothing. `size`: of that form.
/// npos: nowhere.
[[nodiscard]] std::size_t find_mac(std::string_view text, net::MacAddress mac, std::size_t from,
                                   std::size_t& size);

/// What stands for a MAC that was forgotten, and is no station's: all its digits 0, what stands
/// between them as it is.
[[nodiscard]] std::string without_digits(std::string_view form);

}  // namespace gate511::control
