// SPDX-License-Identifier: BSD-3-Clause
//
// What is known of the terminal, if there is one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gate511::ctl {

struct Size {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

[[nodiscard]] bool is_terminal(int fd);
/// As the kernel has it, else COLUMNS and LINES, else 80 by 24.
[[nodiscard]] Size terminal_size(int fd);
/// For tables on standard output: its columns, or 0, no limit, where that is no terminal.
[[nodiscard]] std::size_t output_width();
/// Colours are for terminals alone, and not where NO_COLOR is set (no-color.org) or TERM is dumb.
[[nodiscard]] bool has_colour(int fd);

/// `text` in a colour (an SGR parameter such as "31") where `on`.
[[nodiscard]] std::string coloured(std::string_view text, const char* sgr, bool on);

}  // namespace gate511::ctl
