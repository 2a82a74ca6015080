// SPDX-License-Identifier: BSD-3-Clause
#include "sql/set_aside.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace gate511::sql {
namespace {

constexpr std::string_view kMark = ".damaged-";

}  // namespace

std::string set_aside(const std::string& path, std::uint64_t unix_s) {
  const std::string first = path + std::string{kMark} + std::to_string(unix_s);
  std::string aside = first;
  for (int i = 2; std::filesystem::exists(aside); ++i) aside = first + "-" + std::to_string(i);
  // What has not reached the file yet goes with it, or the new file would get it.
  if (std::filesystem::exists(path + "-wal"))
    std::filesystem::rename(path + "-wal", aside + "-wal");
  std::filesystem::rename(path, aside);
  return aside;
}

std::vector<SetAside> files_set_aside(const std::string& path) {
  std::vector<SetAside> files;
  const std::filesystem::path file{path};
  const std::string begin = file.filename().string() + std::string{kMark};
  std::error_code failed;
  for (const auto& one : std::filesystem::directory_iterator{file.parent_path(), failed}) {
    const std::string name = one.path().filename().string();
    if (!name.starts_with(begin) || !one.is_regular_file(failed)) continue;
    SetAside found{one.path().string(), 0};
    std::from_chars(name.data() + begin.size(), name.data() + name.size(), found.unix_s);
    files.push_back(std::move(found));
  }
  std::ranges::sort(files, {}, &SetAside::path);
  return files;
}

}  // namespace gate511::sql
