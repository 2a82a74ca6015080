// SPDX-License-Identifier: BSD-3-Clause
#include "control/memory_reserve.hpp"

#include <gtest/gtest.h>

#include <new>
#include <thread>

namespace gate511::control {
namespace {

/// As operator new calls it where malloc fails.
void fail_to_allocate() {
  std::get_new_handler()();
}

TEST(MemoryReserve, IsGivenBackOnceAndTakenAgain) {
  MemoryReserve reserve;
  EXPECT_TRUE(reserve.is_whole());
  fail_to_allocate();
  EXPECT_FALSE(reserve.is_whole());
  EXPECT_THROW(fail_to_allocate(), std::bad_alloc);
  EXPECT_TRUE(reserve.refill());
  EXPECT_TRUE(reserve.is_whole());
  fail_to_allocate();
  EXPECT_FALSE(reserve.is_whole());
}

TEST(MemoryReserve, IsForAllThreadsThatFailAtOnce) {
  const MemoryReserve reserve;
  fail_to_allocate();
  // This one's malloc had failed before the first gave anything back.
  std::jthread{[] {
    EXPECT_NO_THROW(fail_to_allocate());
    EXPECT_THROW(fail_to_allocate(), std::bad_alloc);
  }}.join();
  EXPECT_THROW(fail_to_allocate(), std::bad_alloc);
}

TEST(MemoryReserve, LeavesNoHandlerBehind) {
  { const MemoryReserve reserve; }
  EXPECT_EQ(std::get_new_handler(), nullptr);
}

}  // namespace
}  // namespace gate511::control
