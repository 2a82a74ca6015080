// SPDX-License-Identifier: BSD-3-Clause
//
// Aligned columns that fit the terminal. Text from elsewhere is made harmless on its way: no
// control character reaches the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gate511::ctl {

/// Columns that a terminal needs for UTF-8: two for wide characters, none for combining ones.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// Control characters, and bytes that are not UTF-8, become `?`.
[[nodiscard]] std::string harmless(std::string_view text);
/// At most `width` columns, with an ellipsis where something is left out.
[[nodiscard]] std::string clipped(std::string_view text, std::size_t width);

struct Column {
  std::string head;
  bool right = false;  ///< numbers
  bool rigid = false;  ///< never clipped, such as a MAC
};
using Row = std::vector<std::string>;

/// Prints rows as they come: the first part fixes the columns, so that memory stays bounded.
class Table {
 public:
  /// `width`: of the terminal in columns; 0: no limit.
  Table(std::vector<Column> columns, std::size_t width);
  /// The lines of these rows, the heads before the first.
  [[nodiscard]] std::string part(const std::vector<Row>& rows);

 private:
  void fit();
  [[nodiscard]] std::string line(const Row& row) const;

  std::vector<Column> columns_;
  std::size_t width_;
  std::vector<std::size_t> widths_;
  bool has_heads_ = false;
};

[[nodiscard]] std::string table(std::vector<Column> columns, const std::vector<Row>& rows,
                                std::size_t width);

}  // namespace gate511::ctl
