// SPDX-License-Identifier: BSD-3-Clause
//
// For targets whose helpers expect as unit tests do: what fails ends the target.
#include <gtest/gtest.h>

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  testing::InitGoogleTest(argc, *argv);
  GTEST_FLAG_SET(throw_on_failure, true);
  return 0;
}
