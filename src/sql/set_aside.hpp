// SPDX-License-Identifier: BSD-3-Clause
//
// What becomes of a database that is damaged: it goes out of the way under another name, and stays
// there for who wants to know what happened.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gate511::sql {

/// The file, and its write-ahead log. Its new name, `PATH.damaged-TIME` with unix time. Throws
/// std::filesystem::filesystem_error.
std::string set_aside(const std::string& path, std::uint64_t unix_s);

struct SetAside {
  std::string path;
  std::uint64_t unix_s;
};
/// Those that are there, and their logs.
[[nodiscard]] std::vector<SetAside> files_set_aside(const std::string& path);

}  // namespace gate511::sql
