// SPDX-License-Identifier: BSD-3-Clause
#include "control/mac_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gate511::control {
namespace {

constexpr std::size_t kDigits = 12;

bool is_same(char a, char lower) {
  return a == lower || (a >= 'A' && a <= 'F' && a - 'A' + 'a' == lower);
}

/// Of the form with `between` after every `group` digits that `text` begins with; 0: it does not.
std::size_t size_of_form(std::string_view text, std::string_view digits, std::size_t group,
                         char between) {
  const std::size_t size = kDigits + (kDigits / group - 1) * (group == kDigits ? 0 : 1);
  if (text.size() < size) return 0;
  std::size_t at = 0;
  for (std::size_t digit = 0; digit < kDigits; ++digit) {
    if (digit > 0 && digit % group == 0 && text[at++] != between) return 0;
    if (!is_same(text[at++], digits[digit])) return 0;
  }
  return size;
}

}  // namespace

std::size_t find_mac(std::string_view text, net::MacAddress mac, std::size_t from,
                     std::size_t& size) {
  const std::string digits = fmt::format("{:012x}", mac.value());
  for (std::size_t at = from; at + kDigits <= text.size(); ++at) {
    if (!is_same(text[at], digits[0]) || !is_same(text[at + 1], digits[1])) continue;
    const std::string_view rest = text.substr(at);
    size = std::max({size_of_form(rest, digits, 2, ':'), size_of_form(rest, digits, 2, '-'),
                     size_of_form(rest, digits, 4, '.'), size_of_form(rest, digits, kDigits, 0)});
    if (size > 0) return at;
  }
  return std::string_view::npos;
}

std::string without_digits(std::string_view form) {
  std::string mark{form};
  std::ranges::replace_if(
      mark, [](char c) { return c != ':' && c != '-' && c != '.'; }, '0');
  return mark;
}

}  // namespace gate511::control
