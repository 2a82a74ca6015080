// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/line_reader.hpp"

namespace gate511::ctl {

std::optional<LineReader::Line> LineReader::next() {
  for (;;) {
    text_.clear();
    bool any = false;
    bool is_too_long = false;
    bool blank = true;
    int c = 0;
    while ((c = ::getc_unlocked(file_)) != EOF) {
      any = true;
      ++bytes_;
      if (c == '\n') break;
      blank = blank && (c == ' ' || c == '\t' || c == '\r');
      if (text_.size() < kMaxLine) {
        text_.push_back(static_cast<char>(c));
      } else {
        is_too_long = true;
      }
    }
    if (!any) return std::nullopt;
    ++number_;
    if (!blank) return Line{number_, text_, is_too_long};
  }
}

}  // namespace gate511::ctl
