// SPDX-License-Identifier: BSD-3-Clause
//
// Records: what is written of whom, what is found again, what is taken away and leaves no byte, and
// what becomes of it where the disk fails.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "control/records/recorder.hpp"
#include "control_fakes.hpp"
#include "sql/set_aside.hpp"
#include "support/temp_folder.hpp"

namespace gate511::control::records {
namespace {

using pipeline::SightingSource;

constexpr UnixTime kNow = kUnixStart_s;

class Folder : public test::TempFolder {
 public:
  [[nodiscard]] std::string file() const { return *this / "records.db"; }
  /// How often `bytes` stand in what is there.
  [[nodiscard]] std::size_t count(const std::string& bytes) const {
    std::size_t found = 0;
    for (const auto& one : std::filesystem::directory_iterator{path()}) {
      std::ifstream file{one.path(), std::ios::binary};
      const std::string all{std::istreambuf_iterator<char>{file}, {}};
      for (std::size_t at = all.find(bytes); at != all.npos; at = all.find(bytes, at + 1)) ++found;
    }
    return found;
  }
};

net::MacAddress mac_of(std::uint64_t n) {
  return net::MacAddress{0x0200'5e00'0000 + n};
}

class RecordsTest : public testing::Test {
 protected:
  Note note(Note::Kind kind, std::uint64_t session, UnixTime at) {
    Note note;
    note.kind = kind;
    note.session = session;
    note.client = {mac_of(session), 10, 1};
    note.started = kNow;
    note.at = at;
    note.user = "user-" + std::to_string(session);
    return note;
  }
  Note seen(std::uint64_t session, std::string_view address, UnixTime at,
            SightingSource source = SightingSource::kNd) {
    Note one = note(Note::Kind::kAddress, session, at);
    one.address = *net::parse_ip(address);
    one.source = source;
    one.vlan = 20;
    return one;
  }
  Note end(std::uint64_t session, UnixTime at, EndReason reason = EndReason::kRevoked) {
    Note one = note(Note::Kind::kEnd, session, at);
    one.reason = reason;
    return one;
  }
  Note plain(Note::Kind kind) {
    Note one;
    one.kind = kind;
    return one;
  }
  void apply(const Notes& notes) { file_->apply(notes, {}, kNow); }
  Json find(const Query& query) { return file_->find(query)["records"]; }
  Json of_address(std::string_view address, UnixTime since = 0, UnixTime until = 0) {
    return find({.address = net::parse_ip(address), .since = since, .until = until});
  }
  Json of_session(std::uint64_t session) { return find({.session = session}); }
  /// Page by page.
  std::size_t count_all() {
    std::size_t count = 0;
    Query query{.limit = 500};
    for (;;) {
      const Json page = file_->find(query);
      count += page["records"].size();
      if (page["next_cursor"].is_null()) return count;
      query.before = page["next_cursor"];
    }
  }
  void open(Names names = {.links = {"venue", "annex"}}) {
    file_.reset();
    file_ = std::make_unique<RecordsFile>(folder_.file(), std::move(names));
  }
  void SetUp() override { open(); }

  Folder folder_;
  std::unique_ptr<RecordsFile> file_;
};

TEST_F(RecordsTest, TellsWhoHadAnAddress) {
  apply({note(Note::Kind::kSession, 7, kNow), seen(7, "192.0.2.7", kNow + 5, SightingSource::kDhcp),
         seen(7, "2001:db8::7", kNow + 6), seen(7, "192.0.2.7", kNow + 65, SightingSource::kArp),
         end(7, kNow + 100)});
  const Json found = of_address("192.0.2.7");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["session"], 7);
  EXPECT_EQ(found[0]["user"], "user-7");
  EXPECT_EQ(found[0]["mac"], "02:00:5e:00:00:07");
  EXPECT_EQ(found[0]["started"], kNow);
  EXPECT_EQ(found[0]["ended"], kNow + 100);
  EXPECT_EQ(found[0]["reason"], "revoked");
  ASSERT_EQ(found[0]["addresses"].size(), 1U);
  EXPECT_EQ(found[0]["addresses"][0], (Json{{"address", "192.0.2.7"},
                                            {"vlan", 20},
                                            {"link", "venue"},
                                            {"source", "dhcp"},
                                            {"first_seen", kNow + 5},
                                            {"last_seen", kNow + 65}}));
  EXPECT_FALSE(found[0].contains("vlan")) << "no part of the key";
  EXPECT_EQ(of_session(7)[0]["addresses"].size(), 2U);
  EXPECT_TRUE(of_address("192.0.2.8").empty());
}

TEST_F(RecordsTest, AtATime) {
  apply({seen(7, "192.0.2.7", kNow + 50), seen(7, "192.0.2.7", kNow + 60), end(7, kNow + 100)});
  apply({seen(8, "192.0.2.7", kNow + 120)});
  EXPECT_TRUE(of_address("192.0.2.7", kNow + 49, kNow + 49).empty()) << "not had yet";
  EXPECT_EQ(of_address("192.0.2.7", kNow + 55, kNow + 55)[0]["addresses"][0]["was_seen"], true);
  const Json later = of_address("192.0.2.7", kNow + 90, kNow + 90);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0]["addresses"][0]["was_seen"], false) << "it may have had it still";
  EXPECT_TRUE(of_address("192.0.2.7", kNow + 110, kNow + 110).empty()) << "over";
  const Json both = of_address("192.0.2.7", kNow, kNow + 1'000);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0]["session"], 8) << "the latest first";
  EXPECT_EQ(both[0]["ended"], nullptr);
}

