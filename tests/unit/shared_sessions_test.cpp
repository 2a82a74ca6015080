// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions that other gateways change: what is let in, ended, counted and missed.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "control_fakes.hpp"

namespace gate511::control {
namespace {

using store::Scope;
using table::State;

constexpr std::uint64_t kAtOther = std::uint64_t{2} << Sessions::kGatewayShift;

table::Key key(std::uint64_t n) {
  return {net::MacAddress{0x02005e005300 + n * 0x10000}, 0};
}

/// Takes all that it is given, or refuses it.
class HandStore : public store::Store {
 public:
  store::Changes changes;
  bool refuses = false;

  void write(store::Changes given, std::uint64_t /*unix_ms*/, Failing failing, Done done) override {
    if (!refuses || failing == Failing::kKeep)
      std::ranges::move(given, std::back_inserter(changes));
    if (done) done(!refuses);
  }
  void scrub(Done done) override { done(true); }
  [[nodiscard]] int fd() const override { return -1; }
  void finish() override {}
  [[nodiscard]] std::size_t owed() const override { return 0; }
  [[nodiscard]] std::size_t owed_changes() const override { return 0; }
  [[nodiscard]] Status status() const override { return {}; }
  [[nodiscard]] bool is_shared() const override { return true; }

  template <typename Kind>
  [[nodiscard]] std::vector<Kind> all() const {
    std::vector<Kind> found;
    for (const store::Change& change : changes) {
      if (const auto* const one = std::get_if<Kind>(&change)) found.push_back(*one);
    }
    return found;
  }
};

class SharedSessionsTest : public testing::Test {
 protected:
  void SetUp() override {
    world_.ledger.connect(store_, 0, false);
    world_.sessions.number_as(1, 1'000);
    world_.sessions.set_claimed(
        [this](const SessionRecord& record) { claimed_.push_back(record.id); });
  }
  store::Session other(std::uint64_t n, std::uint64_t ttl_s = 3'600) {
    store::Session made;
    made.id = kAtOther + n;
    made.key = key(n);
    made.expires_ms = ttl_s == 0 ? 0 : world_.ledger.now_ms() + ttl_s * 1'000;
    return made;
  }
  bool adopt(const store::Session& session, bool is_owned_elsewhere = true) {
    const bool has_room = world_.sessions.adopt(session, session.key, is_owned_elsewhere, {});
    world_.settle();
    return has_room;
  }
  State state(std::uint64_t n) { return settled(world_.table.look_up(key(n)).state); }
  /// What its worker counts.
  void count(std::uint64_t n, std::uint64_t bytes) {
    auto& counts = world_.status.traffic[world_.table.look_up(key(n)).index];
    counts.bytes_up += bytes;
    ++counts.packets_up;
  }
  void pass_s(std::uint64_t seconds) {
    for (std::uint64_t i = 0; i < seconds * 2; ++i) {
      world_.time.advance_ms(500);
      world_.settle();
    }
  }

  World world_;
  HandStore store_;
  std::vector<std::uint64_t> claimed_;
};

TEST_F(SharedSessionsTest, IdsAreThisGatewaysAndGrowWithTheTime) {
  EXPECT_EQ(world_.add(key(1), {})->id, (std::uint64_t{1} << 45) + 8'000);
  EXPECT_EQ(world_.add(key(2), {})->id, (std::uint64_t{1} << 45) + 8'001);
  world_.sessions.number_as(1, 500);
  EXPECT_EQ(world_.add(key(3), {})->id, (std::uint64_t{1} << 45) + 8'002);
}

TEST_F(SharedSessionsTest, WhatAnotherHasAddedPassesAndGoesToTheCopyAlone) {
  auto session = other(1);
  session.tag = "room-12";
  session.rate_up_bps = 8'000;
  ASSERT_TRUE(adopt(session));
  EXPECT_EQ(state(1), State::kPoliced);
  const auto view = world_.sessions.find(key(1));
  EXPECT_EQ(view->record.texts.tag(), "room-12");
  EXPECT_EQ(view->ttl_s, 3'600U);
  const auto puts = store_.all<store::Put>();
  ASSERT_EQ(puts.size(), 1U);
  EXPECT_EQ(puts[0].scope, Scope::kCopy);
  auto stored = session;
  stored.is_owned_elsewhere = true;
  EXPECT_EQ(puts[0].session, stored);
  ASSERT_TRUE(adopt(session));
  EXPECT_EQ(store_.all<store::Put>().size(), 1U) << "what is known is not written again";
  session.state = State::kBlocked;
  ASSERT_TRUE(adopt(session));
  EXPECT_EQ(state(1), State::kBlocked);
}

TEST_F(SharedSessionsTest, OneWhoseTimeIsOverIsNotLetIn) {
  auto session = other(1);
  session.expires_ms = world_.ledger.now_ms();
  ASSERT_TRUE(adopt(session));
  EXPECT_FALSE(world_.sessions.find(key(1)));
}

TEST_F(SharedSessionsTest, AnotherLifeTakesThePlaceOfTheFormer) {
  const auto mine = world_.add(key(1), {})->id;
  ASSERT_TRUE(adopt(other(1)));
  EXPECT_EQ(world_.sessions.find(key(1))->record.id, kAtOther + 1);
  const auto ends = store_.all<store::End>();
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].id, mine);
  EXPECT_EQ(ends[0].scope, Scope::kCopy);
}

TEST_F(SharedSessionsTest, AFullTableIsTold) {
  World small{1};
  small.ledger.connect(store_, 0, false);
  ASSERT_TRUE(small.sessions.adopt(other(1), key(1), true, {}));
  EXPECT_FALSE(small.sessions.adopt(other(2), key(2), true, {}));
}

TEST_F(SharedSessionsTest, AnEndIsOfOneLifeAlone) {
  ASSERT_TRUE(adopt(other(1)));
  world_.sessions.end_as_told(key(1), kAtOther + 7, EndReason::kRevoked);
  world_.settle();
  EXPECT_TRUE(world_.sessions.find(key(1)));
  world_.sessions.end_as_told(key(1), kAtOther + 1, EndReason::kRevoked);
  world_.settle();
  EXPECT_FALSE(world_.sessions.find(key(1)));
  EXPECT_EQ(store_.all<store::End>().at(0).scope, Scope::kCopy);
  EXPECT_TRUE(world_.sessions.elsewhere().is_over(kAtOther + 1));
}

TEST_F(SharedSessionsTest, ARevokeGoesToAllAndTheEndOfItsTimeToTheCopy) {
  world_.add(key(1), {});
  world_.add(key(2), {.ttl_s = 1});
  world_.sessions.revoke(key(1), [](const Sessions::Revoked& /*revoked*/) {});
  pass_s(2);
  const auto ends = store_.all<store::End>();
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(ends[0].scope, Scope::kAll);
  EXPECT_EQ(ends[0].place.key, key(1));
  EXPECT_EQ(ends[1].scope, Scope::kCopy);
  EXPECT_TRUE(world_.sessions.elsewhere().is_over(ends[0].id));
  EXPECT_FALSE(world_.sessions.elsewhere().is_over(ends[1].id)) << "it may have got more of it";
}

TEST_F(SharedSessionsTest, WhatWasRefusedIsEndedWhereItMayBe) {
  store_.refuses = true;
  const auto id = world_.add(key(1), {})->id;
  world_.settle();
  EXPECT_FALSE(world_.sessions.find(key(1)));
  const auto ends = store_.all<store::End>();
  ASSERT_EQ(ends.size(), 1U) << "the server may have taken it before its answer was lost";
  EXPECT_EQ(ends[0].id, id);
  EXPECT_EQ(ends[0].scope, Scope::kNone);
}

TEST_F(SharedSessionsTest, AMoveEndsOneClientsForTheServerAlone) {
  const auto id = world_.add(key(1), {})->id;
  world_.settle();
  EXPECT_EQ(world_.sessions.move(key(1), key(2), {}), Sessions::Refusal::kNone);
  world_.settle();
  const auto ends = store_.all<store::End>();
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].id, id);
  EXPECT_EQ(ends[0].place.key, key(1));
  EXPECT_EQ(ends[0].scope, Scope::kShared);
  EXPECT_FALSE(world_.sessions.elsewhere().is_over(id));
  EXPECT_EQ(store_.all<store::Put>().back().session.key, key(2));
}

TEST_F(SharedSessionsTest, ItIsIdleOnlyWhereItsClientWasSeenLast) {
  auto session = other(1);
  session.idle_s = 4;
  ASSERT_TRUE(adopt(session));
  pass_s(10);
  EXPECT_TRUE(world_.sessions.find(key(1))) << "another gateway sees it";
  count(1, 100);
  pass_s(1);
  EXPECT_EQ(claimed_, std::vector<std::uint64_t>{kAtOther + 1});
  EXPECT_FALSE(world_.sessions.elsewhere().is_owner(kAtOther + 1));
  pass_s(6);
  EXPECT_FALSE(world_.sessions.find(key(1)));
  EXPECT_EQ(store_.all<store::End>().at(0).scope, Scope::kAll);
}

TEST_F(SharedSessionsTest, WhoOwnsItIsInTheCopyAndInTheEventOfItsEnd) {
  world_.session_events.tell_as(1);
  const auto subscribed = world_.events.subscribe(1, {});
  ASSERT_TRUE(subscribed);
  ASSERT_TRUE(adopt(other(1)));
  EXPECT_TRUE(store_.all<store::Put>().back().session.is_owned_elsewhere);
  count(1, 100);
  world_.sessions.checkpoint_all();
  EXPECT_FALSE(store_.all<store::Put>().back().session.is_owned_elsewhere) << "seen here";
  EXPECT_EQ(store_.all<store::Put>().back().scope, Scope::kCopy);
  world_.sessions.set_owner(key(1), kAtOther + 1, true);
  EXPECT_TRUE(store_.all<store::Put>().back().session.is_owned_elsewhere);
  world_.sessions.end_as_told(key(1), kAtOther + 1, EndReason::kRevoked);
  const auto mine = world_.add(key(2), {})->id;
  world_.sessions.revoke(key(2), [](const Sessions::Revoked& /*revoked*/) {});
  world_.settle();
  const std::string& told = world_.pushed[1];
  EXPECT_NE(told.find(R"("gateway":1,"owner":false,"reason":"revoked")"), told.npos) << told;
  EXPECT_NE(told.find(R"("gateway":1,"owner":true,"reason":"revoked")"), told.npos) << told;
  EXPECT_TRUE(world_.sessions.elsewhere().is_over(mine));

  // After a restart it is another's still, and not ended here by idle time.
  store::Restored::One one;
  one.session = other(3);
  one.session.idle_s = 1;
  one.session.is_owned_elsewhere = true;
  ASSERT_TRUE(world_.sessions.restore(one));
  pass_s(5);
  EXPECT_TRUE(world_.sessions.find(key(3)));
}

/// Killed between the end of a move at the client's former place and the session at its new one.
TEST_F(SharedSessionsTest, ACopyWithTwoSessionsOfAClientIsTaken) {
  store::Restored::One one;
  one.session = other(1);
  ASSERT_TRUE(world_.sessions.restore(one));
  const std::uint64_t first = one.session.id++;
  ASSERT_TRUE(world_.sessions.restore(one));
  ASSERT_TRUE(world_.sessions.find(key(1)));
  EXPECT_EQ(world_.sessions.find(key(1))->record.id, first);
  EXPECT_EQ(world_.sessions.table().size(), 1U);
  // And the server tells which it is.
  ASSERT_TRUE(adopt(one.session));
  EXPECT_EQ(world_.sessions.find(key(1))->record.id, one.session.id);
}

TEST_F(SharedSessionsTest, WhatWasCountedHereGoesWithOneThatAnotherHasMoved) {
  auto session = other(1);
  ASSERT_TRUE(adopt(session));
  count(1, 700);
  world_.sessions.checkpoint_all();
  table::TrafficCounts there;
  there.bytes_down = 30;
  world_.sessions.elsewhere().set_counts(session.id, 2, there);
  world_.sessions.end_as_told(key(1), session.id, EndReason::kMoved);
  session.key = key(2);
  ASSERT_TRUE(adopt(session));
  const auto view = world_.sessions.find(key(2));
  EXPECT_EQ(view->traffic.bytes_up, 700U);
  EXPECT_EQ(view->traffic.bytes_down, 30U);
  EXPECT_EQ(world_.sessions.counted_here(key(2), session.id)->bytes_up, 700U);
}

TEST_F(SharedSessionsTest, AMoveThatIsReadInTheOtherOrderLeavesItsOwnerAndItsCounts) {
  auto session = other(1);
  session.idle_s = 4;
  ASSERT_TRUE(adopt(session));
  world_.sessions.elsewhere().set_counts(session.id, 2, {.packets_up = 1, .bytes_up = 700});
  session.key = key(2);
  ASSERT_TRUE(adopt(session)) << "in pages its new client may come before its former one";
  world_.sessions.end_as_told(key(1), session.id, EndReason::kMoved);
  world_.settle();
  EXPECT_FALSE(world_.sessions.find(key(1)));
  EXPECT_TRUE(world_.sessions.elsewhere().is_owner(session.id));
  EXPECT_EQ(world_.sessions.elsewhere().counts(session.id).bytes_up, 700U);
  pass_s(10);
  EXPECT_TRUE(world_.sessions.find(key(2))) << "another gateway sees it";
}

TEST_F(SharedSessionsTest, WhatIsNotedTogetherStaysInItsOrder) {
  world_.sessions.gather();
  ASSERT_TRUE(world_.sessions.adopt(other(1), key(1), true, {}));
  EXPECT_TRUE(store_.changes.empty());
  world_.sessions.end_as_told(key(1), kAtOther + 1, EndReason::kRevoked);
  ASSERT_TRUE(world_.sessions.adopt(other(2), key(2), true, {}));
  world_.sessions.flush();
  ASSERT_EQ(store_.changes.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<store::Put>(store_.changes[0]));
  EXPECT_TRUE(std::holds_alternative<store::End>(store_.changes[1]));
  EXPECT_TRUE(std::holds_alternative<store::Put>(store_.changes[2]));
}

TEST_F(SharedSessionsTest, AQuotaIsOfWhatWasCountedEverywhere) {
  auto session = other(1);
  session.quota_bytes = 1'000;
  ASSERT_TRUE(adopt(session));
  table::TrafficCounts there;
  there.bytes_down = 900;
  world_.sessions.elsewhere().set_counts(session.id, 2, there);
  EXPECT_EQ(world_.sessions.find(key(1))->traffic.bytes_down, 900U);
  pass_s(2);
  EXPECT_EQ(state(1), State::kAuthenticated);
  count(1, 100);
  pass_s(2);
  EXPECT_EQ(state(1), State::kRestricted);
  EXPECT_EQ(store_.all<store::Put>().back().scope, Scope::kAll);
  // A gateway tells what it counted itself.
  EXPECT_EQ(world_.sessions.counted_here(key(1), session.id)->bytes_down, 0U);
  EXPECT_EQ(world_.sessions.counted_here(key(1), session.id)->bytes_up, 100U);
}

TEST_F(SharedSessionsTest, WhatTheServerHasNotIsPutThereAgainOrIsOver) {
  const auto mine = world_.add(key(1), {})->id;
  ASSERT_TRUE(adopt(other(2)));
  world_.settle();
  store_.changes.clear();
  world_.sessions.begin_sync();
  ASSERT_TRUE(adopt(other(2)));
  const auto meanwhile = world_.add(key(3), {})->id;
  world_.sessions.end_sync(/*may_restore=*/true);
  world_.settle();
  EXPECT_TRUE(world_.sessions.is_in_sync());
  std::vector<std::uint64_t> restored;
  for (const store::Put& put : store_.all<store::Put>()) {
    if (put.scope == Scope::kShared) restored.push_back(put.session.id);
  }
  EXPECT_EQ(restored, std::vector<std::uint64_t>{mine});

  world_.sessions.begin_sync();
  world_.sessions.end_sync(/*may_restore=*/false);
  world_.settle();
  EXPECT_FALSE(world_.sessions.find(key(1)));
  EXPECT_FALSE(world_.sessions.find(key(2)));
  EXPECT_FALSE(world_.sessions.find(key(3)));
  EXPECT_FALSE(world_.sessions.elsewhere().is_over(meanwhile)) << "others may have it";
}

TEST(Elsewhere, RemembersWhatIsOverUpToABound) {
  Elsewhere elsewhere;
  for (std::uint64_t id = 1; id <= Elsewhere::kRemembered + 1; ++id) elsewhere.note_over(id);
  EXPECT_FALSE(elsewhere.is_over(1));
  EXPECT_TRUE(elsewhere.is_over(2));
  EXPECT_TRUE(elsewhere.is_over(Elsewhere::kRemembered + 1));
}

}  // namespace
}  // namespace gate511::control
