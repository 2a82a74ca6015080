// SPDX-License-Identifier: BSD-3-Clause
//
// Read from sysfs and procfs.
#include "dataplane/machine.hpp"

#include <cstdint>
#include <fstream>
#include <limits>
#include <string>

namespace gate511::dataplane {

std::size_t free_huge_page_mib() {
  std::size_t mib = 0;
  for (const auto& [name, page_mib] : {std::pair{"2048kB", 2}, {"1048576kB", 1024}}) {
    std::ifstream file{std::string{"/sys/kernel/mm/hugepages/hugepages-"} + name +
                       "/free_hugepages"};
    std::size_t pages = 0;
    if (file >> pages) mib += pages * static_cast<std::size_t>(page_mib);
  }
  return mib;
}

std::size_t available_memory_mib() {
  std::ifstream file{"/proc/meminfo"};
  std::string word;
  while (file >> word) {
    std::size_t kib = 0;
    if (word == "MemAvailable:" && file >> kib) return kib / 1024;
  }
  return std::numeric_limits<std::size_t>::max();  // unknown: let the allocation tell
}

}  // namespace gate511::dataplane
