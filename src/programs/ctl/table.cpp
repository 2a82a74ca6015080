// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/table.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace gate511::ctl {
namespace {

constexpr std::size_t kLeast = 4;  ///< columns that a column keeps
constexpr std::size_t kGap = 2;
constexpr std::string_view kEllipsis = "…";

struct Character {
  std::size_t bytes;  ///< at least 1
  std::size_t columns;
  bool good;  ///< UTF-8, and no control character
};

/// Ranges of characters that take two columns: Hangul, CJK, full-width forms, emoji.
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 8> kWide{{{0x1100, 0x115f},
                                                                        {0x2e80, 0xa4cf},
                                                                        {0xac00, 0xd7a3},
                                                                        {0xf900, 0xfaff},
                                                                        {0xfe30, 0xfe6f},
                                                                        {0xff00, 0xff60},
                                                                        {0x1f300, 0x1faff},
                                                                        {0x20000, 0x3fffd}}};
/// And those that take none, or turn the direction of writing.
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 4> kNone{
    {{0x300, 0x36f}, {0x200b, 0x200d}, {0xfe00, 0xfe0f}, {0x20d0, 0x20ff}}};
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 9> kControl{{{0, 0x1f},
                                                                           {0x7f, 0x9f},
                                                                           {0x61c, 0x61c},
                                                                           {0x180e, 0x180e},
                                                                           {0x200e, 0x200f},
                                                                           {0x2028, 0x202e},
                                                                           {0x2060, 0x206f},
                                                                           {0xfeff, 0xfeff},
                                                                           {0xe0000, 0xe0fff}}};

template <std::size_t kSize>
bool is_in(const std::array<std::pair<std::uint32_t, std::uint32_t>, kSize>& ranges,
           std::uint32_t code) {
  return std::any_of(ranges.begin(), ranges.end(), [code](const auto& range) {
    return code >= range.first && code <= range.second;
  });
}

/// The first character of `text`, which is not empty.
Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (size > text.size() || (lead >= 0x80 && lead < 0xc2) || lead > 0xf4) return {1, 1, false};
  std::uint32_t code = size == 1 ? lead : lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {1, 1, false};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  if (is_in(kControl, code)) return {size, 1, false};
  return {size, is_in(kNone, code) ? 0U : is_in(kWide, code) ? 2U : 1U, true};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character first = first_of(text);
    width += first.columns;
    text.remove_prefix(first.bytes);
  }
  return width;
}

std::string harmless(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  while (!text.empty()) {
    const Character first = first_of(text);
    made += first.good ? text.substr(0, first.bytes) : "?";
    text.remove_prefix(first.bytes);
  }
  return made;
}

std::string clipped(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string{text};
  if (width == 0) return {};
  std::string made;
  for (std::size_t used = 1; !text.empty();) {
    const Character first = first_of(text);
    used += first.columns;
    if (used > width) break;
    made += text.substr(0, first.bytes);
    text.remove_prefix(first.bytes);
  }
  return made.append(kEllipsis);
}

Table::Table(std::vector<Column> columns, std::size_t width)
    : columns_{std::move(columns)}, width_{width} {
  for (const Column& column : columns_) widths_.push_back(display_width(column.head));
}

/// Takes from the widest column that may be clipped until all fit.
void Table::fit() {
  if (width_ == 0) return;
  const auto needed = [this] {
    std::size_t sum = kGap * (widths_.size() - 1);
    for (const std::size_t width : widths_) sum += width;
    return sum;
  };
  while (needed() > width_) {
    std::size_t widest = widths_.size();
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      if (columns_[i].rigid || columns_[i].right || widths_[i] <= kLeast) continue;
      if (widest == widths_.size() || widths_[i] > widths_[widest]) widest = i;
    }
    if (widest == widths_.size()) return;
    --widths_[widest];
  }
}

std::string Table::line(const Row& row) const {
  std::string made;
  for (std::size_t i = 0; i < row.size() && i < widths_.size(); ++i) {
    const bool may_clip = width_ != 0 && !columns_[i].rigid && !columns_[i].right;
    const std::string cell = may_clip ? clipped(row[i], widths_[i]) : row[i];
    const std::string space(widths_[i] - std::min(display_width(cell), widths_[i]), ' ');
    if (i != 0) made.append(kGap, ' ');
    made += columns_[i].right ? space + cell : cell + space;
  }
  made.erase(made.find_last_not_of(' ') + 1);
  return (width_ == 0 ? made : clipped(made, width_)) + "\n";
}

std::string Table::part(const std::vector<Row>& rows) {
  std::vector<Row> cells;
  cells.reserve(rows.size());
  for (const Row& row : rows) {
    Row& made = cells.emplace_back();
    for (const std::string& cell : row) made.push_back(harmless(cell));
  }
  std::string text;
  if (!std::exchange(has_heads_, true)) {
    for (const Row& row : cells) {
      for (std::size_t i = 0; i < row.size() && i < widths_.size(); ++i)
        widths_[i] = std::max(widths_[i], display_width(row[i]));
    }
    fit();
    Row heads;
    for (const Column& column : columns_) heads.push_back(column.head);
    text = line(heads);
  }
  for (const Row& row : cells) text += line(row);
  return text;
}

std::string table(std::vector<Column> columns, const std::vector<Row>& rows, std::size_t width) {
  return Table{std::move(columns), width}.part(rows);
}

}  // namespace gate511::ctl
