// SPDX-License-Identifier: BSD-3-Clause
#include "radius/mac_form.hpp"

#include <cctype>

namespace gate511::radius {
namespace {

constexpr std::size_t kDigits = 12;

char as(char digit, bool is_upper) {
  const auto byte = static_cast<unsigned char>(digit);
  return static_cast<char>(is_upper ? std::toupper(byte) : std::tolower(byte));
}

/// With `between` behind each two digits; '\0': nothing.
std::string joined(std::string_view digits, char between, bool is_upper) {
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (between != '\0' && i > 0 && i % 2 == 0) text += between;
    text += as(digits[i], is_upper);
  }
  return text;
}

std::string digits_of(std::string_view mac) {
  std::string digits;
  for (const char c : mac) {
    if (std::isxdigit(static_cast<unsigned char>(c)) != 0) digits += c;
  }
  return digits;
}

}  // namespace

std::string written(std::string_view mac, MacForm form) {
  const bool is_upper = form == MacForm::kUpperDashes || form == MacForm::kUpperColons ||
                        form == MacForm::kUpperPlain;
  char between = '\0';
  if (form == MacForm::kUpperDashes || form == MacForm::kLowerDashes) between = '-';
  if (form == MacForm::kUpperColons || form == MacForm::kLowerColons) between = ':';
  return joined(digits_of(mac), between, is_upper);
}

std::optional<std::string> read_mac(std::string_view text) {
  const std::string digits = digits_of(text);
  if (digits.size() != kDigits) return std::nullopt;
  for (const char between : {'-', ':', '\0'}) {
    if (joined(text, '\0', false) == joined(digits, between, false))
      return joined(digits, ':', false);
  }
  return std::nullopt;
}

}  // namespace gate511::radius
