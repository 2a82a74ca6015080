// SPDX-License-Identifier: BSD-3-Clause
//
// Huge pages that EAL keeps in files, so that dpdk-dumpcap can open them: PREFIX, process ID and
// `map_` are the begin of their names. EAL leaves them behind, and the pages with them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gate511::dataplane {

/// Where hugetlbfs is mounted.
[[nodiscard]] std::vector<std::string> hugetlbfs_mounts();

/// Removes those of processes that are no more; what cannot be removed, or is in use, stays.
void remove_huge_files_of_ended(std::string_view prefix);

/// Those that this process has open.
class HugeFiles {
 public:
  HugeFiles() = default;
  HugeFiles(HugeFiles&& other) noexcept {
    paths_.swap(other.paths_);
    fds_.swap(other.fds_);
  }
  HugeFiles& operator=(HugeFiles&&) = delete;
  ~HugeFiles();

  [[nodiscard]] static HugeFiles of_this_process(std::string_view prefix);
  /// Once nothing uses their memory any more: removes them; where that is root's, empties them.
  void give_back();

 private:
  std::vector<std::string> paths_;
  std::vector<int> fds_;
};

}  // namespace gate511::dataplane
