// SPDX-License-Identifier: BSD-3-Clause
#include "logging/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <utility>

namespace gate511::logging {
namespace {

constexpr std::uint32_t kNone = ~std::uint32_t{0};

struct Character {
  std::uint32_t code;  ///< kNone: no UTF-8 (RFC 3629)
  std::size_t bytes;   ///< at least 1
};

Character first_of(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(text[i])};
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || bytes > text.size()) return {kNone, 1};
  std::uint32_t code = lead & (0xffU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {kNone, 1};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x1'0000};
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kLeast.at(bytes) || code > 0x10'ffff || is_surrogate) return {kNone, 1};
  return {code, bytes};
}

/// Ranges that are not printed: controls, separators, formats (Unicode's Cc, Zl, Zp, Cf).
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 12> kUnseen{{{0, 0x1f},
                                                                           {0x7f, 0x9f},
                                                                           {0xad, 0xad},
                                                                           {0x600, 0x605},
                                                                           {0x61c, 0x61c},
                                                                           {0x180e, 0x180e},
                                                                           {0x200b, 0x200f},
                                                                           {0x2028, 0x202e},
                                                                           {0x2060, 0x206f},
                                                                           {0xfeff, 0xfeff},
                                                                           {0xfff9, 0xfffb},
                                                                           {0xe0000, 0xe0fff}}};

bool is_unseen(std::uint32_t code) {
  return std::ranges::any_of(
      kUnseen, [code](const auto& range) { return code >= range.first && code <= range.second; });
}

void append_escape(std::string& out, std::uint32_t code) {
  constexpr std::uint32_t kOneByte = 0x80;
  if (code == '\n') {
    out += "\\n";
  } else if (code < kOneByte) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", code);
  } else {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character first = first_of(text);
    if (first.code == kNone) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (is_unseen(first.code)) {
      append_escape(out, first.code);
    } else {
      out += text.substr(0, first.bytes);
    }
    text.remove_prefix(first.bytes);
  }
  return out;
}

}  // namespace gate511::logging
