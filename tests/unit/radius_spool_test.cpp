// SPDX-License-Identifier: BSD-3-Clause
//
// The spool's bound, what it knows of sessions and of what was accepted, and who may have it.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "radius/accounting/follower.hpp"
#include "radius/accounting/records.hpp"
#include "radius/accounting/spool.hpp"
#include "radius/accounting/spool_lock.hpp"
#include "support/temp_folder.hpp"

namespace gate511::radius {
namespace {

const AccountedSession kSession{
    7, 1'000, {{"02:00:5e:00:53:01", 20, "venue"}, "ann", "\x19\x05one", 0}, 60, 1'060};

class RadiusSpoolFile : public testing::Test {
 protected:
  [[nodiscard]] std::string kinds(Spool& spool) const {
    std::string all;
    for (const Record& record : spool.records(0, 1'000))
      all += record.kind == RecordKind::kStart ? '+' : record.kind == RecordKind::kStop ? '-' : 'i';
    return all;
  }
  test::TempFolder folder_;
  std::string path_ = folder_ / "spool.db";
};

TEST_F(RadiusSpoolFile, WhatHasNoRoomGoesByItsKind) {
  Spool spool{path_, 6};
  const auto put = [&spool](RecordKind kind, std::uint64_t id) {
    spool.put(kind, {0, {id, 1}, 1, "x"});
  };
  for (std::uint64_t id = 1; id <= 2; ++id) put(RecordKind::kStop, id);
  for (std::uint64_t id = 3; id <= 4; ++id) put(RecordKind::kStart, id);
  for (std::uint64_t id = 5; id <= 6; ++id) put(RecordKind::kInterim, id);
  EXPECT_EQ(kinds(spool), "--++ii");
  put(RecordKind::kStop, 7);
  EXPECT_EQ(kinds(spool), "--++i-");
  put(RecordKind::kStop, 8);
  EXPECT_EQ(kinds(spool), "--++--");
  put(RecordKind::kStop, 9);
  put(RecordKind::kStop, 10);
  EXPECT_EQ(kinds(spool), "------");
  put(RecordKind::kStop, 11);
  EXPECT_EQ(spool.records(0, 1)[0].session.id, 2U) << "the oldest is gone";
  EXPECT_EQ(spool.size(), 6U);
  EXPECT_EQ(spool.dropped().interims, 2U);
  EXPECT_EQ(spool.dropped().starts, 2U);
  EXPECT_EQ(spool.dropped().stops, 1U);
}

TEST_F(RadiusSpoolFile, CountersGoWithTheirSession) {
  Spool spool{path_};
  AccountedSession other = kSession;
  other.created_at = 2'000;  // of a gateway that began anew
  spool.add(kSession);
  spool.add(other);
  spool.set_counters(kSession.key(), {1, 2, 3, 4}, 1'500);
  spool.set_mac(kSession.key(), "02:00:5e:00:53:99");
  EXPECT_EQ(spool.find(kSession.key())->last, (Counters{1, 2, 3, 4}));
  EXPECT_EQ(spool.find(kSession.key())->last_at, 1'500U);
  EXPECT_EQ(spool.find(kSession.key())->accepted.place.mac, "02:00:5e:00:53:99");
  EXPECT_EQ(spool.find(other.key())->last, Counters{});
  EXPECT_EQ(spool.find(other.key())->accepted.place.mac, "02:00:5e:00:53:01");
}

TEST_F(RadiusSpoolFile, ASessionThatHasEndedDoesNotBeginAgain) {
  Spool spool{path_};
  EXPECT_TRUE(spool.end(kSession.key(), 2'000));
  EXPECT_FALSE(spool.add(kSession));
  EXPECT_FALSE(spool.find(kSession.key()));
}

TEST_F(RadiusSpoolFile, AClockThatWasAheadStopsNoInterims) {
  Spool spool{path_};
  AccountedSession ahead = kSession;
  ahead.next_interim = 900'000;
  spool.add(ahead);
  spool.bring_interims_back(1'000);
  EXPECT_EQ(spool.due(1'060, 10).size(), 1U);
}

TEST_F(RadiusSpoolFile, RememberesWhatWasAccepted) {
  Accepted accepted = kSession.accepted;
  accepted.unix_s = 1'000;
  {
    Spool spool{path_};
    spool.keep(accepted);
    accepted.user = "bob";
    spool.keep(accepted);
  }
  Spool spool{path_};
  const auto all = spool.accepted();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].user, "bob");
  EXPECT_EQ(all[0].place, accepted.place);
  EXPECT_EQ(all[0].classes, accepted.classes);
  EXPECT_EQ(all[0].unix_s, 1'000U);
  spool.forget_accepted_before(1'000);
  EXPECT_EQ(spool.accepted().size(), 1U);
  spool.forget_accepted_before(1'001);
  EXPECT_EQ(spool.accepted().size(), 0U);
  spool.keep(accepted);
  spool.forget_accepted(accepted.place.mac);
  EXPECT_EQ(spool.accepted().size(), 0U);
}

TEST_F(RadiusSpoolFile, AFileOfBeforeTheFirstReleaseIsLeftAlone) {
  sql::Database{path_}.execute("PRAGMA user_version = 1");
  try {
    const Spool spool{path_};
    ADD_FAILURE();
  } catch (const sql::SqlError& error) {
    EXPECT_STREQ(error.what(), "it is of before the first release; move it away");
  }
}

TEST_F(RadiusSpoolFile, IsOneProgramsAlone) {
  {
    const auto first = SpoolLock::take(path_);
    ASSERT_TRUE(first);
    struct stat status {};
    ASSERT_EQ(::stat((path_ + ".lock").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    const auto second = SpoolLock::take(path_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), "another gate511-radius has it");
  }
  EXPECT_TRUE(SpoolLock::take(path_));
  EXPECT_FALSE(SpoolLock::take(folder_ / "nowhere/spool.db"));
}

TEST(RadiusSpoolMax, IsOfAFewThousandAtLeast) {
  const std::string server =
      "[[server]]\naddress = \"192.0.2.20\"\nsecret_file = \"/s\"\n[accounting]\n";
  EXPECT_EQ(parse_config(server + "spool_max = 1000\n", "radius.toml")->spool_max, 1'000U);
  EXPECT_EQ(parse_config(server, "radius.toml")->spool_max, 1'000'000U);
  const auto wrong = parse_config(server + "spool_max = 999\n", "radius.toml");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().where, "radius.toml:5");
}

TEST(RadiusConsumer, HasTheTagInItsName) {
  EXPECT_EQ(consumer_of("radius"), "gate511-radius.radius");
  const std::string long_tag(63, 'x');
  EXPECT_LE(consumer_of(long_tag + 'a').size(), 64U);
  EXPECT_NE(consumer_of(long_tag + 'a'), consumer_of(long_tag + 'b'));
  std::string wide;
  for (int i = 0; i < 32; ++i) wide += "\xc3\xa9";
  EXPECT_LE(consumer_of(wide).size(), 64U);
  EXPECT_EQ(nlohmann::json(consumer_of(wide)).dump().substr(0, 1), "\"") << "it is UTF-8";
}

TEST(RadiusCounters, NeverGoBack) {
  const auto session =
      nlohmann::json::parse(R"({"bytes_up":5,"bytes_down":50,"packets_up":1,"packets_down":2})");
  EXPECT_EQ(counters_of(session, {10, 20, 0, 2}), (Counters{10, 50, 1, 2}));
}

TEST(RadiusAcceptances, WaitForTheirSessionAlone) {
  Directory directory;
  const Place place{"02:00:5e:00:53:01", 20, "venue"};
  directory.accepted({place, "ann", "", 0});
  const auto now = std::chrono::steady_clock::now();
  EXPECT_FALSE(directory.take_accepted(place, now, 1'000)) << "that session was there before";
  auto taken = directory.take_accepted(place, now);
  ASSERT_TRUE(taken);
  EXPECT_FALSE(directory.take_accepted(place, now));
  directory.give_back(*taken);
  directory.accepted({place, "bob", "", 0});
  directory.give_back(*taken);
  EXPECT_EQ(directory.take_accepted(place, now)->user, "bob") << "the latest";
  directory.give_back(*taken);
  EXPECT_FALSE(directory.take_accepted(place, now + Directory::kPatience + std::chrono::seconds{1}))
      << "no longer than it would have waited";
}

TEST(RadiusAcceptances, AreWrittenOnce) {
  Directory directory;
  const Place place{"02:00:5e:00:53:01", 20, "venue"};
  const Directory::Time now{};
  directory.accepted({place, "ann", "", 0}, now);
  EXPECT_EQ(directory.unkept(now).size(), 0U) << "its session may be on its way";
  const auto unkept = directory.unkept(now + std::chrono::seconds{1});
  ASSERT_EQ(unkept.size(), 1U);
  directory.kept(unkept);
  EXPECT_EQ(directory.unkept(now + std::chrono::seconds{1}).size(), 0U);
  EXPECT_TRUE(directory.take_accepted(place, now)->is_kept);
}

}  // namespace
}  // namespace gate511::radius
