// SPDX-License-Identifier: BSD-3-Clause
//
// How lines for operators look, and which there are.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace gate511::logging {

enum class Format : std::uint8_t {
  kAuto,     ///< the journal where standard error is its, else text
  kText,     ///< `PROGRAM: TEXT`
  kJson,     ///< one object a line
  kJournal,  ///< systemd's journal, with fields of our own
};
inline constexpr std::array<std::string_view, 4> kFormatNames{"auto", "text", "json", "journal"};

/// The worse, the lower.
enum class Level : std::uint8_t { kError, kWarning, kInfo };
inline constexpr std::array<std::string_view, 3> kLevelNames{"error", "warning", "info"};

/// What a program's configuration says of its lines.
struct Options {
  Format format = Format::kAuto;
  Level level = Level::kInfo;

  bool operator==(const Options&) const = default;
};

}  // namespace gate511::logging
