// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/base64.hpp"

#include <array>
#include <cstdint>

namespace gate511::ctl {
namespace {

constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xff;

constexpr auto kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNone);
  for (std::size_t i = 0; i < kLetters.size(); ++i)
    values[static_cast<unsigned char>(kLetters[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

}  // namespace

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool is_last = i + 4 == text.size();
    std::uint32_t four = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const bool is_padding = is_last && k >= 4 - padding;
      const std::uint8_t value =
          is_padding ? 0 : kValues.at(static_cast<unsigned char>(text[i + k]));
      if (value == kNone) return std::nullopt;
      four = four << 6 | value;
    }
    for (std::size_t k = 0; k < 3 - (is_last ? padding : 0); ++k)
      out += static_cast<char>(four >> (16 - 8 * k));
  }
  return out;
}

}  // namespace gate511::ctl
