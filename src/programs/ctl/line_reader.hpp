// SPDX-License-Identifier: BSD-3-Clause
//
// Lines of a file or a pipe, of any number and in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace gate511::ctl {

/// Reads lines of bounded length.
class LineReader {
 public:
  static constexpr std::size_t kMaxLine = 64 << 10;

  /// `file` stays the caller's.
  explicit LineReader(std::FILE* file) : file_{file} {}

  struct Line {
    std::uint64_t number = 0;  ///< from 1
    std::string_view text;     ///< without its end; valid until the next call
    bool is_too_long = false;  ///< `text` is its beginning
  };
  /// Lines without anything but spaces are passed over. nullopt: that was all.
  [[nodiscard]] std::optional<Line> next();
  /// What has been read, for a progress bar.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t lines() const { return number_; }
  /// Reading failed, rather than ended.
  [[nodiscard]] bool has_failed() const { return std::ferror(file_) != 0; }

 private:
  std::FILE* file_;
  std::string text_;
  std::uint64_t number_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace gate511::ctl
