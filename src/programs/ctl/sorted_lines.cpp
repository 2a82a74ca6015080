// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/sorted_lines.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace gate511::ctl {
namespace {

tl::unexpected<Error> no_room() {
  return tl::unexpected{Error{"temporary file", "cannot be written or read", "make room in /tmp"}};
}

/// A run on its way into the merge: its next line.
struct Head {
  std::string line;
  std::FILE* file;

  /// False: the run has ended.
  bool advance() {
    char* text = nullptr;
    std::size_t room = 0;
    const ssize_t size = ::getline(&text, &room, file);
    if (size > 0) line.assign(text, static_cast<std::size_t>(size));
    std::free(text);
    return size > 0;
  }
};

}  // namespace

tl::expected<void, Error> SortedLines::add(std::string line) {
  line.push_back('\n');
  held_ += line.size() + sizeof(std::string);
  lines_.push_back(std::move(line));
  return held_ < run_ ? tl::expected<void, Error>{} : spill();
}

tl::expected<void, Error> SortedLines::spill() {
  std::sort(lines_.begin(), lines_.end());
  File file{std::tmpfile(), std::fclose};
  if (!file) return no_room();
  for (const std::string& line : lines_) std::fwrite(line.data(), 1, line.size(), file.get());
  if (std::fflush(file.get()) != 0 || std::ferror(file.get()) != 0) return no_room();
  std::rewind(file.get());
  runs_.push_back(std::move(file));
  lines_.clear();
  held_ = 0;
  return {};
}

tl::expected<void, Error> SortedLines::each(
    const std::function<bool(const std::string& line)>& write) {
  std::sort(lines_.begin(), lines_.end());
  std::vector<Head> heads;
  for (const File& file : runs_) {
    Head head{{}, file.get()};
    if (head.advance()) heads.push_back(std::move(head));
  }
  const auto later = [](const Head& a, const Head& b) { return a.line > b.line; };
  std::make_heap(heads.begin(), heads.end(), later);
  auto own = lines_.begin();
  while (own != lines_.end() || !heads.empty()) {
    if (heads.empty() || (own != lines_.end() && *own < heads.front().line)) {
      if (!write(*own++)) return {};
      continue;
    }
    std::pop_heap(heads.begin(), heads.end(), later);
    if (!write(heads.back().line)) return {};
    if (heads.back().advance()) {
      std::push_heap(heads.begin(), heads.end(), later);
    } else {
      if (std::ferror(heads.back().file) != 0) return no_room();
      heads.pop_back();
    }
  }
  return {};
}

}  // namespace gate511::ctl
