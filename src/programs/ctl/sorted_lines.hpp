// SPDX-License-Identifier: BSD-3-Clause
//
// Any number of lines, sorted in bounded memory: runs that fill a buffer are sorted and put into
// temporary files, which are merged.
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gate511/error.hpp"

namespace gate511::ctl {

class SortedLines {
 public:
  /// Bytes of text kept in memory before a run is written out.
  static constexpr std::size_t kRun = 32 << 20;
  explicit SortedLines(std::size_t run = kRun) : run_{run} {}

  /// A line without a newline.
  [[nodiscard]] tl::expected<void, Error> add(std::string line);
  /// Gives all lines in order, each with its newline, until `write` gives false. Once.
  [[nodiscard]] tl::expected<void, Error> each(
      const std::function<bool(const std::string& line)>& write);

 private:
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  [[nodiscard]] tl::expected<void, Error> spill();

  std::size_t run_;
  std::size_t held_ = 0;
  std::vector<std::string> lines_;
  std::vector<File> runs_;
};

}  // namespace gate511::ctl
