// SPDX-License-Identifier: BSD-3-Clause
#include "net/mac.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace gate511::net {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<MacAddress> parse_mac(std::string_view text) {
  constexpr std::size_t kOctets = 6;
  if (text.size() != kOctets * 3 - 1) return std::nullopt;
  const char separator = text[2];
  if (separator != ':' && separator != '-') return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t octet = 0; octet < kOctets; ++octet) {
    const std::size_t at = octet * 3;
    const int high = hex_digit(text[at]);
    const int low = hex_digit(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    if (octet + 1 < kOctets && text[at + 2] != separator) return std::nullopt;
    value = value << 8 | static_cast<std::uint64_t>(high * 16 + low);
  }
  return MacAddress{value};
}

std::string to_string(MacAddress mac) {
  const std::uint64_t v = mac.value();
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", v >> 40 & 0xff, v >> 32 & 0xff,
                     v >> 24 & 0xff, v >> 16 & 0xff, v >> 8 & 0xff, v & 0xff);
}

}  // namespace gate511::net
