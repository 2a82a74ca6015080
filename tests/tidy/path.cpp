// SPDX-License-Identifier: BSD-3-Clause
//
// What the analyzer is to find, which looks at files alone that have no other fault.
#include <string>

int divides(int given, bool is_some) {
  int by = 1;
  if (!is_some) by = 0;
  return given / by;  // clang-analyzer-core.DivideZero
}
