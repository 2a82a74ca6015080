// SPDX-License-Identifier: BSD-3-Clause
//
// Times as people write them.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gate511::ctl {

/// `90`, `90s`, `15m`, `1h`, `7d` in seconds.
[[nodiscard]] inline std::optional<std::uint64_t> parse_duration(std::string_view text) {
  constexpr std::uint64_t kMaxCount = 1'000'000'000'000;  // times a day fits 64 bits
  std::uint64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || count > kMaxCount) return std::nullopt;
  const std::string_view rest{unit, static_cast<std::size_t>(end - unit)};
  if (rest.empty() || rest == "s") return count;
  if (rest == "m") return count * 60;
  if (rest == "h") return count * 3'600;
  if (rest == "d") return count * 86'400;
  return std::nullopt;
}

}  // namespace gate511::ctl
