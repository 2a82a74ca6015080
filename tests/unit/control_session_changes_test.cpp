// SPDX-License-Identifier: BSD-3-Clause
//
// More time for a session, and another key: what it has counted is carried to the last byte.
#include <gtest/gtest.h>

#include "control_fakes.hpp"

namespace gate511::control {
namespace {

using Refusal = Sessions::Refusal;
using table::State;

table::Key key(std::uint64_t n) {
  return {net::MacAddress{0x0200'5e00'5300 + n}, 0};
}

class SessionChanges : public testing::Test {
 protected:
  Refusal move(std::uint64_t from, std::uint64_t to) {
    return sessions_.move(key(from), key(to), [this](Sessions::Settled settled) {
      answered_ += settled.seen ? 1 : 100;
    });
  }
  Refusal add_time(table::Key of, std::uint64_t add_s) {
    Sessions::Batch batch;
    const Refusal refusal = sessions_.add_time(of, add_s, batch);
    sessions_.commit(std::move(batch), [](Sessions::Settled /*settled*/) {});
    return refusal;
  }
  table::TrafficCounts traffic(std::uint64_t n) { return sessions_.find(key(n))->traffic; }
  /// One packet up of so many bytes, as a worker counts it.
  void count(std::uint32_t index, std::uint64_t bytes) {
    world_.status.traffic[index] += {1, bytes, 0, 0};
  }
  std::uint32_t index_of(std::uint64_t n) { return world_.table.look_up(key(n)).index; }

