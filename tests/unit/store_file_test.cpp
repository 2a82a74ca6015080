// SPDX-License-Identifier: BSD-3-Clause
//
// The store's file on a disk that forgets what was not synced, fails, is full, or flips bits.
#include "control/store/sqlite_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <string>

#include "net/bytes.hpp"
#include "net/siphash.hpp"
#include "support/forgetful_disk.hpp"

namespace gate511::control::store {
namespace {

using table::State;

constexpr const char* kPath = "sessions.db";

Session session(std::uint64_t id, const std::string& tag = "") {
  return {.id = id,
          .key = {net::MacAddress{0x0200'5e00'0000 + id}, static_cast<std::uint16_t>(id % 100)},
          .state = id % 5 == 0 ? State::kBlocked : State::kAuthenticated,
          .created_unix_s = 1'750'000'000 + id,
          .expires_ms = id % 3 == 0 ? 0 : 1'750'000'000'000 + id,
          .tag = tag,
          .user = "user-" + std::to_string(id)};
}

/// What the store must hold, told the simple way.
struct Model {
  std::map<std::uint64_t, Restored::One> sessions;
  std::map<std::uint64_t, std::uint64_t> told;  ///< ends whose event is kept: seq to session
  std::uint64_t next_id = 1;
  std::uint64_t seq = 0;
  std::uint64_t time_ms = 1'000;

