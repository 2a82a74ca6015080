// SPDX-License-Identifier: BSD-3-Clause
//
// What clang-tidy is to find: part of no program, read by `scripts/test tidy` alone.
#include "faults.hpp"

#include <string>
#include <vector>

std::size_t copies(std::vector<std::string> given) {  // performance-unnecessary-value-param
  return given.size();
}

int divides(int given, bool is_some) {
  int by = 1;
  if (!is_some) by = 0;
  return given / by;  // clang-analyzer-core.DivideZero
}
