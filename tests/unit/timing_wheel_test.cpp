// SPDX-License-Identifier: BSD-3-Clause
#include "control/timing_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

namespace gate511::control {
namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kStart = 1'234'567 * kMs;
constexpr std::uint64_t kYear = std::uint64_t{365} * 86'400'000 * kMs;

std::vector<std::uint32_t> due(TimingWheel& wheel, std::uint64_t now) {
  std::vector<std::uint32_t> all;
  std::size_t steps = 1'000'000;
  while (const auto timer = wheel.take(now, steps)) all.push_back(*timer);
  EXPECT_FALSE(wheel.has_work(now));
  return all;
}

using List = std::vector<std::uint32_t>;

TEST(TimingWheel, DueAtItsTimeAndOnce) {
  TimingWheel wheel{4, kStart};
  wheel.set(2, kStart + 10 * kMs);
  EXPECT_EQ(due(wheel, kStart + 10 * kMs - 1), List{});
  EXPECT_TRUE(wheel.has_work(kStart + 10 * kMs));
  EXPECT_EQ(due(wheel, kStart + 10 * kMs), List{2});
  EXPECT_EQ(due(wheel, kStart + kYear), List{});
}

TEST(TimingWheel, NeverBeforeItsTime) {
  TimingWheel wheel{1, kStart};
  wheel.set(0, kStart + 1);
  EXPECT_EQ(due(wheel, kStart), List{});
  EXPECT_EQ(due(wheel, kStart + kMs), List{0}) << "a part of a tick is a whole one";
}

TEST(TimingWheel, WhatIsPastIsDueAtOnce) {
  TimingWheel wheel{1, kStart};
  wheel.set(0, 5);
  EXPECT_EQ(due(wheel, kStart), List{0});
}

TEST(TimingWheel, ClearedAndSetAnew) {
  TimingWheel wheel{3, kStart};
  for (const std::uint32_t timer : {0U, 1U, 2U}) wheel.set(timer, kStart + 5 * kMs);
  wheel.clear(1);
  wheel.clear(1);
  wheel.set(2, kStart + 100 * kYear);
  EXPECT_EQ(due(wheel, kStart + 99 * kYear), List{0});
  EXPECT_EQ(due(wheel, kStart + 100 * kYear), List{2});
}

TEST(TimingWheel, FarTimersWaitWithoutWork) {
  TimingWheel wheel{1'000, kStart};
  for (std::uint32_t timer = 0; timer < 1'000; ++timer) wheel.set(timer, kStart + kYear);
  std::size_t steps = 10;
  EXPECT_FALSE(wheel.take(kStart + 3'600'000 * kMs, steps));
  EXPECT_EQ(steps, 10U) << "no timer was touched";
}

TEST(TimingWheel, ManyOfOneTimeComeInSlices) {
  TimingWheel wheel{10'000, kStart};
  for (std::uint32_t timer = 0; timer < 10'000; ++timer)
    wheel.set(timer, kStart + 86'400'000 * kMs);
  const std::uint64_t now = kStart + 86'400'000 * kMs;
  std::size_t taken = 0;
  std::size_t slices = 0;
  for (; wheel.has_work(now); ++slices) {
    std::size_t steps = 100;
    while (wheel.take(now, steps)) ++taken;
    ASSERT_LT(slices, 1'000U);
  }
  EXPECT_EQ(taken, 10'000U);
  EXPECT_GE(slices, 200U) << "each is moved at least once, then taken";
}

TEST(TimingWheel, ChangedWhileOnItsWay) {
  TimingWheel wheel{3, kStart};
  const std::uint64_t later = kStart + 86'400'000 * kMs;
  for (const std::uint32_t timer : {0U, 1U, 2U}) wheel.set(timer, later);
  std::size_t steps = 1;
  EXPECT_FALSE(wheel.take(later, steps));  // they are on their way down now
  wheel.clear(0);
  wheel.set(1, later + 5 * kMs);
  EXPECT_EQ(due(wheel, later), List{2});
  EXPECT_EQ(due(wheel, later + 5 * kMs), List{1});
}

/// Against a list in order of time.
TEST(TimingWheel, AsAListWouldHaveIt) {
  constexpr std::uint32_t kTimers = 200;
  std::mt19937_64 random{511};
  TimingWheel wheel{kTimers, kStart};
  std::map<std::uint32_t, std::uint64_t> set;
  std::uint64_t now = kStart;
  for (int round = 0; round < 20'000; ++round) {
    const auto timer = static_cast<std::uint32_t>(random() % kTimers);
    if (random() % 4 == 0) {
      wheel.clear(timer);
      set.erase(timer);
    } else {
      set[timer] = now + random() % (std::uint64_t{1} << random() % 40) * kMs;
      wheel.set(timer, set[timer]);
    }
    if (random() % 3 != 0) continue;
    now += random() % (std::uint64_t{1} << random() % 26) * kMs;
    List wanted;
    for (const auto& [one, at] : set)
      if (at <= now) wanted.push_back(one);
    for (const std::uint32_t one : wanted) set.erase(one);
    List got = due(wheel, now);
    std::sort(got.begin(), got.end());
    ASSERT_EQ(got, wanted) << round;
  }
}

}  // namespace
}  // namespace gate511::control
