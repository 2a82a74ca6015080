// SPDX-License-Identifier: BSD-3-Clause
//
// The store's thread, and the sessions over it: what is stored before it is in effect, what is
// undone, what is tried again, and what is there after a restart.
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "control/store/sqlite_store.hpp"
#include "control_fakes.hpp"
#include "support/forgetful_disk.hpp"
#include "support/temp_folder.hpp"

namespace gate511::control {
namespace {

using table::State;

table::Key key(std::uint64_t n) {
  return {net::MacAddress{0x0200'5e00'5300 + n}, 0};
}

/// One life of the daemon: a table and sessions over what the disk holds.
struct Life {
  explicit Life(std::uint64_t later_s = 0, bool in_memory = false) {
    world.time.advance_ms(later_s * 1'000);
    auto opened = store::SqliteStore::open("sessions.db", 1);
    EXPECT_TRUE(opened) << opened.error().text();
    store = std::move(opened->store);
    world.ledger.connect(*store, opened->restored.unix_ms, in_memory);
    world.sessions.restore_next_id(opened->restored.next_id);
    for (const auto& one : opened->restored.sessions) EXPECT_TRUE(world.sessions.restore(one));
    std::vector<EventBus::KeptConsumer> consumers;
    for (const auto& one : opened->restored.consumers)
      consumers.push_back({one.name, one.acknowledged});
    std::vector<EventBus::KeptEnd> ends;
    for (const auto& one : opened->restored.ended) ends.push_back({one.seq, one.line});
    auto& ledger = world.ledger;
    world.events.restore(
        {.ended =
             [&ledger](std::uint64_t session, std::uint64_t seq, std::string_view line) {
               ledger.note({store::Ended{session, seq, std::string{line}}});
             },
         .consumer =
             [&ledger](const std::string& name, std::uint64_t acknowledged) {
               ledger.note({store::Consumer{name, acknowledged}});
             },
         .forget = [&ledger](const std::string& name) { ledger.note({store::Forget{name}}); },
         .seq_limit = [&ledger](std::uint64_t limit) { ledger.note({store::SeqLimit{limit}}); }},
        opened->restored.seq_limit, std::move(consumers), std::move(ends));
  }

  /// Until nothing is owed any more.
  void settle() {
    do {
      world.settle();
      if (store->owed() > 0) {
        pollfd ready{store->fd(), POLLIN, 0};
        ASSERT_EQ(::poll(&ready, 1, 5'000), 1);
        store->finish();
      }
      world.settle();
    } while (store->owed() > 0);
  }
  Sessions::Settled add(std::uint64_t n, const SessionFields& fields = {}) {
    Sessions::Batch batch;
    EXPECT_TRUE(world.sessions.upsert(key(n), fields, batch));
    std::optional<Sessions::Settled> got;
    world.sessions.commit(std::move(batch), [&got](Sessions::Settled settled) { got = settled; });
    EXPECT_FALSE(table::is_authenticated(world.table.look_up(key(n)).state) && !was_in(n))
        << "it is stored before it is in effect";
    settle();
    EXPECT_TRUE(got);
    return got.value_or(Sessions::Settled{false, false});
  }
  bool was_in(std::uint64_t n) {
    const auto view = world.sessions.find(key(n));
    return view && view->record.is_stored;
  }
  Sessions::Revoked revoke(std::uint64_t n) {
    std::optional<Sessions::Revoked> got;
    world.sessions.revoke(key(n),
                          [&got](const Sessions::Revoked& revoked) { got.emplace(revoked); });
    EXPECT_FALSE(world.table.look_up(key(n)).found()) << "it is out before it is stored";
    settle();
    EXPECT_TRUE(got);
    return got.value_or(Sessions::Revoked{});
  }
  State state(std::uint64_t n) { return settled(world.table.look_up(key(n)).state); }

  World world;
  std::unique_ptr<store::Store> store;
};

class StoredSessions : public testing::Test {
 protected:
  test::ForgetfulDisk disk_;
};

TEST_F(StoredSessions, HaveTheirRatesAfterARestart) {
  {
    Life first;
    EXPECT_TRUE(first
                    .add(1, {.rate_up_bps = 8'000,
                             .rate_down_bps = 16'000,
                             .idle_s = 600,
                             .quota_bytes = 5'000,
                             .service_class = "gold"})
                    .stored);
    EXPECT_TRUE(first.add(2, {.rate_up_bps = 8'000}).stored);
    EXPECT_TRUE(first.add(2, {.rate_up_bps = 0}).stored);
    first.settle();
  }
  Life second{40};
  EXPECT_EQ(second.state(1), State::kPoliced);
  EXPECT_EQ(second.state(2), State::kAuthenticated);
  const auto view = second.world.sessions.find(key(1));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->record.rate_up_bps, 8'000U);
  EXPECT_EQ(view->record.rate_down_bps, 16'000U);
  EXPECT_EQ(view->record.idle_s, 600U);
  EXPECT_EQ(view->record.quota_bytes, 5'000U);
  EXPECT_EQ(view->record.texts.service_class(), "gold");
  EXPECT_FALSE(second.world.policers[view->record.index].take_up(40'000, 1'000'000'000'000));
}

TEST_F(StoredSessions, AreThereAfterARestart) {
  std::uint64_t id = 0;
  {
    Life first;
    EXPECT_TRUE(first.add(1, {.ttl_s = 100, .tag = "room-12", .user = "ann"}).stored);
    EXPECT_TRUE(first.add(2, {.state = State::kBlocked, .ttl_s = 0}).stored);
    EXPECT_TRUE(first.add(3).stored);
    EXPECT_TRUE(first.revoke(3).settled.stored);
    EXPECT_EQ(first.state(1), State::kAuthenticated);
    id = first.world.sessions.find(key(1))->record.id;
    first.world.status.traffic[first.world.table.look_up(key(1)).index] = {1, 100, 2, 200};
    first.world.sessions.checkpoint_all();
    first.settle();
  }
  Life second{40};
  const auto view = second.world.sessions.find(key(1));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->record.id, id);
  EXPECT_EQ(view->record.texts.tag(), "room-12");
  EXPECT_EQ(view->record.texts.user(), "ann");
  EXPECT_EQ(view->ttl_s, 60U);
  EXPECT_EQ(view->traffic.bytes_down, 200U);
  EXPECT_EQ(second.state(1), State::kAuthenticated);
  EXPECT_EQ(second.state(2), State::kBlocked);
  EXPECT_FALSE(second.world.table.look_up(key(3)).found());
  second.add(4);
  EXPECT_GT(second.world.sessions.find(key(4))->record.id, 3U) << "no id is given twice";
}

TEST_F(StoredSessions, WhatWaitsForADiskIsBounded) {
  Life life{0, true};
  disk_.fails_to_sync = true;
  for (int batch = 0; batch < 14; ++batch) {
    store::Changes ends;
    for (std::uint64_t n = 0; n < 10'000; ++n)
      ends.emplace_back(store::End{1'000'000 + static_cast<std::uint64_t>(batch) * 10'000 + n, 1});
    life.world.ledger.note(std::move(ends));
    life.settle();
  }
  EXPECT_EQ(life.store->status().lost, 140'001U - 131'072U / 2) << "and a limit of event numbers";
  EXPECT_NE(life.store->status().problem.find("changes that waited were lost: too many"),
            std::string::npos);
  disk_.fails_to_sync = false;
  EXPECT_TRUE(life.add(1).stored);
  EXPECT_TRUE(life.store->status().problem.empty());
  EXPECT_GT(life.store->status().lost, 0U) << "it is told of still";
}

TEST_F(StoredSessions, KnowWhenTheyWereSeen) {
  {
    Life first;
    EXPECT_TRUE(first.add(1).stored);
    first.world.status.traffic[first.world.table.look_up(key(1)).index] = {1, 100, 0, 0};
    first.world.sessions.checkpoint_all();
    first.settle();
  }
  Life second{40};
  const auto kept = second.world.sessions.find(key(1));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->first_seen_s, kUnixStart_s);
  EXPECT_EQ(kept->last_seen_s, kUnixStart_s) << "it was not seen since";
}

TEST_F(StoredSessions, AConsumerMissesNoEndOfAMovedOne) {
  {
    Life life;
    ASSERT_TRUE(life.world.events.subscribe(1, {.since = {}, .consumer = "billing"}));
    EXPECT_TRUE(life.add(1).stored);
    EXPECT_EQ(life.world.sessions.move(key(1), key(2), [](Sessions::Settled /*settled*/) {}),
              Sessions::Refusal::kNone);
    life.settle();
  }
  for (int restart = 0; restart < 2; ++restart) {
    Life next{40};
    ASSERT_TRUE(next.world.events.subscribe(1, {.since = {}, .consumer = "billing"}));
    next.settle();
    EXPECT_NE(next.world.pushed[1].find(R"("reason":"moved")"), std::string::npos);
    EXPECT_TRUE(next.world.sessions.find(key(2))) << "the session goes on";
    EXPECT_FALSE(next.world.sessions.find(key(1)));
  }
}

TEST_F(StoredSessions, WhatEndedMeanwhileDoesNotComeBack) {
  {
    Life first;
    first.add(1, {.ttl_s = 10});
    first.add(2, {.ttl_s = 1'000});
  }
  {
    Life second{10};
    EXPECT_FALSE(second.world.table.look_up(key(1)).found());
    EXPECT_EQ(second.state(2), State::kAuthenticated);
    second.settle();
  }
  Life third;  // by its clock it is as early as in the first life
  EXPECT_FALSE(third.world.table.look_up(key(1)).found());
  EXPECT_EQ(third.world.sessions.find(key(2))->ttl_s, 990U);
  EXPECT_EQ(third.world.ledger.behind_s(), 10U);
}

TEST_F(StoredSessions, WhatCannotBeStoredIsNotMade) {
  Life life;
  EXPECT_TRUE(life.add(1, {.tag = "old"}).stored);
  disk_.fails_to_sync = true;
  EXPECT_FALSE(life.add(2).stored);
  EXPECT_FALSE(life.world.table.look_up(key(2)).found());
  EXPECT_FALSE(life.world.sessions.find(key(2)));
  EXPECT_EQ(life.world.sessions.count(State::kAuthenticated), 1U);
  EXPECT_FALSE(life.add(1, {.state = State::kBlocked, .tag = "new"}).stored);
  EXPECT_EQ(life.world.sessions.find(key(1))->record.texts.tag(), "old");
  EXPECT_EQ(life.state(1), State::kAuthenticated);
  EXPECT_NE(life.store->status().problem, "");
  EXPECT_EQ(life.world.table.in_limbo(), 0U);
}

TEST_F(StoredSessions, TwoChangesThatCannotBeStoredAreBothUndone) {
  for (const bool at_once : {false, true}) {
    Life life;
    const std::uint64_t n = at_once ? 2 : 1;
    EXPECT_TRUE(life.add(n, {.state = State::kRestricted, .tag = "old"}).stored);
    disk_.fails_to_sync = true;
    Sessions::Batch batch;
    std::size_t refused = 0;
    const auto count = [&refused](Sessions::Settled settled) { refused += settled.stored ? 0 : 1; };
    ASSERT_TRUE(life.world.sessions.upsert(key(n), {.state = State::kAuthenticated}, batch));
    if (!at_once) life.world.sessions.commit(std::exchange(batch, {}), count);
    ASSERT_TRUE(life.world.sessions.upsert(key(n), {.tag = "new"}, batch));
    life.world.sessions.commit(std::move(batch), count);
    life.settle();
    EXPECT_EQ(refused, at_once ? 1U : 2U);
    EXPECT_EQ(life.state(n), State::kRestricted);
    EXPECT_EQ(life.world.sessions.find(key(n))->record.state, State::kRestricted);
    EXPECT_EQ(life.world.sessions.find(key(n))->record.texts.tag(), "old");
    disk_.fails_to_sync = false;
  }
}

TEST_F(StoredSessions, AChangeThatIsNotStoredYetIsNotMovedNorKept) {
  {
    Life life;
    EXPECT_TRUE(life.add(1, {.state = State::kRestricted}).stored);
    disk_.fails_to_sync = true;
    Sessions::Batch batch;
    const SessionFields granted{.state = State::kAuthenticated,
                                .bind_ip = SessionFields::BindIp{true, {.v4 = 7}}};
    ASSERT_TRUE(life.world.sessions.upsert(key(1), granted, batch));
    life.world.sessions.commit(std::move(batch), [](Sessions::Settled /*settled*/) {});
    EXPECT_EQ(life.world.sessions.move(key(1), key(2), [](Sessions::Settled /*settled*/) {}),
              Sessions::Refusal::kBusy);
    life.world.sessions.checkpoint_all();
    life.settle();
    disk_.fails_to_sync = false;
    EXPECT_TRUE(life.add(3).stored) << "what is owed goes first";
    EXPECT_EQ(life.state(1), State::kRestricted);
  }
  Life next;
  EXPECT_EQ(next.state(1), State::kRestricted);
}

TEST_F(StoredSessions, AQuotaThatIsUsedUpWhileAChangeWaitsRestricts) {
  for (const bool fails : {false, true}) {
    const std::uint64_t n = fails ? 2 : 1;
    {
      Life life;
      EXPECT_TRUE(life.add(n, {.quota_bytes = 1'000, .tag = "old"}).stored);
      disk_.fails_to_sync = fails;
      Sessions::Batch batch;
      ASSERT_TRUE(life.world.sessions.upsert(key(n), {.tag = "new"}, batch));
      life.world.sessions.commit(std::move(batch), [](Sessions::Settled /*settled*/) {});
      life.world.status.traffic[life.world.table.look_up(key(n)).index].bytes_up += 2'000;
      life.world.time.advance_ms(60'000);
      life.world.settle();
      EXPECT_EQ(life.state(n), State::kRestricted) << "in effect at once";
      life.settle();
      disk_.fails_to_sync = false;
      EXPECT_TRUE(life.add(3).stored) << "what is owed goes first";
      EXPECT_EQ(life.state(n), State::kRestricted);
    }
    Life next;
    EXPECT_EQ(next.state(n), State::kRestricted);
    EXPECT_EQ(next.world.sessions.find(key(n))->record.texts.tag(), fails ? "old" : "new");
  }
}

TEST_F(StoredSessions, ARevokeStandsAndIsStoredLater) {
  {
    Life life;
    life.add(1);
    disk_.fails_to_sync = true;
    EXPECT_FALSE(life.revoke(1).settled.stored);
    disk_.fails_to_sync = false;
    EXPECT_TRUE(life.add(2).stored) << "what is owed goes first";
    EXPECT_EQ(life.store->status().problem, "");
  }
  Life next;
  EXPECT_FALSE(next.world.table.look_up(key(1)).found());
  EXPECT_EQ(next.state(2), State::kAuthenticated);
}

TEST_F(StoredSessions, GoOnInMemoryIfSoConfigured) {
  {
    Life life{0, true};
    disk_.fails_to_sync = true;
    EXPECT_TRUE(life.add(1).stored);
    EXPECT_EQ(life.state(1), State::kAuthenticated);
    EXPECT_NE(life.store->status().problem, "");
    disk_.fails_to_sync = false;
    EXPECT_TRUE(life.add(2).stored);
  }
  Life next;
  EXPECT_EQ(next.state(1), State::kAuthenticated);
}

TEST_F(StoredSessions, AnEndUnderWayIsToldOfAfterACrash) {
  std::mt19937_64 random{1};
  {
    Life life;
    life.add(1, {.tag = "room-12"});
    ASSERT_TRUE(life.world.events.subscribe(1, {.since = {}, .consumer = "billing"}));
    life.settle();
    life.world.workers.stuck = true;  // so its event is still to come when it is stored
    life.world.sessions.revoke(key(1), [](const Sessions::Revoked& /*revoked*/) {});
    life.settle();
    EXPECT_EQ(life.world.events.kept(), 0U);
  }
  disk_.lose_power(random);
  Life next;
  EXPECT_FALSE(next.world.table.look_up(key(1)).found());
  next.settle();
  EXPECT_EQ(next.world.events.kept(), 1U);
  ASSERT_TRUE(next.world.events.subscribe(1, {.since = {}, .consumer = "billing"}));
  next.settle();
  EXPECT_NE(next.world.pushed[1].find(R"("reason":"revoked","session":{)"), std::string::npos);
  EXPECT_NE(next.world.pushed[1].find("room-12"), std::string::npos);
}

TEST_F(StoredSessions, EndsComeAgainUntilTheyAreAcknowledged) {
  std::uint64_t seq = 0;
  {
    Life life;
    ASSERT_TRUE(life.world.events.subscribe(1, {.since = {}, .consumer = "billing"}));
    for (const std::uint64_t n : {1U, 2U}) {
      life.add(n);
      life.revoke(n);
    }
    seq = life.world.events.seq();
    life.settle();
  }
  {
    Life life;
    EXPECT_EQ(life.world.events.kept(), 2U);
    EXPECT_GT(life.world.events.seq(), seq) << "no number is given twice";
    ASSERT_TRUE(life.world.events.acknowledge("billing", seq));
    life.settle();
  }
  Life life;
  EXPECT_EQ(life.world.events.kept(), 0U);
  EXPECT_EQ(life.world.events.consumers(), 1U);
}

TEST_F(StoredSessions, ARevokeWhileTheAddIsOnItsWayWins) {
  {
    Life life;
    Sessions::Batch batch;
    ASSERT_TRUE(life.world.sessions.upsert(key(1), {}, batch));
    life.revoke(1);
    life.world.sessions.commit(std::move(batch), [](Sessions::Settled /*settled*/) {});
    life.settle();
    EXPECT_FALSE(life.world.table.look_up(key(1)).found());
  }
  Life next;
  EXPECT_FALSE(next.world.table.look_up(key(1)).found());
}

TEST_F(StoredSessions, AMoveIsStored) {
  {
    Life life;
    life.add(1, {.tag = "room-12"});
    std::optional<Sessions::Settled> got;
    ASSERT_EQ(life.world.sessions.move(key(1), key(2),
                                       [&got](Sessions::Settled settled) { got = settled; }),
              Sessions::Refusal::kNone);
    life.settle();
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->stored && got->seen);
    EXPECT_EQ(life.state(2), State::kAuthenticated);
  }
  Life next;
  EXPECT_FALSE(next.world.table.look_up(key(1)).found());
  EXPECT_EQ(next.world.sessions.find(key(2))->record.texts.tag(), "room-12");
}

/// On the real file system.
TEST(StoreOpen, ADamagedFileIsSetAside) {
  const test::TempFolder folder;
  const std::string path = folder / "sessions.db";
  std::ofstream{path} << std::string(5'000, 'x');
  {
    const auto opened = store::SqliteStore::open(path, 17);
    ASSERT_TRUE(opened) << opened.error().text();
    EXPECT_NE(opened->restored.note.find(path + " was damaged"), std::string::npos);
    EXPECT_TRUE(std::filesystem::exists(path + ".damaged-17"));
    const auto again = store::SqliteStore::open(path, 18);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().text(), "sessions.store: " + path +
                                        " is in use; end the other gate511, or give another file");
  }
  const auto nowhere = store::SqliteStore::open("/proc/gate511/sessions.db", 17);
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().text().find("cannot be opened"), std::string::npos);
}

}  // namespace
}  // namespace gate511::control
