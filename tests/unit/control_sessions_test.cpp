// SPDX-License-Identifier: BSD-3-Clause
#include "control/sessions.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "control_fakes.hpp"

namespace gate511::control {
namespace {

using table::State;

table::Key key(std::uint64_t n) {
  return {net::MacAddress{0x02005e005300 + n * 0x10000}, 0};
}

class SessionsTest : public testing::Test {
 protected:
  bool add(std::uint64_t n, const SessionFields& fields = {}) {
    return world_.add(key(n), fields).has_value();
  }
  /// Fresh or not.
  State state_in_table(std::uint64_t n) { return settled(world_.table.look_up(key(n)).state); }
  Sessions::Revoked revoke(const SessionFilter& filter) {
    Sessions::Revoked got;
    world_.sessions.revoke_matching(filter, [&got](const Sessions::Revoked& r) { got = r; });
    world_.settle();
    return got;
  }

  World world_;
};

TEST_F(SessionsTest, AddIsInTheTableAtOnce) {
  const auto added = world_.add(key(1), {});
  ASSERT_TRUE(added);
  EXPECT_TRUE(added->created);
  EXPECT_EQ(state_in_table(1), State::kAuthenticated);
  const auto view = world_.sessions.find(key(1));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->ttl_s, 86'400U);
  EXPECT_EQ(view->expires_at_s, kUnixStart_s + 86'400);
  EXPECT_EQ(view->record.created_unix_s, kUnixStart_s);
}

TEST_F(SessionsTest, IsFreshForTwoCookieEpochs) {
  const auto raw = [this] { return world_.table.look_up(key(1)).state; };
  ASSERT_TRUE(add(1, {.tag = "room-12"}));
  EXPECT_EQ(raw(), State::kFresh);
  world_.time.advance_ms(100'000);
  ASSERT_TRUE(add(1, {.rate_up_bps = 1'000'000}));
  EXPECT_EQ(raw(), State::kFreshPoliced) << "a change does not end it";
  world_.time.advance_ms(27'999);
  world_.settle();
  EXPECT_EQ(raw(), State::kFreshPoliced);
  EXPECT_FALSE(world_.sessions.has_work());
  world_.time.advance_ms(1);
  EXPECT_TRUE(world_.sessions.has_work());
  world_.settle();
  EXPECT_EQ(raw(), State::kPoliced);
  ASSERT_TRUE(add(1, {.rate_up_bps = 0}));
  EXPECT_EQ(raw(), State::kAuthenticated) << "a change does not begin it either";
}

TEST_F(SessionsTest, IsFreshAnewWhenItIsLetInAgain) {
  const auto raw = [this] { return world_.table.look_up(key(1)).state; };
  ASSERT_TRUE(add(1));
  world_.time.advance_ms(60'000);
  ASSERT_TRUE(add(1, {.state = State::kRestricted}));
  EXPECT_EQ(raw(), State::kRestricted);
  ASSERT_TRUE(add(1, {.state = State::kAuthenticated}));
  world_.time.advance_ms(127'999);
  world_.settle();
  EXPECT_EQ(raw(), State::kFresh) << "from the second time on";
  world_.time.advance_ms(1);
  world_.settle();
  EXPECT_EQ(raw(), State::kAuthenticated);
}

TEST_F(SessionsTest, OfAnIndexThatIsUsedAgainTheNextSessionIsFreshForItsOwnTime) {
  World small{1};
  const auto raw = [&small](std::uint64_t n) { return small.table.look_up(key(n)).state; };
  ASSERT_TRUE(small.add(key(1), {}));
  small.time.advance_ms(100'000);
  small.sessions.revoke(key(1), [](const auto&) {});
  small.settle();
  ASSERT_TRUE(small.add(key(2), {}));
  small.time.advance_ms(100'000);
  small.settle();
  EXPECT_EQ(raw(2), State::kFresh);
  small.time.advance_ms(28'000);
  small.settle();
  EXPECT_EQ(raw(2), State::kAuthenticated);
}

TEST_F(SessionsTest, UpsertChangesOnlyWhatIsGiven) {
  ASSERT_TRUE(add(1, {.ttl_s = 100, .tag = "room-12", .user = "ann"}));
  const auto before = world_.sessions.find(key(1));
  world_.status.traffic[before->record.index] = {1, 100, 2, 200};
  world_.time.advance_ms(40'000);
  const auto changed = world_.add(key(1), {.state = State::kBlocked});
  ASSERT_TRUE(changed);
  EXPECT_FALSE(changed->created);
  auto after = world_.sessions.find(key(1));
  EXPECT_EQ(after->record.id, before->record.id);
  EXPECT_EQ(after->record.texts.tag(), "room-12");
  EXPECT_EQ(after->record.texts.user(), "ann");
  EXPECT_EQ(after->ttl_s, 60U);
  EXPECT_EQ(after->traffic.bytes_down, 200U);
  EXPECT_EQ(state_in_table(1), State::kBlocked);
  EXPECT_EQ(world_.sessions.count(State::kBlocked), 1U);
  EXPECT_EQ(world_.sessions.count(State::kAuthenticated), 0U);

  ASSERT_TRUE(add(1, {.ttl_s = 100}));
  after = world_.sessions.find(key(1));
  EXPECT_EQ(after->ttl_s, 100U);
  EXPECT_EQ(after->record.state, State::kBlocked);
}

TEST_F(SessionsTest, CountersBeginWhereTheIndexStood) {
  World small{1};
  for (std::uint32_t index = 0; index < small.table.slots(); ++index)
    small.status.traffic[index] = {10, 1'000, 20, 2'000};
  ASSERT_TRUE(small.add(key(1), {}));
  auto view = small.sessions.find(key(1));
  EXPECT_EQ(view->traffic.packets_up, 0U);
  small.status.traffic[view->record.index] += {1, 64, 0, 0};
  view = small.sessions.find(key(1));
  EXPECT_EQ(view->traffic.packets_up, 1U);
  EXPECT_EQ(view->traffic.bytes_up, 64U);
  EXPECT_EQ(view->traffic.packets_down, 0U);
}

TEST_F(SessionsTest, ExpiresAtItsTime) {
  ASSERT_TRUE(add(1, {.ttl_s = 10}));
  ASSERT_TRUE(add(2, {.expires_at_s = kUnixStart_s + 20}));
  ASSERT_TRUE(add(3, {.ttl_s = 0}));
  EXPECT_EQ(world_.sessions.find(key(2))->ttl_s, 20U);
  EXPECT_EQ(world_.sessions.find(key(3))->expires_at_s, 0U);
  world_.time.advance_ms(9'999);
  world_.settle();
  EXPECT_EQ(world_.table.size(), 3U);
  world_.time.advance_ms(1);
  EXPECT_TRUE(world_.sessions.has_work());
  world_.settle();
  EXPECT_FALSE(world_.sessions.find(key(1)));
  EXPECT_EQ(state_in_table(1), State::kNone);
  world_.time.advance_ms(10'000);
  world_.settle();
  EXPECT_FALSE(world_.sessions.find(key(2)));
  world_.time.advance_ms(1'000'000'000);
  world_.settle();
  EXPECT_TRUE(world_.sessions.find(key(3)));
  EXPECT_EQ(world_.table.in_limbo(), 0U);
}

TEST_F(SessionsTest, AWallClockThatIsSetEndsNothing) {
  ASSERT_TRUE(add(1, {.ttl_s = 10}));
  world_.time.unix_ns += 100 * kNsPerSecond;
  world_.settle();
  EXPECT_EQ(world_.sessions.find(key(1))->ttl_s, 10U);
}

TEST_F(SessionsTest, ANewTtlReplacesTheOldEnd) {
  ASSERT_TRUE(add(1, {.ttl_s = 10}));
  ASSERT_TRUE(add(1, {.ttl_s = 0}));
  world_.time.advance_ms(60'000);
  world_.settle();
  EXPECT_TRUE(world_.sessions.find(key(1)));
}

TEST_F(SessionsTest, RevokeIsAnsweredWhenTheWorkersHaveSeenIt) {
  ASSERT_TRUE(add(1, {.ttl_s = 100, .tag = "room-12"}));
  world_.workers.stuck = true;
  std::optional<Sessions::Revoked> got;
  world_.sessions.revoke(key(1), [&got](const Sessions::Revoked& r) { got = r; });
  EXPECT_EQ(state_in_table(1), State::kNone);
  world_.settle();
  EXPECT_FALSE(got);
  EXPECT_EQ(world_.table.in_limbo(), 1U);
  world_.workers.stuck = false;
  world_.settle();
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->settled.seen);
  EXPECT_EQ(got->count, 1U);
  ASSERT_TRUE(got->session);
  EXPECT_EQ(got->session->record.texts.tag(), "room-12");
  EXPECT_EQ(got->session->ttl_s, 100U);
  EXPECT_EQ(world_.table.in_limbo(), 0U);
}

TEST_F(SessionsTest, RevokesAreTimedUntilInEffectAndUntilAnswered) {
  const auto count = [](const dataplane::DelayCounts& delays) {
    return std::accumulate(delays.classes.begin(), delays.classes.end(), std::uint64_t{0});
  };
  const Sessions::RevokeTimes& times = world_.sessions.revoke_times();
  ASSERT_TRUE(add(1, {}));
  world_.workers.stuck = true;
  world_.sessions.revoke(key(1), [](const Sessions::Revoked&) {});
  world_.sessions.revoke(key(9), [](const Sessions::Revoked&) {});  // which was not there
  world_.settle();
  EXPECT_EQ(count(times.to_effect), 0);
  world_.time.advance_ms(3);
  world_.workers.stuck = false;
  world_.settle();
  EXPECT_EQ(count(times.to_effect), 1);
  EXPECT_EQ(times.to_effect.sum_ns, 3'000'000);
  EXPECT_EQ(times.to_effect.classes[dataplane::delay_class(3'000'000)], 1);
  EXPECT_EQ(count(times.to_answer), 1);
  EXPECT_EQ(times.to_answer.sum_ns, 3'000'000);

  // All that match are one request; one that matches nothing is none.
  for (unsigned n = 2; n < 40; ++n) ASSERT_TRUE(add(n, {.tag = "room-12"}));
  EXPECT_EQ(revoke({.tag = "room-12"}).count, 38);
  EXPECT_EQ(revoke({.tag = "room-13"}).count, 0);
  EXPECT_EQ(count(times.to_effect), 2);
  EXPECT_EQ(count(times.to_answer), 2);
}

TEST_F(SessionsTest, ARevokeThatAWorkerHasNotSeenIsNotInEffect) {
  ASSERT_TRUE(add(1, {}));
  world_.workers.stuck = true;
  world_.sessions.revoke(key(1), [](const Sessions::Revoked&) {});
  world_.time.advance_ms(1'000);
  world_.settle();
  EXPECT_EQ(world_.sessions.revoke_times().to_answer.classes[dataplane::delay_class(1'000'000'000)],
            1)
      << "it is answered: BUSY";
  EXPECT_EQ(world_.sessions.revoke_times().to_effect.sum_ns, 0);
  world_.time.advance_ms(500);
  world_.workers.stuck = false;
  world_.settle();
  EXPECT_EQ(world_.sessions.revoke_times().to_effect.sum_ns, 1'500'000'000);
}

TEST_F(SessionsTest, AStuckWorkerIsToldOfAfterASecond) {
  ASSERT_TRUE(add(1));
  world_.workers.stuck = true;
  int calls = 0;
  bool seen = true;
  world_.sessions.revoke(key(1), [&](const Sessions::Revoked& r) {
    ++calls;
    seen = r.settled.seen;
  });
  world_.time.advance_ms(999);
  world_.settle();
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(world_.grace.is_urgent());
  world_.time.advance_ms(1);
  world_.settle();
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(seen);
  // Revoked all the same, the index in limbo until the worker moves.
  EXPECT_FALSE(world_.sessions.find(key(1)));
  EXPECT_EQ(world_.table.in_limbo(), 1U);
  EXPECT_FALSE(world_.grace.is_urgent());
  world_.workers.stuck = false;
  world_.settle();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(world_.table.in_limbo(), 0U);
  EXPECT_TRUE(world_.grace.empty());
}

TEST_F(SessionsTest, WhatIsAbsentWaitsToo) {
  world_.workers.stuck = true;
  std::optional<Sessions::Revoked> got;
  world_.sessions.revoke(key(1), [&got](const Sessions::Revoked& r) { got = r; });
  world_.settle();
  EXPECT_FALSE(got);
  world_.workers.stuck = false;
  world_.settle();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->count, 0U);
}

TEST_F(SessionsTest, AddedAgainWhileInLimboIsANewLife) {
  ASSERT_TRUE(add(1));
  const auto first = world_.sessions.find(key(1));
  world_.workers.stuck = true;
  world_.sessions.revoke(key(1), [](const Sessions::Revoked& /*revoked*/) {});
  ASSERT_TRUE(add(1));
  const auto second = world_.sessions.find(key(1));
  EXPECT_GT(second->record.id, first->record.id);
  EXPECT_NE(second->record.index, first->record.index);
  world_.workers.stuck = false;
  world_.settle();
  EXPECT_TRUE(world_.sessions.find(key(1)));
}

TEST_F(SessionsTest, RevokesByTagAndAll) {
  ASSERT_TRUE(add(1, {.tag = "a"}));
  ASSERT_TRUE(add(2, {.tag = "b"}));
  ASSERT_TRUE(add(3, {.tag = "a"}));
  EXPECT_EQ(revoke({.tag = "a"}).count, 2U);
  EXPECT_EQ(world_.table.size(), 1U);
  EXPECT_TRUE(world_.sessions.find(key(2)));
  EXPECT_EQ(revoke({.tag = "a"}).count, 0U);
  EXPECT_EQ(revoke({}).count, 1U);
  EXPECT_EQ(world_.table.size(), 0U);
  EXPECT_EQ(world_.table.in_limbo(), 0U);
}

TEST_F(SessionsTest, RevokesThoseOfAUser) {
  ASSERT_TRUE(add(1, {.tag = "a", .user = "anna"}));
  ASSERT_TRUE(add(2, {.tag = "a", .user = "anna2"}));
  ASSERT_TRUE(add(3, {.user = "anna"}));
  ASSERT_TRUE(add(4, {.tag = "anna"}));
  EXPECT_EQ(revoke({.user = "anna"}).count, 2U);
  EXPECT_EQ(world_.table.size(), 2U);
  EXPECT_TRUE(world_.sessions.find(key(2)));
  EXPECT_TRUE(world_.sessions.find(key(4)));
}

TEST_F(SessionsTest, WhatIsAddedAfterARevokeOfAllStays) {
  ASSERT_TRUE(add(1));
  world_.sessions.revoke_matching({}, [](const Sessions::Revoked& /*revoked*/) {});
  ASSERT_TRUE(add(2));
  world_.settle();
  EXPECT_FALSE(world_.sessions.find(key(1)));
  EXPECT_TRUE(world_.sessions.find(key(2)));
}

TEST_F(SessionsTest, ManyAreRevokedInSlices) {
  World large{20'000};
  for (std::uint64_t n = 0; n < 20'000; ++n) ASSERT_TRUE(large.add(key(n), {}));
  EXPECT_FALSE(large.add(key(20'000), {}));
  std::optional<Sessions::Revoked> got;
  large.sessions.revoke_matching({}, [&got](const Sessions::Revoked& r) { got = r; });
  large.sessions.work();
  EXPECT_GT(large.table.size(), 0U);
  large.settle();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->count, 20'000U);
  EXPECT_EQ(large.table.size(), 0U);
  EXPECT_EQ(large.table.in_limbo(), 0U);
  EXPECT_TRUE(large.add(key(1), {}));
}

TEST_F(SessionsTest, ListsEachOnceWhileOthersComeAndGo) {
  World large{3'000};
  for (std::uint64_t n = 0; n < 2'000; ++n)
    ASSERT_TRUE(large.add(key(n), {.tag = n % 2 == 0 ? "even" : "odd"}));
  std::map<std::uint64_t, int> seen;
  std::optional<std::uint32_t> cursor = 0;
  std::uint64_t next = 2'000;
  while (cursor) {
    const auto page = large.sessions.list({.tag = "even"}, *cursor, 100);
    EXPECT_LE(page.sessions.size(), 100U);
    for (const SessionRef& view : page.sessions) ++seen[view.record.id];
    cursor = page.next;
    large.sessions.revoke(key(next % 2'000 | 1), [](const Sessions::Revoked& /*revoked*/) {});
    ASSERT_TRUE(large.add(key(next++), {.tag = "new"}));
    large.settle();
  }
  EXPECT_EQ(seen.size(), 1'000U);
  for (const auto& [id, times] : seen) EXPECT_EQ(times, 1) << id;
}

TEST_F(SessionsTest, AWorkerSeesRatesOnlyWhereASessionThatPassesHasSome) {
  ASSERT_TRUE(add(1, {.rate_up_bps = 8'000}));
  EXPECT_EQ(state_in_table(1), State::kPoliced);
  EXPECT_EQ(world_.sessions.count(State::kAuthenticated), 1U);
  table::Policer& policer = world_.policers[world_.sessions.find(key(1))->record.index];
  EXPECT_TRUE(policer.take_up(32'768, 1'000'000'000'000));
  EXPECT_FALSE(policer.take_up(64, 1'000'000'000'000));
  EXPECT_TRUE(policer.take_down(1'000'000, 1'000'000'000'000));
  ASSERT_TRUE(add(1, {.state = State::kBlocked}));
  EXPECT_EQ(state_in_table(1), State::kBlocked);
  ASSERT_TRUE(add(1, {.state = State::kAuthenticated}));
  EXPECT_EQ(state_in_table(1), State::kPoliced);
  EXPECT_EQ(world_.sessions.find(key(1))->record.rate_up_bps, 8'000U);
  ASSERT_TRUE(add(1, {.rate_up_bps = 0}));
  EXPECT_EQ(state_in_table(1), State::kAuthenticated);
}

TEST_F(SessionsTest, ANewSessionHasFullBuckets) {
  ASSERT_TRUE(add(1, {.rate_up_bps = 8'000}));
  const std::uint32_t index = world_.sessions.find(key(1))->record.index;
  constexpr std::uint64_t kNow = 1'000'000'000'000;
  ASSERT_TRUE(world_.policers[index].take_up(32'768, kNow));
  world_.sessions.revoke(key(1), [](const Sessions::Revoked& /*revoked*/) {});
  world_.settle();
  ASSERT_TRUE(add(1, {.rate_up_bps = 8'000}));
  ASSERT_EQ(world_.sessions.find(key(1))->record.index, index);
  EXPECT_TRUE(world_.policers[index].take_up(32'768, kNow));
}

TEST_F(SessionsTest, RatesMoveWithTheSession) {
  ASSERT_TRUE(add(1, {.rate_down_bps = 8'000}));
  ASSERT_EQ(world_.sessions.move(key(1), key(2), [](Sessions::Settled /*settled*/) {}),
            Sessions::Refusal::kNone);
  EXPECT_EQ(state_in_table(2), State::kPoliced);
  table::Policer& policer = world_.policers[world_.sessions.find(key(2))->record.index];
  EXPECT_FALSE(policer.take_down(40'000, 1'000'000'000'000));
}

}  // namespace
}  // namespace gate511::control
