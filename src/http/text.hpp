// SPDX-License-Identifier: BSD-3-Clause
//
// Text as HTTP compares it: ASCII, letters in any case.
#pragma once

#include <algorithm>
#include <string_view>

namespace gate511::http {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
}

constexpr bool equal_any_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// Without the white space around it: OWS of RFC 9110, 5.6.3.
constexpr std::string_view trim(std::string_view text) noexcept {
  const auto is_ows = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_ows(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_ows(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace gate511::http