TEST_F(RecordsTest, EachTemporaryAddress) {
  for (std::uint64_t n = 0; n < 20; ++n)
    apply({seen(7, "2001:db8::" + std::to_string(n + 1), kNow + n * 3'600)});
  EXPECT_EQ(of_session(7)[0]["addresses"].size(), 20U);
  EXPECT_EQ(of_address("2001:db8::5")[0]["addresses"][0]["first_seen"], kNow + 4 * 3'600);
}

TEST_F(RecordsTest, AMadeUpFloodOfAddressesIsBounded) {
  Notes notes;
  for (std::uint64_t n = 0; n < RecordsFile::kMaxAddresses + 10; ++n)
    notes.push_back(seen(7, net::to_string({0x2001'0db8'0000'0000, n + 1}), kNow));
  apply(notes);
  const Json span = of_session(7)[0];
  const std::uint64_t left_out = span["left_out"];
  EXPECT_GE(left_out, 10U);
  EXPECT_LT(left_out, RecordsFile::kMaxAddresses / 4);
  EXPECT_EQ(span["addresses"].size(), RecordsFile::kShownAddresses);
  EXPECT_EQ(span["more_addresses"],
            RecordsFile::kMaxAddresses + 10 - left_out - RecordsFile::kShownAddresses);
  const Json alone = find({.session = 7, .limit = 1})[0];
  EXPECT_EQ(alone["addresses"].size(), RecordsFile::kMaxAddresses + 10 - left_out);
  EXPECT_EQ(alone["more_addresses"], 0);
  EXPECT_LT(alone.dump().size(), 1U << 20) << "a line of the protocol";
}

TEST_F(RecordsTest, AClientDoesNotHideBehindAddressesThatItMadeUp) {
  Note leased = seen(7, "192.0.2.7", kNow);
  leased.source = SightingSource::kDhcp;
  apply({leased, seen(7, "192.0.2.8", kNow), seen(7, "192.0.2.8", kNow + 9)});
  for (std::uint64_t lap = 0; lap < 3; ++lap) {
    Notes notes;
    for (std::uint64_t n = 0; n < RecordsFile::kMaxAddresses; ++n)
      notes.push_back(
          seen(7, net::to_string({0x2001'0db8'0000'0000 + lap, n + 1}), kNow + 10 + lap));
    apply(notes);
  }
  apply({seen(7, "192.0.2.9", kNow + 20)});
  EXPECT_EQ(of_address("192.0.2.7").size(), 1U) << "it was leased";
  EXPECT_EQ(of_address("192.0.2.8").size(), 1U) << "it was seen more than once";
  EXPECT_EQ(of_address("192.0.2.9").size(), 1U) << "it is the latest";
  Query query{.address = net::parse_ip("2001:db8::1"), .since = kNow + 10, .until = kNow + 10};
  const Json result = file_->find(query);
  EXPECT_TRUE(result["records"].empty()) << "one of those that went";
  ASSERT_EQ(result["remarks"].size(), 1U);
  EXPECT_EQ(result["remarks"][0]["kind"], "left_out");
  EXPECT_EQ(result["remarks"][0]["session"], 7);
}

TEST_F(RecordsTest, ASessionThatAClockAheadBeganIsFoundByTheRightOne) {
  const UnixTime ahead = kNow + 1'000'000;
  Note begun = seen(7, "192.0.2.7", ahead);
  begun.started = ahead;
  apply({begun});
  Note now = begun;
  now.at = kNow;
  apply({now});
  ASSERT_EQ(of_address("192.0.2.7", kNow, kNow).size(), 1U);
}

TEST_F(RecordsTest, AnotherUserOrMacBeginsAnotherSpan) {
  apply({note(Note::Kind::kSession, 7, kNow)});
  Note named = note(Note::Kind::kSession, 7, kNow + 10);
  named.user = "bob";
  apply({named});
  Note moved = named;
  moved.at = kNow + 20;
  moved.client.mac = mac_of(99);
  apply({moved});
  Note former = end(7, kNow + 21, EndReason::kMoved);
  apply({former});  // of the key that it had
  const Json spans = of_session(7);
  ASSERT_EQ(spans.size(), 3U);
  EXPECT_EQ(spans[2]["reason"], "user");
  EXPECT_EQ(spans[2]["ended"], kNow + 10);
  EXPECT_EQ(spans[1]["reason"], "moved");
  EXPECT_EQ(spans[1]["started"], kNow + 10);
  EXPECT_EQ(spans[0]["mac"], "02:00:5e:00:00:63");
  EXPECT_EQ(spans[0]["ended"], nullptr) << "the move ends the former span alone";
}

TEST_F(RecordsTest, VlanAndLinkWhereTheyArePartOfTheKey) {
  open({.links = {"venue", "annex"}, .has_vlan = true, .has_link = true});
  apply({note(Note::Kind::kSession, 7, kNow)});
  EXPECT_EQ(of_session(7)[0]["vlan"], 10);
  EXPECT_EQ(of_session(7)[0]["link"], "annex");
}

TEST_F(RecordsTest, ARestartGoesOnAndDoublesNothing) {
  apply({note(Note::Kind::kSession, 7, kNow), seen(7, "192.0.2.7", kNow)});
  open();
  apply({plain(Note::Kind::kRoundBegins), note(Note::Kind::kSession, 7, kNow + 50),
         plain(Note::Kind::kRoundEnds), seen(7, "192.0.2.7", kNow + 60)});
  while (file_->close_some()) {
  }
  const Json spans = of_session(7);
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_EQ(spans[0]["ended"], nullptr);
  EXPECT_EQ(spans[0]["addresses"][0]["first_seen"], kNow);
  EXPECT_EQ(spans[0]["addresses"][0]["last_seen"], kNow + 60);
}

TEST_F(RecordsTest, AWholeRoundEndsWhatItDidNotMeet) {
  for (std::uint64_t n = 1; n <= RecordsFile::kSlice * 2; ++n)
    apply({seen(n, "192.0.2.7", kNow + 40)});
  apply({plain(Note::Kind::kRoundBegins), note(Note::Kind::kSession, 2, kNow + 50)});
  EXPECT_FALSE(file_->close_some()) << "it is not over";
  apply({plain(Note::Kind::kRoundEnds)});
  int slices = 1;
  while (file_->close_some()) ++slices;
  EXPECT_GE(slices, 2);
  EXPECT_EQ(of_session(1)[0]["reason"], "unknown");
  EXPECT_EQ(of_session(1)[0]["ended"], kNow + 40) << "as far as is known";
  EXPECT_EQ(of_session(2)[0]["ended"], nullptr);
}

TEST_F(RecordsTest, ANumberThatIsGivenAnewIsAnotherSession) {
  apply({note(Note::Kind::kSession, 7, kNow)});
  Note again = note(Note::Kind::kSession, 7, kNow + 500);
  again.started = kNow + 500;  // sessions were in memory alone
  apply({again});
  const Json spans = of_session(7);
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[1]["reason"], "unknown");
  EXPECT_EQ(spans[0]["started"], kNow + 500);
}

TEST_F(RecordsTest, AClockThatGoesBackWidensWhatItTouches) {
  apply({seen(7, "192.0.2.7", kNow + 3'600), seen(7, "192.0.2.7", kNow + 60)});
  const Json address = of_session(7)[0]["addresses"][0];
  EXPECT_EQ(address["first_seen"], kNow + 60);
  EXPECT_EQ(address["last_seen"], kNow + 3'600);
  apply({end(7, kNow - 100)});
  EXPECT_EQ(of_session(7)[0]["ended"], kNow) << "not before it began";
}

TEST_F(RecordsTest, PagesAndNarrows) {
  for (std::uint64_t n = 1; n <= 5; ++n) apply({seen(n, "192.0.2.7", kNow)});
  const Json first = file_->find({.address = net::parse_ip("192.0.2.7"), .limit = 2});
  ASSERT_EQ(first["records"].size(), 2U);
  const Json second = file_->find({.address = net::parse_ip("192.0.2.7"),
                                   .before = first["next_cursor"].get<std::uint64_t>(),
                                   .limit = 3});
  ASSERT_EQ(second["records"].size(), 3U);
  EXPECT_EQ(second["records"][0]["session"], 3);
  EXPECT_EQ(second["next_cursor"], nullptr);
  EXPECT_EQ(find({.mac = mac_of(4)}).size(), 1U);
  EXPECT_EQ(find({.user = "user-4"})[0]["session"], 4);
  EXPECT_TRUE(find({.user = "'; DROP TABLE span; --"}).empty());
}

TEST_F(RecordsTest, PurgedRowsLeaveNoByte) {
  // Enough that pages split, in an order that is none.
  Notes notes;
  constexpr std::uint64_t kSessions = 3'000, kStep = 1'237;
  for (std::uint64_t i = 0; i < kSessions; ++i) {
    const std::uint64_t n = i * kStep % kSessions + 1;
    Note one = note(Note::Kind::kSession, n, kNow);
    one.client.mac = net::MacAddress{0x0abb'cc00'0000 + n * 7'919 % 65'536};
    one.user = "guest-" + std::to_string(n * 7'919);
    notes.push_back(one);
    for (std::uint64_t a = 0; a < 3; ++a) {
      Note address = one;
      address.kind = Note::Kind::kAddress;
      address.address = {0x2001'0db8'0000'0000 + a, n * 104'729 % 1'000'003};
      notes.push_back(address);
    }
    Note over = one;
    over.kind = Note::Kind::kEnd;
    over.at = n % 2 == 0 ? kNow + 10 : kNow + 1'000;
    notes.push_back(over);
  }
  apply(notes);
  EXPECT_GT(folder_.count("0a:bb:cc:"), kSessions);
  while (file_->purge_some(kNow + 500)) {
  }
  EXPECT_EQ(count_all(), kSessions / 2);
  EXPECT_EQ(std::filesystem::file_size(folder_.file() + "-wal"), 0U);
  while (file_->purge_some(kNow + 5'000)) {
  }
  EXPECT_TRUE(find({}).empty());
  EXPECT_EQ(folder_.count("0a:bb:cc:"), 0U);
  EXPECT_EQ(folder_.count("2001:db8:"), 0U);
  EXPECT_EQ(folder_.count("guest-"), 0U);
  EXPECT_EQ(file_->purged(), kSessions * 4);
}

TEST_F(RecordsTest, OfASpanThatGoesOnOldAddressesGo) {
  apply({seen(7, "192.0.2.7", kNow), seen(7, "192.0.2.8", kNow + 1'000)});
  file_->apply({}, std::vector{Remark{Remark::Kind::kLost, kNow, kNow + 1, 3}}, kNow);
  EXPECT_FALSE(file_->purge_some(kNow + 500));
  ASSERT_EQ(of_session(7).size(), 1U);
  EXPECT_EQ(of_session(7)[0]["addresses"].size(), 1U);
  EXPECT_EQ(of_session(7)[0]["addresses"][0]["address"], "192.0.2.8");
  EXPECT_TRUE(file_->find({.since = kNow, .until = kNow})["remarks"].empty());
}

TEST_F(RecordsTest, ForgetLeavesNoByte) {
  Notes notes;
  for (std::uint64_t n = 1; n <= 2'000; ++n) {
    notes.push_back(note(Note::Kind::kSession, n, kNow));
    notes.push_back(seen(n, "192.0.2." + std::to_string(n % 200 + 1), kNow));
    if (n == 500) notes.back().user = notes[notes.size() - 2].user = "forgotten one";
  }
  apply(notes);
  ASSERT_GT(folder_.count("02:00:5e:00:01:f4"), 0U);
  EXPECT_EQ(file_->forget(mac_of(500)), 1U);
  EXPECT_EQ(folder_.count("02:00:5e:00:01:f4"), 0U);
  EXPECT_EQ(folder_.count("forgotten one"), 0U);
  EXPECT_EQ(count_all(), 1'999U);
  EXPECT_EQ(file_->forget(mac_of(500)), 0U) << "once more is nothing";
}

TEST_F(RecordsTest, IsItsOwnersAloneAlsoWhereItWasNot) {
  file_.reset();
  std::filesystem::permissions(folder_.file(), std::filesystem::perms{0644});
  open();
  struct stat status {};
  ASSERT_EQ(::stat(folder_.file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  apply({note(Note::Kind::kSession, 7, kNow)});
  ASSERT_EQ(::stat((folder_.file() + "-wal").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(RecordsTest, RefusesWhatIsNotItsOwn) {
  file_.reset();
  std::filesystem::remove(folder_.file());
  {
    sql::Database other{folder_.file()};
    other.execute("CREATE TABLE t(x)");
  }
  EXPECT_THROW(open(), RecordsFile::WrongFile);
}

// --- The keeper
// ------------------------------------------------------------------------------------

class KeeperTest : public RecordsTest {
 protected:
  void SetUp() override {}
  void start(std::uint32_t days = 30, const std::string& path = {}) {
    auto keeper = Keeper::start({path.empty() ? folder_.file() : path, {.links = {"venue"}}, days},
                                Clock{clock_.boot_ns, [this] { return unix_ns_.load(); }});
    ASSERT_TRUE(keeper) << keeper.error().text();
    keeper_ = std::move(*keeper);
  }
  template <typename Condition>
  bool wait_until(const Condition& condition) {
    for (int i = 0; i < 500; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return false;
  }
  tl::expected<Json, std::string> ask(const Query& query) {
    std::optional<tl::expected<Json, std::string>> got;
    keeper_->ask([query](RecordsFile& file) { return file.find(query).dump(); },
                 [&got](const auto& result) {
                   got = result.map([](const std::string& text) { return Json::parse(text); });
                 });
    wait_until([&] {
      keeper_->finish();
      return got.has_value();
    });
    return got.value_or(tl::unexpected{std::string{"no answer"}});
  }

  Clock clock_ = Clock::system();
  std::atomic<std::uint64_t> unix_ns_{kNow * kNsPerSecond};
  std::unique_ptr<Keeper> keeper_;
};

TEST_F(KeeperTest, AnswersWithAllThatWasToldBefore) {
  start();
  for (std::uint64_t n = 1; n <= 100; ++n) EXPECT_TRUE(keeper_->add(seen(n, "192.0.2.7", kNow)));
  const auto found = ask({.address = net::parse_ip("192.0.2.7"), .limit = 500});
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ((*found)["records"].size(), 100U);
  EXPECT_EQ(keeper_->status().written, 100U);
  EXPECT_EQ(keeper_->room(), Keeper::kWaiting);
}

TEST_F(KeeperTest, WritesWhatWaitsAtItsEnd) {
  start();
  keeper_->add(seen(7, "192.0.2.7", kNow));
  keeper_.reset();
  open();
  EXPECT_EQ(of_session(7).size(), 1U);
}

TEST_F(KeeperTest, IsBoundedWhileTheDiskIsAwayAndSaysWhatIsLost) {
  const std::string away = folder_.file() + ".away/records.db";
  start(30, away);
  for (std::size_t n = 0; n < Keeper::kWaiting; ++n)
    ASSERT_TRUE(keeper_->add(seen(1 + n % 10, "192.0.2.7", kNow + n / 1'000)));
  EXPECT_EQ(keeper_->room(), 0U);
  EXPECT_FALSE(keeper_->add(seen(7, "192.0.2.8", kNow + 70)));
  EXPECT_FALSE(keeper_->add(seen(7, "192.0.2.9", kNow + 71)));
  EXPECT_TRUE(wait_until([this] { return !keeper_->status().problem.empty(); }));
  EXPECT_EQ(keeper_->status().lost, 2U);
  const auto refused = ask({.session = 7});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("cannot be written: unable to open database file"),
            std::string::npos)
      << refused.error();
  std::filesystem::create_directory(folder_.file() + ".away");
  EXPECT_TRUE(wait_until([this] { return keeper_->room() == Keeper::kWaiting; }));
  EXPECT_EQ(keeper_->status().problem, "");
  const auto found = ask({.session = 7, .since = kNow + 60, .until = kNow + 80});
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ((*found)["records"][0]["addresses"][0]["last_seen"], kNow + 65);
  EXPECT_EQ(
      (*found)["remarks"],
      Json::array({{{"kind", "lost"}, {"since", kNow + 70}, {"until", kNow + 71}, {"count", 2}}}));
}

TEST_F(KeeperTest, PurgesAtItsStart) {
  start(30);
  keeper_->add(seen(7, "192.0.2.7", kNow));
  keeper_->add(end(7, kNow + 10));
  keeper_.reset();
  unix_ns_ += 31 * 86'400 * kNsPerSecond;
  start(30);
  EXPECT_TRUE(wait_until([this] { return keeper_->status().purged == 2; }));
  keeper_.reset();
  EXPECT_EQ(folder_.count("192.0.2.7"), 0U);
  EXPECT_EQ(folder_.count("02:00:5e"), 0U);
}

TEST_F(KeeperTest, TellsWhenItDidNotRun) {
  start();
  keeper_->add(seen(7, "192.0.2.7", kNow));
  keeper_.reset();
  unix_ns_ += 600 * kNsPerSecond;
  start();
  const auto found = ask({.session = 7, .since = kNow + 300, .until = kNow + 300});
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ((*found)["remarks"][0]["kind"], "down");
}

TEST_F(KeeperTest, SetsADamagedFileAside) {
  std::ofstream{folder_.file()} << std::string(8'192, 'x');
  start();
  keeper_->add(seen(7, "192.0.2.7", kNow));
  const auto found = ask({.session = 7});
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ((*found)["records"].size(), 1U);
  EXPECT_NE(keeper_->status().note.find("were damaged"), std::string::npos);
  const auto earlier = ask({.session = 7, .since = kNow - 1'000, .until = kNow - 900});
  ASSERT_TRUE(earlier) << earlier.error();
  EXPECT_EQ((*earlier)["remarks"][0]["kind"], "down") << "it may have stood in what was damaged";
  // What was set aside ages as well.
  ASSERT_EQ(sql::files_set_aside(folder_.file()).size(), 1U);
  keeper_.reset();
  unix_ns_ += 31 * 86'400 * kNsPerSecond;
  start(30);
  EXPECT_TRUE(wait_until([this] { return sql::files_set_aside(folder_.file()).empty(); }));
}

TEST_F(KeeperTest, SaysThatItsFileIsGone) {
  start();
  keeper_->add(seen(7, "192.0.2.7", kNow));
  ASSERT_TRUE(ask({.session = 7}));
  std::filesystem::rename(folder_.file(), folder_.file() + ".old");
  unix_ns_ += 60 * kNsPerSecond;
  keeper_->add(seen(7, "192.0.2.7", kNow + 60));
  ASSERT_TRUE(wait_until([this] { return !keeper_->status().problem.empty(); }));
  EXPECT_EQ(
      keeper_->status().problem,
      "the records " + folder_.file() +
          " cannot be written: the file was removed or replaced while in use; restart gate511");
}

TEST_F(KeeperTest, SaysThatTheClockWasSetBackWhileItDidNotRun) {
  start();
  keeper_->add(seen(7, "192.0.2.7", kNow));
  keeper_.reset();
  unix_ns_ -= 600 * kNsPerSecond;
  start();
  const auto found = ask({.session = 7, .since = kNow - 600, .until = kNow - 500});
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(
      (*found)["remarks"],
      Json::array({{{"kind", "clock"}, {"since", kNow}, {"until", kNow - 600}, {"count", 0}}}));
}

// --- The recorder
// ----------------------------------------------------------------------------------

class RecorderTest : public KeeperTest {
 protected:
  void SetUp() override {
    start();
    unix_ns_ = world_.time.unix_ns;
    make();
  }
  void make() {
    recorder_ = std::make_unique<Recorder>(
        Recorder::Parts{*keeper_, world_.sessions, world_.clients, world_.keys, world_.time.clock});
    listeners_.set_second(recorder_.get());
    world_.sessions.set_listener(&listeners_);
    world_.clients.on_address([this](const SeenClient& client, const SeenAddress& address) {
      recorder_->address_seen(client, address);
    });
  }
  void see(std::uint64_t n, std::string_view address) {
    world_.clients.add(
        {.address = *net::parse_ip(address), .client = mac_of(n), .source = SightingSource::kNd});
  }
  void settle() {
    world_.settle();
    wait_until([this] {
      recorder_->work();
      return !recorder_->has_work();
    });
  }
  void add(std::uint64_t n) {
    world_.add({mac_of(n), 0}, {.user = "user-" + std::to_string(n)});
    settle();
  }
  Json records(const Query& query) {
    const auto found = ask(query);
    EXPECT_TRUE(found);
    return found ? (*found)["records"] : Json{};
  }

  World world_;
  BothListeners listeners_{world_.session_events};
  std::unique_ptr<Recorder> recorder_;
};

TEST_F(RecorderTest, OfGuestsNothing) {
  see(1, "2001:db8::1");
  settle();
  EXPECT_TRUE(records({}).empty());
  EXPECT_EQ(folder_.count("2001:db8"), 0U);
}

TEST_F(RecorderTest, ASessionAndItsAddresses) {
  see(1, "2001:db8::1");  // while it was a guest
  world_.time.advance_ms(10'000);
  add(1);
  world_.time.advance_ms(20'000);
  see(1, "2001:db8::1:1");
  world_.time.advance_ms(20'000);
  world_.sessions.revoke({mac_of(1), 0}, [](const auto&) {});
  settle();
  see(1, "2001:db8::1:2");  // a guest again
  const Json found = records({.mac = mac_of(1)});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["started"], kNow + 10);
  EXPECT_EQ(found[0]["ended"], kNow + 50);
  EXPECT_EQ(found[0]["user"], "user-1");
  ASSERT_EQ(found[0]["addresses"].size(), 2U);
  EXPECT_EQ(found[0]["addresses"][0]["first_seen"], kNow + 10) << "not before the session";
  EXPECT_EQ(found[0]["addresses"][1]["first_seen"], kNow + 30);
}

TEST_F(RecorderTest, ARoundTellsOfSessionsThatWereThereBefore) {
  listeners_.set_second(nullptr);
  recorder_.reset();
  world_.clients.on_address({});
  for (std::uint64_t n = 1; n <= 40; ++n) world_.add({mac_of(n), 0}, {});
  world_.settle();
  see(3, "192.0.2.3");
  make();
  settle();
  EXPECT_EQ(records({}).size(), 40U);
  EXPECT_EQ(records({.address = net::parse_ip("192.0.2.3")}).size(), 1U);
}

TEST_F(RecorderTest, AMoveIsTwoSpans) {
  add(1);
  world_.time.advance_ms(10'000);
  EXPECT_EQ(world_.sessions.move({mac_of(1), 0}, {mac_of(2), 0}, [](Sessions::Settled) {}),
            Sessions::Refusal::kNone);
  settle();
  const Json found = records({});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]["mac"], "02:00:5e:00:00:02");
  EXPECT_EQ(found[0]["ended"], nullptr);
  EXPECT_EQ(found[1]["reason"], "moved");
}

TEST_F(RecorderTest, AStepOfTheClockIsRemarked) {
  add(1);
  world_.time.advance_ms(10'000);
  recorder_->tick(0);
  world_.time.unix_ns -= 3'600 * kNsPerSecond;
  recorder_->tick(0);
  recorder_->tick(0);
  const auto found = ask({.session = 1, .since = kNow - 1'800, .until = kNow - 1'800});
  ASSERT_TRUE(found);
  EXPECT_EQ(
      (*found)["remarks"],
      Json::array(
          {{{"kind", "clock"}, {"since", kNow + 10}, {"until", kNow + 10 - 3'600}, {"count", 0}}}));
}

TEST_F(RecorderTest, SaysWhenTheWorkersCouldNotTellOfAll) {
  recorder_->tick(5);  // from the start on
  recorder_->tick(5);
  for (int i = 1; i <= 20; ++i) {
    world_.time.advance_ms(250);
    recorder_->tick(5 + 100 * static_cast<std::uint64_t>(i));
  }
  world_.time.advance_ms(250);
  recorder_->tick(2'005);
  const auto found = ask({.session = 7, .since = kNow, .until = kNow + 10});
  ASSERT_TRUE(found) << found.error();
  std::uint64_t lost = 0;
  for (const Json& remark : (*found)["remarks"]) {
    EXPECT_EQ(remark["kind"], "lost");
    lost += remark["count"].get<std::uint64_t>();
  }
  EXPECT_EQ(lost, 2'005U);
  EXPECT_EQ((*found)["remarks"].size(), 2U)
      << "what was at the start, and one as long as it went on";
}

}  // namespace
}  // namespace gate511::control::records
