// SPDX-License-Identifier: BSD-3-Clause
//
// Accounting records, and the spool that holds them.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "radius/accounting/directory.hpp"
#include "radius/accounting/records.hpp"
#include "radius/accounting/session_id.hpp"
#include "radius/accounting/spool.hpp"
#include "radius/wire/writer.hpp"
#include "support/temp_folder.hpp"

namespace gate511::radius {
namespace {

constexpr std::string_view kConfig = "[[server]]\naddress = \"192.0.2.20\"\nsecret_file = \"/s\"\n";

const AccountedSession kSession{
    7, 1'000, {{"02:00:5e:00:53:01", 20, "venue"}, "ann", "\x19\x05one", 0}, 60, 1'060};

/// A record as a server gets it.
class Sent {
 public:
  explicit Sent(const Record& record) {
    Attributes attributes;
    EXPECT_TRUE(attributes.add_encoded(record.attributes));
    bytes_ = accounting_request(1, "secret", attributes);
    packet_ = Packet::parse(bytes_);
    EXPECT_TRUE(packet_);
  }
  const Packet& operator*() const { return *packet_; }
  const Packet* operator->() const { return &*packet_; }

 private:
  PacketBytes bytes_;
  tl::expected<Packet, std::string> packet_ = tl::unexpected{std::string{}};
};

TEST(RadiusSessionId, IsReadAsItWasWritten) {
  const SessionId session{1'234'567'890'123'456'789, 0x6923'6f1a};
  EXPECT_EQ(acct_session_id(session), "69236f1a-1234567890123456789");
  EXPECT_EQ(read_acct_session_id(acct_session_id(session)), session);
  for (const char* const wrong :
       {"", "7", "-7", "1-", "1-7 ", "1--7", "x-7", "1-18446744073709551616"})
    EXPECT_FALSE(read_acct_session_id(wrong)) << wrong;
}

class RadiusRecords : public testing::Test {
 protected:
  Config config_ = parse_config(kConfig, "radius.toml").value();
  nlohmann::json session_ = nlohmann::json::parse(R"({"id":7,"mac":"02:00:5e:00:53:01",
    "user":"a","bytes_up":4294967298,"bytes_down":12884901887,"packets_up":3,
    "packets_down":4})");
};

TEST_F(RadiusRecords, AStopHasWholeCountersAndACause) {
  const Sent sent{record_of(config_, RecordKind::kStop, kSession, session_, 1'500, "idle")};
  EXPECT_EQ(sent->integer(attribute::kAcctStatusType), 2U);
  EXPECT_EQ(sent->text(attribute::kAcctSessionId), "3e8-7");
  EXPECT_EQ(sent->text(attribute::kUserName), "ann");
  EXPECT_EQ(sent->text(attribute::kClass), "one");
  EXPECT_EQ(sent->text(attribute::kCallingStationId), "02-00-5E-00-53-01");
  EXPECT_EQ(sent->text(attribute::kNasPortId), "venue.20");
  EXPECT_EQ(sent->integer(attribute::kAcctInputOctets), 2U);
  EXPECT_EQ(sent->integer(attribute::kAcctInputGigawords), 1U);
  EXPECT_EQ(sent->integer(attribute::kAcctOutputOctets), 0xffff'ffffU);
  EXPECT_EQ(sent->integer(attribute::kAcctOutputGigawords), 2U);
  EXPECT_EQ(sent->integer(attribute::kAcctInputPackets), 3U);
  EXPECT_EQ(sent->integer(attribute::kAcctOutputPackets), 4U);
  EXPECT_EQ(sent->integer(attribute::kAcctSessionTime), 500U);
  EXPECT_EQ(sent->integer(attribute::kEventTimestamp), 1'500U);
  EXPECT_EQ(sent->integer(attribute::kAcctTerminateCause), 4U);
}

TEST_F(RadiusRecords, AStartCountsNothing) {
  const Sent sent{record_of(config_, RecordKind::kStart, kSession, session_, 1'000)};
  EXPECT_EQ(sent->integer(attribute::kAcctStatusType), 1U);
  EXPECT_FALSE(sent->find(attribute::kAcctInputOctets));
  EXPECT_FALSE(sent->find(attribute::kAcctTerminateCause));
}

TEST_F(RadiusRecords, CausesAreTheStandards) {
  for (const auto& [reason, cause] :
       {std::pair{"idle", 4U}, {"expired", 5U}, {"revoked", 6U}, {"quota", 10U}}) {
    const Sent sent{record_of(config_, RecordKind::kStop, kSession, session_, 1'500, reason)};
    EXPECT_EQ(sent->integer(attribute::kAcctTerminateCause), cause) << reason;
  }
}

class RadiusSpool : public testing::Test {
 protected:
  test::TempFolder folder_;
  std::string path_ = folder_ / "spool.db";
};

TEST_F(RadiusSpool, HoldsWhatItWasGiven) {
  {
    Spool spool{path_};
    EXPECT_TRUE(spool.add(kSession));
    EXPECT_FALSE(spool.add(kSession));
    spool.put(RecordKind::kStart, {0, kSession.key(), 1'000, std::string{"a\0b", 3}});
  }
  Spool spool{path_};
  EXPECT_EQ(spool.note(), "");
  EXPECT_EQ(spool.size(), 1U);
  const auto known = spool.find(kSession.key());
  ASSERT_TRUE(known);
  EXPECT_EQ(known->accepted.place, kSession.accepted.place);
  EXPECT_EQ(known->accepted.classes, kSession.accepted.classes);
  EXPECT_FALSE(spool.find({7, 1'001})) << "another session of that number";
  const auto records = spool.records(0, 10);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].attributes, (std::string{"a\0b", 3}));
  spool.done(records[0].seq);
  EXPECT_EQ(spool.size(), 0U);
}

TEST_F(RadiusSpool, AnEndIsNotedOnce) {
  Spool spool{path_};
  spool.add(kSession);
  EXPECT_TRUE(spool.end(kSession.key(), 2'000));
  EXPECT_FALSE(spool.find(kSession.key()));
  EXPECT_FALSE(spool.end(kSession.key(), 2'001));
  EXPECT_TRUE(spool.end({7, 1'500}, 2'001)) << "of a store that began anew";
}

TEST_F(RadiusSpool, AnInterimGivesWayToTheNextRecord) {
  Spool spool{path_};
  spool.put(RecordKind::kStart, {0, {7, 1}, 1, "start"});
  spool.put(RecordKind::kInterim, {0, {7, 1}, 2, "first"});
  spool.put(RecordKind::kInterim, {0, {8, 1}, 2, "other"});
  spool.put(RecordKind::kInterim, {0, {7, 1}, 3, "second"});
  spool.put(RecordKind::kStop, {0, {7, 1}, 4, "stop"});
  std::string all;
  for (const Record& record : spool.records(0, 10)) all += record.attributes + ' ';
  EXPECT_EQ(all, "start other stop ");
  EXPECT_EQ(spool.size(), 3U);
}

TEST_F(RadiusSpool, TellsWhoseInterimIsDue) {
  Spool spool{path_};
  spool.add(kSession);
  AccountedSession without = kSession;
  without.id = 8;
  without.interim_s = 0;
  spool.add(without);
  EXPECT_EQ(spool.due(1'059, 10).size(), 0U);
  EXPECT_EQ(spool.due(1'060, 10).size(), 1U);
  spool.set_next_interim(kSession.key(), 1'120);
  EXPECT_EQ(spool.due(1'060, 10).size(), 0U);
}

TEST_F(RadiusSpool, OneThatIsDamagedIsSetAside) {
  std::ofstream{path_} << std::string(8'192, 'x');
  Spool spool{path_};
  EXPECT_NE(spool.note().find("it was damaged, and is set aside as " + path_ + ".damaged-"),
            std::string::npos);
  EXPECT_TRUE(spool.add(kSession));
}

TEST(RadiusDirectory, FindsWhatWasAcceptedForItsSession) {
  Directory directory;
  directory.accepted({{"02:00:5e:00:53:01", 20, "venue"}, "old", "", 0});
  directory.accepted({{"02:00:5e:00:53:01", 20, "venue"}, "ann", "c", 60});
  directory.accepted({{"02:00:5e:00:53:01", 30, "venue"}, "bob", "", 0});
  EXPECT_FALSE(directory.take_accepted({"02:00:5e:00:53:02", 0, ""}));
  EXPECT_EQ(directory.take_accepted({"02:00:5e:00:53:01", 20, ""})->user, "ann");
  EXPECT_FALSE(directory.take_accepted({"02:00:5e:00:53:01", 20, ""}));
  EXPECT_EQ(directory.take_accepted({"02:00:5e:00:53:01", 0, ""})->user, "bob");
}

TEST(RadiusDirectory, WhatWasAcceptedLongAgoIsOfNoLaterSession) {
  Directory directory;
  const Directory::Time then{};
  const Place place{"02:00:5e:00:53:01", 20, "venue"};
  directory.accepted({place, "ann", "", 0}, then);
  directory.accepted({place, "bob", "", 0}, then + std::chrono::seconds{60});
  EXPECT_EQ(
      directory.take_accepted(place, then + Directory::kPatience + std::chrono::seconds{1})->user,
      "bob");
  directory.accepted({place, "ann", "", 0}, then);
  EXPECT_FALSE(
      directory.take_accepted(place, then + Directory::kPatience + std::chrono::seconds{1}));
}

TEST(RadiusDirectory, FindsSessions) {
  Directory directory;
  directory.put({7, {"02:00:5e:00:53:01", 0, ""}, "ann"});
  directory.put({8, {"02:00:5e:00:53:02", 0, ""}, "ann"});
  EXPECT_EQ(directory.of_user("ann").size(), 2U);
  directory.put({8, {"02:00:5e:00:53:03", 0, ""}, "bob"});  // moved, and another's
  EXPECT_EQ(directory.of_user("ann").size(), 1U);
  EXPECT_EQ(directory.of_mac("02:00:5e:00:53:02").size(), 0U);
  EXPECT_EQ(directory.of_mac("02:00:5e:00:53:03").at(0).id, 8U);
  directory.drop(7);
  EXPECT_FALSE(directory.find(7));
  EXPECT_EQ(directory.size(), 1U);
}

}  // namespace
}  // namespace gate511::radius
