// SPDX-License-Identifier: BSD-3-Clause
//
// How the budget of requests is shared, by a clock of the test's.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "radius/budget.hpp"

namespace gate511::radius {
namespace {

using namespace std::chrono_literals;

/// Requests that are answered at once, for a time in which `asks` comes each ms.
int asked_in(std::chrono::milliseconds time, Budget& budget, Budget::Time& now,
             const std::function<int(Budget&, Budget::Time)>& ask) {
  int asked = 0;
  for (auto left = time; left.count() > 0; left -= 1ms) {
    now += 1ms;
    asked += ask(budget, now);
  }
  return asked;
}

TEST(RadiusBudget, IsAllOfOneWhoIsAlone) {
  Budget::Time now{1'000s};
  Budget budget{100, 1'000, now};
  const Budget::Segment venue{"venue", 0};
  const auto flood = [&](Budget& its, Budget::Time at) {
    int asked = 0;
    for (int i = 0; i < 5; ++i) {
      if (!its.take(venue, false, at)) continue;
      its.done(venue);
      ++asked;
    }
    return asked;
  };
  asked_in(2s, budget, now, flood);  // what it had saved
  const int asked = asked_in(10s, budget, now, flood);
  EXPECT_GE(asked, 990);
  EXPECT_LE(asked, 1'010);
}

TEST(RadiusBudget, IsSharedByLinksAndVlans) {
  Budget::Time now{1'000s};
  Budget budget{100, 1'000, now};
  const Budget::Segment venue{"venue", 0}, office{"venue", 20}, other{"other", 0};
  int of_office = 0, of_other = 0;
  const auto flood = [&](Budget& its, Budget::Time at) {
    int asked = 0;
    for (int i = 0; i < 5; ++i) asked += its.take(venue, false, at) ? (its.done(venue), 1) : 0;
    return asked;
  };
  asked_in(5s, budget, now, flood);
  const auto all = [&](Budget& its, Budget::Time at) {
    const int asked = flood(its, at);
    // Twenty a second in one place, and as many as there are in another.
    if (at.time_since_epoch() % 50ms == 0ms && its.take(office, false, at)) {
      its.done(office);
      ++of_office;
    }
    if (its.take(other, false, at)) {
      its.done(other);
      ++of_other;
    }
    return asked;
  };
  asked_in(2s, budget, now, all);  // what they had saved
  of_office = of_other = 0;
  const int of_venue = asked_in(10s, budget, now, all);
  EXPECT_GE(of_office, 190) << "all of its twenty a second";
  EXPECT_GE(of_other, 300);
  EXPECT_GE(of_venue, 300);
  EXPECT_LE(of_venue + of_office + of_other, 1'100);
  EXPECT_EQ(budget.shares(), 3U);
  now += 30s;
  EXPECT_TRUE(budget.take(venue, false, now));
  EXPECT_EQ(budget.shares(), 1U) << "who is silent has none";
}

TEST(RadiusBudget, HasRoomForAPlaceThatIsNew) {
  Budget::Time now{1'000s};
  Budget budget{20, 1'000, now};
  const Budget::Segment venue{"venue", 0};
  asked_in(5s, budget, now, [&](Budget& its, Budget::Time at) {
    int asked = 0;
    for (int i = 0; i < 5; ++i) asked += its.take(venue, false, at) ? (its.done(venue), 1) : 0;
    return asked;
  });
  EXPECT_FALSE(budget.take(venue, false, now));
  EXPECT_TRUE(budget.take({"venue", 10}, false, now));
}

TEST(RadiusBudget, KeepsSomeForThoseWhoWereAcceptedBefore) {
  Budget::Time now{1'000s};
  Budget budget{100, 100, now};
  const Budget::Segment venue{"venue", 0};
  const auto flood = [&](Budget& its, Budget::Time at) {
    int asked = 0;
    for (int i = 0; i < 5; ++i) asked += its.take(venue, false, at) ? (its.done(venue), 1) : 0;
    return asked;
  };
  asked_in(5s, budget, now, flood);
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(budget.take(venue, false, now));
    EXPECT_TRUE(budget.take(venue, true, now)) << i;
  }
  // A server that is slow: what waits for it is as many made up ones as may.
  Budget slow{100, 8, now};
  int waiting = 0;
  while (slow.take(venue, false, now)) ++waiting;
  EXPECT_EQ(waiting, 6);
  EXPECT_TRUE(slow.take(venue, true, now));
  EXPECT_TRUE(slow.take({"venue", 20}, true, now));
  EXPECT_FALSE(slow.take(venue, true, now));
}

}  // namespace
}  // namespace gate511::radius
