// SPDX-License-Identifier: BSD-3-Clause
//
// What clang-tidy is to find: part of no program, read by `scripts/test tidy` alone.
#include "faults.hpp"

#include <string>
#include <vector>

std::size_t copies(std::vector<std::string> given) {  // performance-unnecessary-value-param
  return given.size();
}