  World world_{4};
  Sessions& sessions_ = world_.sessions;
  int answered_ = 0;
};

TEST_F(SessionChanges, AMoveKeepsAllButTheKey) {
  ASSERT_TRUE(world_.add(
      key(1), {.state = State::kRestricted, .ttl_s = 100, .tag = "room-12", .user = "ann"}));
  const SessionRecord before = sessions_.find(key(1))->record;
  world_.time.advance_ms(40'000);
  ASSERT_EQ(move(1, 2), Refusal::kNone);
  EXPECT_FALSE(world_.table.look_up(key(1)).found());
  EXPECT_EQ(world_.table.look_up(key(2)).state, State::kRestricted);
  EXPECT_EQ(answered_, 0) << "not before the workers have seen it";
  world_.settle();
  EXPECT_EQ(answered_, 1);
  const auto after = sessions_.find(key(2));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->record.id, before.id);
  EXPECT_EQ(after->record.texts.tag(), "room-12");
  EXPECT_EQ(after->record.texts.user(), "ann");
  EXPECT_EQ(after->record.created_unix_s, before.created_unix_s);
  EXPECT_EQ(after->ttl_s, 60U);
  EXPECT_EQ(world_.table.size(), 1U);
  EXPECT_EQ(world_.table.in_limbo(), 0U);
  EXPECT_EQ(sessions_.count(State::kRestricted), 1U);
  world_.time.advance_ms(60'000);
  world_.settle();
  EXPECT_FALSE(sessions_.find(key(2))) << "its end went with it";
}

TEST_F(SessionChanges, AMovedSessionIsFreshAnew) {
  ASSERT_TRUE(world_.add(key(1), {}));
  world_.time.advance_ms(100'000);
  world_.settle();
  ASSERT_EQ(move(1, 2), Refusal::kNone);
  EXPECT_EQ(world_.table.look_up(key(2)).state, State::kFresh)
      << "its new MAC was a guest's so far";
  world_.time.advance_ms(127'000);
  world_.settle();
  EXPECT_EQ(world_.table.look_up(key(2)).state, State::kFresh);
  world_.time.advance_ms(1'000);
  world_.settle();
  EXPECT_EQ(world_.table.look_up(key(2)).state, State::kAuthenticated);
}

TEST_F(SessionChanges, CountersAreCarriedToTheByte) {
  for (std::uint32_t index = 0; index < world_.table.slots(); ++index)
    world_.status.traffic[index] = {1'000, 1'000'000, 7, 7'000};  // of earlier sessions
  ASSERT_TRUE(world_.add(key(1), {}));
  const std::uint32_t first = index_of(1);
  count(first, 100);
  world_.workers.stuck = true;
  ASSERT_EQ(move(1, 2), Refusal::kNone);
  const std::uint32_t second = index_of(2);
  count(first, 10);  // a worker is still in the burst that it was in
  count(second, 1);
  EXPECT_EQ(traffic(2).packets_up, 3U);
  EXPECT_EQ(traffic(2).bytes_up, 111U);
  world_.workers.stuck = false;
  world_.settle();
  EXPECT_EQ(traffic(2).bytes_up, 111U);
  // The first index is another session's now.
  count(first, 5'000);
  count(second, 2);
  EXPECT_EQ(traffic(2).packets_up, 4U);
  EXPECT_EQ(traffic(2).bytes_up, 113U);
  EXPECT_EQ(traffic(2).packets_down, 0U);
}

TEST_F(SessionChanges, MovesInARowCarryAll) {
  ASSERT_TRUE(world_.add(key(1), {}));
  const std::uint32_t first = index_of(1);
  world_.workers.stuck = true;
  ASSERT_EQ(move(1, 2), Refusal::kNone);
  const std::uint32_t second = index_of(2);
  ASSERT_EQ(move(2, 3), Refusal::kNone);
  count(first, 100);
  count(second, 10);
  count(index_of(3), 1);
  EXPECT_EQ(traffic(3).bytes_up, 111U);
  world_.workers.stuck = false;
  world_.settle();
  EXPECT_EQ(answered_, 2);
  count(first, 5'000);
  count(second, 5'000);
  ASSERT_EQ(move(3, 1), Refusal::kNone);
  world_.settle();
  count(index_of(1), 1'000);
  EXPECT_EQ(traffic(1).bytes_up, 1'111U);
  EXPECT_EQ(world_.table.in_limbo(), 0U);
}

TEST_F(SessionChanges, RevokedWhileItMovesItTellsAllItCounted) {
  ASSERT_TRUE(world_.add(key(1), {}));
  const std::uint32_t first = index_of(1);
  world_.workers.stuck = true;
  ASSERT_EQ(move(1, 2), Refusal::kNone);
  const std::uint32_t second = index_of(2);
  std::optional<Sessions::Revoked> revoked;
  sessions_.revoke(key(2), [&revoked](const Sessions::Revoked& r) { revoked = r; });
  count(first, 100);
  count(second, 10);
  world_.workers.stuck = false;
  world_.settle();
  ASSERT_TRUE(revoked);
  EXPECT_EQ(revoked->session->traffic.bytes_up, 110U);
  EXPECT_EQ(world_.table.size(), 0U);
  EXPECT_EQ(world_.table.in_limbo(), 0U);
}

TEST_F(SessionChanges, WhatCannotMoveStaysAsItIs) {
  EXPECT_EQ(move(1, 2), Refusal::kNotFound);
  for (std::uint64_t n = 1; n <= 4; ++n) ASSERT_TRUE(world_.add(key(n), {}));
  EXPECT_EQ(move(1, 2), Refusal::kTaken);
  EXPECT_EQ(move(1, 5), Refusal::kFull);
  world_.settle();
  EXPECT_EQ(answered_, 0);
  EXPECT_EQ(world_.table.size(), 4U);
  EXPECT_TRUE(world_.table.look_up(key(1)).found());
}

TEST_F(SessionChanges, ARevokeOfAllUnderWayIsNotEscaped) {
  World large{20'000};
  for (std::uint64_t n = 0; n < 19'000; ++n) ASSERT_TRUE(large.add(key(n), {}));
  std::uint64_t revoked = 0;
  large.sessions.revoke_matching({}, [&revoked](const Sessions::Revoked& r) { revoked = r.count; });
  large.sessions.work();
  std::uint64_t moved = 0;
  for (std::uint64_t n = 0; n < 200; ++n) {
    moved += large.sessions.move(key(n), key(n + 100'000), {}) == Refusal::kNone ? 1U : 0U;
  }
  EXPECT_EQ(moved, 0U);
  large.settle();
  EXPECT_EQ(revoked, 19'000U);
  EXPECT_EQ(large.table.size(), 0U);
}

TEST_F(SessionChanges, TimeIsAddedToWhatIsLeft) {
  ASSERT_TRUE(world_.add(key(1), {.ttl_s = 100}));
  ASSERT_TRUE(world_.add(key(2), {.ttl_s = 0}));
  world_.time.advance_ms(40'000);
  EXPECT_EQ(add_time(key(1), 30), Refusal::kNone);
  EXPECT_EQ(sessions_.find(key(1))->ttl_s, 90U);
  EXPECT_EQ(add_time(key(2), 30), Refusal::kEndless);
  EXPECT_EQ(add_time(key(3), 30), Refusal::kNotFound);
  EXPECT_EQ(add_time(key(1), 3'153'600'000), Refusal::kTooLong);
  EXPECT_EQ(add_time(key(1), ~std::uint64_t{0}), Refusal::kTooLong);
  EXPECT_EQ(sessions_.find(key(1))->ttl_s, 90U);
}

}  // namespace
}  // namespace gate511::control