  bool operator==(const Model& other) const {
    return told == other.told && next_id == other.next_id && time_ms == other.time_ms &&
           std::equal(sessions.begin(), sessions.end(), other.sessions.begin(),
                      other.sessions.end(), [](const auto& a, const auto& b) {
                        return a.first == b.first && a.second.session == b.second.session &&
                               a.second.counts.bytes_up == b.second.counts.bytes_up &&
                               a.second.ended == b.second.ended;
                      });
  }
};

Model model_of(const Restored& restored) {
  Model model;
  for (const auto& one : restored.sessions) model.sessions.emplace(one.session.id, one);
  for (const Ended& ended : restored.ended) model.told.emplace(ended.seq, ended.id);
  model.next_id = restored.next_id;
  model.time_ms = restored.unix_ms;
  return model;
}

/// One row of random changes, of which `model` is told too.
JournalRow random_row(Model& model, std::mt19937_64& random) {
  JournalRow row;
  row.unix_ms = model.time_ms += random() % 1'000;
  for (std::uint64_t i = random() % 8 + 1; i > 0; --i) {
    auto any = model.sessions.begin();
    if (!model.sessions.empty())
      std::advance(any, static_cast<std::ptrdiff_t>(random() % model.sessions.size()));
    const std::uint64_t kind = model.sessions.empty() ? 0 : random() % 5;
    if (kind <= 1) {
      Session made = session(model.next_id++);
      if (random() % 2 == 0) made.link = "annex";
      if (random() % 4 == 0) {
        made.bound = true;
        made.addresses.v4 = static_cast<std::uint32_t>(random());
        made.addresses.v4_origin = static_cast<table::Origin>(random() % 3);
      }
      model.sessions[made.id].session = made;
      row.changes.emplace_back(Put{made});
    } else if (any->second.ended != 0) {
      const std::uint64_t id = any->first;
      model.sessions.erase(any);
      model.told[++model.seq] = id;
      row.changes.emplace_back(Ended{id, model.seq, "line"});
    } else if (kind == 2) {
      any->second.session.tag = std::string(random() % 60, 't');
      row.changes.emplace_back(Put{any->second.session});
    } else if (kind == 3) {
      any->second.counts = {{random() % 1'000, random(), 3, 4}};
      row.changes.emplace_back(Count{any->first, any->second.counts});
    } else {
      any->second.ended = 1;
      row.changes.emplace_back(End{any->first, 1});
    }
  }
  return row;
}

/// A consumer, so that ends are kept.
void begin(SqliteFile& file, Model& model) {
  file.append({model.time_ms, {Consumer{"billing", 0}}});
}

TEST(StoreFile, HoldsWhatWasAppendedFoldedOrNot) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random{seed};
    test::ForgetfulDisk disk;
    Model model;
    auto file = std::make_unique<SqliteFile>(kPath);
    begin(*file, model);
    for (int round = 0; round < 40; ++round) {
      file->append(random_row(model, random));
      if (random() % 4 == 0) file->fold(random() % 20 + 1);
      if (random() % 10 == 0) {
        file = nullptr;
        file = std::make_unique<SqliteFile>(kPath);
      }
      ASSERT_EQ(model_of(file->load()), model) << seed << " " << round;
    }
  }
}

/// Power is lost at any write or sync. What append() has returned for is there; of what it was at,
/// all or nothing.
TEST(StoreFile, LosesNothingWithThePower) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    std::mt19937_64 random{seed};
    test::ForgetfulDisk disk;
    Model durable;
    Model begun;
    {
      auto file = std::make_unique<SqliteFile>(kPath);
      begin(*file, durable);
      begun = durable;
      disk.fail_after(random() % 120 + 1);
      try {
        for (int round = 0; round < 60; ++round) {
          begun = durable;
          file->append(random_row(begun, random));
          durable = begun;
          if (random() % 4 == 0) file->fold(random() % 20 + 1);
        }
      } catch (const SqlError&) {
        ++lost;
      }
      // The process is gone before it can put anything right.
      disk.fail_after(1);
    }
    disk.lose_power(random);
    SqliteFile file{kPath};
    const Model found = model_of(file.load());
    ASSERT_TRUE(found == durable || found == begun) << seed;
    // And it goes on from there.
    Model next = found;
    file.append(random_row(next, random));
    while (file.unfolded() > 0) file.fold(1'000);
    ASSERT_EQ(model_of(file.load()), next) << seed;
  }
  EXPECT_GT(lost, 1'000) << "the power was lost while something was written";
}

TEST(StoreFile, AFullDiskLosesNothingAndEnds) {
  std::mt19937_64 random{1};
  test::ForgetfulDisk disk;
  Model model;
  SqliteFile file{kPath};
  begin(file, model);
  for (int i = 0; i < 20; ++i) file.append(random_row(model, random));
  disk.is_full = true;
  int failed = 0;
  for (int i = 0; i < 500; ++i) {
    Model next = model;
    try {
      file.append(random_row(next, random));
      model = next;
    } catch (const SqlError&) {
      ++failed;
    }
  }
  EXPECT_GT(failed, 0);
  EXPECT_EQ(model_of(file.load()), model);
  disk.is_full = false;
  file.append(random_row(model, random));
  while (file.unfolded() > 0) file.fold(1'000);
  EXPECT_EQ(model_of(file.load()), model);
}

TEST(StoreFile, ADiskThatDoesNotSyncIsNotBelieved) {
  std::mt19937_64 random{2};
  test::ForgetfulDisk disk;
  Model model;
  SqliteFile file{kPath};
  begin(file, model);
  disk.fails_to_sync = true;
  Model next = model;
  EXPECT_THROW(file.append(random_row(next, random)), SqlError);
}

/// All of it in the one file, as after an orderly end.
std::string whole_file(Model& model, std::mt19937_64& random) {
  test::ForgetfulDisk disk;
  {
    SqliteFile file{kPath};
    begin(file, model);
    for (int i = 0; i < 60; ++i) {
      file.append(random_row(model, random));
      if (i == 40) file.fold(1'000'000);
    }
  }
  EXPECT_EQ(disk.files.size(), 1U) << "no write-ahead log is left";
  return disk.files.at(kPath)->now;
}

/// True: an error. Else it must be what was stored, to the last counter.
bool is_refused(const std::string& bytes, const Model& model, const std::string& what) {
  test::ForgetfulDisk disk;
  disk.files[kPath] = std::make_shared<test::ForgetfulDisk::File>();
  disk.files[kPath]->now = disk.files[kPath]->synced = bytes;
  try {
    SqliteFile file{kPath};
    EXPECT_EQ(model_of(file.load()), model) << what;
    return false;
  } catch (const SqlError&) {
    return true;
  } catch (const SqliteFile::WrongFile&) {
    return true;
  }
}

TEST(StoreFile, AFlippedBitInventsNothing) {
  std::mt19937_64 random{3};
  Model model;
  const std::string bytes = whole_file(model, random);
  ASSERT_FALSE(is_refused(bytes, model, "as it was"));
  int refused = 0;
  for (int i = 0; i < 3'000; ++i) {
    std::string flipped = bytes;
    const std::size_t at = random() % flipped.size();
    flipped[at] = static_cast<char>(flipped[at] ^ 1 << random() % 8);
    refused += is_refused(flipped, model, "byte " + std::to_string(at)) ? 1 : 0;
  }
  EXPECT_GT(refused, 300);
}

TEST(StoreFile, ACutFileInventsNothing) {
  std::mt19937_64 random{4};
  Model model;
  const std::string bytes = whole_file(model, random);
  int refused = 0;
  for (std::size_t size = 1; size < bytes.size(); size += 97)
    refused += is_refused(bytes.substr(0, size), model, "cut at " + std::to_string(size)) ? 1 : 0;
  EXPECT_GT(refused, 50) << "what is cut off may be pages that are free";
}

TEST(StoreFile, AnothersFileIsLeftAlone) {
  test::ForgetfulDisk disk;
  { Database{kPath}.execute("CREATE TABLE other(n)"); }
  EXPECT_THROW(SqliteFile{kPath}, SqliteFile::WrongFile);
}

/// The file of a store as SQLite has it.
Database as_database() {
  Database database{kPath};
  database.execute("PRAGMA locking_mode=EXCLUSIVE");
  return database;
}

TEST(StoreFile, ALaterVersionsFileIsLeftAlone) {
  test::ForgetfulDisk disk;
  { SqliteFile{kPath}.append({1, {Put{session(1)}}}); }
  as_database().execute("PRAGMA user_version=5");
  const std::string bytes = disk.files.at(kPath)->now;
  try {
    SqliteFile file{kPath};
    FAIL() << "it was opened";
  } catch (const SqliteFile::WrongFile& wrong) {
    EXPECT_STREQ(wrong.what(),
                 "was written by a later gate511 (version 5 of its tables, and 4 is known here)");
  }
  EXPECT_EQ(disk.files.at(kPath)->now, bytes);
}

/// Bytes of version 1, with their check value: of counts (3), a row (1) or the numbers (4).
std::string former(std::uint64_t kind, std::uint64_t number, std::string bytes) {
  const std::uint64_t check = net::siphash24({kind, number}, net::as_bytes(bytes));
  for (unsigned shift = 0; shift < 64; shift += 8)
    bytes.push_back(static_cast<char>(check >> shift));
  return bytes;
}

/// A file as a gate511 of version 1 has left it: two rows in its journal.
void leave_former_file(std::string_view counts) {
  SqliteFile{kPath}.append({1, {Put{session(7)}}});
  Database database = as_database();
  const std::string put = encode_row(1, {1, {Put{session(7)}}});
  const std::string numbers = encode_meta({});
  const auto change = [&database](const char* sql, const std::string& bytes) {
    Statement{database, sql}.bind(1, std::string_view{bytes}).run();
  };
  change("UPDATE journal SET changes = ?1", former(1, 1, put.substr(0, put.size() - 8)));
  change("INSERT INTO journal(number, changes) VALUES(2, ?1)", former(1, 2, std::string{counts}));
  // Without what sessions are known by and what the file is used as, each one byte of none.
  change("UPDATE meta SET value = ?1", former(4, 0, numbers.substr(0, numbers.size() - 10)));
  database.execute("DROP TABLE owed");
  database.execute("PRAGMA user_version=1");
}

TEST(StoreFile, AFormerVersionsFileIsReadAndIsOfThisOneWithTheFirstWrite) {
  const auto version = [] { return as_database().number("PRAGMA user_version"); };
  const std::string_view counts{"\x01\x01\x07\x01\x02\x03\x04\x00\x00", 9};
  for (const bool folds : {false, true}) {
    test::ForgetfulDisk disk;
    leave_former_file(counts);
    disk.is_full = true;
    {
      SqliteFile file{kPath};
      const Restored restored = file.load();
      ASSERT_EQ(restored.sessions.size(), 1U);
      EXPECT_EQ(restored.sessions[0].session, session(7));
      EXPECT_EQ(restored.sessions[0].counts.bytes_down, 4U);
      EXPECT_EQ(restored.keyed_by, "");
    }
    EXPECT_EQ(version(), 1) << "to read it writes nothing";
    disk.is_full = false;
    {
      SqliteFile file{kPath};
      folds ? file.fold(10) : file.append({2, {Keyed{"mac+vlan"}}});
    }
    EXPECT_EQ(version(), 4);
    SqliteFile file{kPath};
    file.append({3, {Put{session(8)}, Owed{7, 1, {session(7).key, {}}}}});
    while (file.unfolded() > 0) file.fold(10);
    EXPECT_EQ(file.load().sessions.size(), 2U);
    EXPECT_EQ(file.load().owed.size(), 1U);
    EXPECT_EQ(file.load().keyed_by, folds ? "" : "mac+vlan");
  }
}

TEST(StoreFile, ARowOfBeforeTimesWereKeptIsFolded) {
  // Two counts of four numbers; and the same with the session's end behind it.
  for (const std::string_view counts : {std::string_view{"\x01\x01\x07\x09\x09\x09\x09"
                                                         "\x01\x07\x01\x02\x03\x04",
                                                         13},
                                        std::string_view{"\x01\x01\x07\x01\x02\x03\x04"
                                                         "\x02\x07\x01",
                                                         10}}) {
    test::ForgetfulDisk disk;
    leave_former_file(counts);
    SqliteFile file{kPath};
    for (const bool folded : {false, true}) {
      if (folded) file.fold(100);
      const Restored restored = file.load();
      ASSERT_EQ(restored.sessions.size(), 1U) << folded;
      EXPECT_EQ(restored.sessions[0].counts.packets_up, 1U);
      EXPECT_EQ(restored.sessions[0].counts.bytes_down, 4U);
      EXPECT_EQ(restored.sessions[0].counts.last_seen_s, 0U);
      EXPECT_EQ(restored.sessions[0].ended, counts.size() == 10 ? 1 : 0);
    }
  }
}

TEST(StoreFile, KeepsWhatItsSessionsAreKnownBy) {
  const test::ForgetfulDisk disk;
  for (const bool folds : {false, true}) {
    {
      SqliteFile file{kPath};
      file.append({1, {Keyed{folds ? "mac+vlan" : "mac"}}});
      if (folds) file.fold(10);
    }
    EXPECT_EQ(SqliteFile{kPath}.load().keyed_by, folds ? "mac+vlan" : "mac");
  }
}

TEST(StoreFile, KnowsWhatItOwesTheServerThatGatewaysShare) {
  for (const bool folds : {false, true}) {
    const test::ForgetfulDisk disk;
    const Place first{session(7).key, {}}, second{session(7).key, "annex"};
    {
      SqliteFile file{kPath};
      file.append({1, {Put{session(7)}, Owed{7, 5, first}, Owed{7, 1, second}, Owed{8, 1, first}}});
      if (folds) file.fold(10);
      file.append({2, {Paid{7, first}, Owed{8, 3, first}, UsedAs{"copy"}}});
      if (folds) file.fold(10);
    }
    SqliteFile file{kPath};
    const Restored restored = file.load();
    ASSERT_EQ(restored.owed.size(), 2U) << folds;
    EXPECT_EQ(restored.owed[0].id, 7U);
    EXPECT_EQ(restored.owed[0].place, second);
    EXPECT_EQ(restored.owed[1].id, 8U);
    EXPECT_EQ(restored.owed[1].reason, 3);
    EXPECT_EQ(restored.used_as, "copy");
    file.append({3, {Paid{7, second}, Paid{8, first}}});
    EXPECT_TRUE(file.load().owed.empty());
    file.fold(10);
    EXPECT_TRUE(file.load().owed.empty());
  }
}

/// What an earlier gate511 cannot read it must refuse by the version, not take for damaged.
TEST(StoreCodec, ItsBytesAreThoseOfItsVersion) {
  Session all = session(7, "room-12");
  all.link = "annex";
  all.service_class = "gold";
  all.bound = all.addresses.has_all_prefixes = true;
  all.is_owned_elsewhere = true;
  all.addresses.v4 = 1;
  all.addresses.v4_origin = table::Origin::kLeased;
  const Counted counts{{1, 2, 3, 4}, 1'750'000'000, 1'750'000'009};
  const std::string bytes =
      encode_row(
          1, {1,
              {Put{all}, Count{7, counts}, End{7, 2}, Ended{7, 9, "line"}, Consumer{"billing", 8},
               Forget{"billing"}, SeqLimit{99}, Keyed{"mac"}, Owed{7, 1, {all.key, "annex"}},
               Paid{7, {all.key, "annex"}}, UsedAs{"copy"}}}) +
      encode_session(all) + encode_counts(7, counts) +
      encode_meta({1, 2, 3, 4, 5, 6, "mac", "copy", {{"billing", 8}}});
  EXPECT_EQ(std::variant_size_v<Change>, 11U) << "a new kind of change is to be among these";
  EXPECT_EQ(net::siphash24({1, 2}, net::as_bytes(bytes)), 1'640'148'872'890'852'976U)
      << "raise SqliteFile::kVersion, and say there what is new";
  EXPECT_EQ(SqliteFile::kVersion, 4);
}

TEST(StoreFile, WhatIsAcknowledgedIsKeptNoMore) {
  test::ForgetfulDisk disk;
  SqliteFile file{kPath};
  file.append({1, {Consumer{"a", 0}, Consumer{"b", 0}}});
  for (std::uint64_t id = 1; id <= 4; ++id)
    file.append({1, {Put{session(id)}, End{id, 2}, Ended{id, id, "line"}}});
  file.append({1, {Consumer{"a", 3}, Consumer{"b", 2}}});
  for (const bool folded : {false, true}) {
    if (folded) file.fold(1'000);
    const Restored restored = file.load();
    EXPECT_TRUE(restored.sessions.empty());
    ASSERT_EQ(restored.ended.size(), 2U) << folded;
    EXPECT_EQ(restored.ended[0].seq, 3U);
    EXPECT_EQ(restored.next_id, 5U);
  }
  file.append({1, {Forget{"b"}, SeqLimit{77}}});
  EXPECT_EQ(file.load().ended.size(), 1U);
  EXPECT_EQ(file.load().seq_limit, 77U);
}

TEST(StoreFile, AnIdIsUsedOnceThoughItsSessionWasLost) {
  for (const bool folds : {false, true}) {
    const test::ForgetfulDisk disk;
    SqliteFile file{kPath};
    file.append({1'000, {End{41, 1}, Ended{77, 1, "line"}}});
    if (folds) file.fold(10);
    EXPECT_EQ(file.load().next_id, 78U) << folds;
    file.append({1'000, {End{99, 1}}});
    if (folds) file.fold(10);
    EXPECT_EQ(file.load().next_id, 100U) << folds;
  }
}

TEST(StoreCodec, CountsOfBeforeTimesWereKeptAreRead) {
  // Four numbers of session 7's, as such a file has them.
  const std::string four = former(3, 7, encode_counts(7, {{1, 2, 3, 4}}).substr(0, 4));
  const auto counts = decode_counts(7, four);
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->bytes_down, 4U);
  EXPECT_EQ(counts->first_seen_s, 0U);
  EXPECT_EQ(counts->last_seen_s, 0U);
  EXPECT_FALSE(decode_counts(8, four)) << "of another session";
}

TEST(StoreCodec, BytesThatNoOneWroteAreNone) {
  std::mt19937_64 random{5};
  Model model;
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes = encode_row(7, random_row(model, random));
    ASSERT_TRUE(decode_row(7, bytes));
    EXPECT_FALSE(decode_row(8, bytes)) << "of another row";
    bytes[random() % bytes.size()] ^= 4;
    EXPECT_FALSE(decode_row(7, bytes));
    bytes.resize(random() % bytes.size());
    EXPECT_FALSE(decode_row(7, bytes));
  }
}

}  // namespace
}  // namespace gate511::control::store
