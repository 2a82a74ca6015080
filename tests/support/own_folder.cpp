// SPDX-License-Identifier: BSD-3-Clause
//
// Linked into a test program, makes it run in a folder of its own: what is opened by a name alone
// leaves nothing where the tests were started.
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temp_folder.hpp"

namespace {

class OwnFolder final : public testing::Environment {
 public:
  void SetUp() override { ASSERT_EQ(::chdir(folder_.text().c_str()), 0); }
  void TearDown() override { ASSERT_EQ(::chdir("/"), 0); }

 private:
  gate511::test::TempFolder folder_;
};

// GoogleTest takes it and deletes it.
[[maybe_unused]] const auto* const kRegistered = testing::AddGlobalTestEnvironment(new OwnFolder);

}  // namespace
