// SPDX-License-Identifier: BSD-3-Clause
#include "control/store/sqlite_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/store/folder.hpp"
#include "control/store/replay.hpp"

namespace gate511::control::store {
namespace {

using sql::Transaction;

constexpr const char* kTables = R"(
  CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL);
  CREATE TABLE session(id INTEGER PRIMARY KEY, fields BLOB NOT NULL, counts BLOB);
  CREATE TABLE ending(id INTEGER PRIMARY KEY, value BLOB NOT NULL);
  CREATE TABLE ended(seq INTEGER PRIMARY KEY, value BLOB NOT NULL);
  CREATE TABLE journal(number INTEGER PRIMARY KEY, changes BLOB NOT NULL);
)";
constexpr int kOwedSince = 4;  // version
constexpr const char* kOwedTable = R"(
  CREATE TABLE IF NOT EXISTS owed(id INTEGER NOT NULL, place TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY(id, place)) WITHOUT ROWID;
)";

}  // namespace

struct SqliteFile::Statements {
  explicit Statements(Database& database)
      : append{database, "INSERT INTO journal(number, changes) VALUES(?1, ?2)"},
        oldest{database,
               "SELECT number, changes FROM journal WHERE number > ?1 ORDER BY number LIMIT 1"},
        remove{database, "DELETE FROM journal WHERE number <= ?1"},
        set_meta{database, "INSERT OR REPLACE INTO meta(one, value) VALUES(1, ?1)"},
        folder{database} {}

  Statement append;
  Statement oldest;
  Statement remove;
  Statement set_meta;
  Folder folder;
};

SqliteFile::SqliteFile(const std::string& path) : database_{path}, version_{kVersion} {
  // Ours alone, so that two daemons do not share it, and no shared memory is needed.
  database_.execute("PRAGMA locking_mode=EXCLUSIVE");
  const std::int64_t application = database_.number("PRAGMA application_id");
  const bool is_new = database_.number("SELECT count(*) FROM sqlite_schema") == 0;
  if (!is_new && application != kApplication) throw WrongFile{"is a database of another program"};
  if (!is_new) version_ = database_.number("PRAGMA user_version");
  if (version_ > kVersion)
    throw WrongFile{
        fmt::format("was written by a later gate511 (version {} of its tables, and {} is "
                    "known here)",
                    version_, kVersion)};
  database_.execute("PRAGMA journal_mode=WAL");
  database_.execute("PRAGMA synchronous=FULL");
  database_.execute("PRAGMA wal_autocheckpoint=4000");
  database_.execute("PRAGMA cache_size=-16384");
  if (is_new) make_tables();
  statements_ = std::make_unique<Statements>(database_);
  read_meta();
}

SqliteFile::~SqliteFile() = default;

void SqliteFile::make_tables() {
  Transaction transaction{database_};
  database_.execute(kTables);
  database_.execute(fmt::format("PRAGMA application_id={}", kApplication).c_str());
  raise_version();
  Statement{database_, "INSERT INTO meta(one, value) VALUES(1, ?1)"}
      .bind(1, std::string_view{encode_meta({})})
      .run();
  transaction.commit();
}

/// Within a transaction.
void SqliteFile::raise_version() {
  database_.execute(kOwedTable);
  database_.execute(fmt::format("PRAGMA user_version={}", kVersion).c_str());
}

void SqliteFile::read_meta() {
  Statement read{database_, "SELECT value FROM meta"};
  if (!read.step()) throw corrupt("its numbers are missing");
  auto meta = decode_meta(read.bytes(0));
  if (!meta) throw corrupt("its numbers are damaged");
  meta_ = std::move(*meta);
  last_ = std::max(meta_.folded,
                   static_cast<std::uint64_t>(database_.number("SELECT max(number) FROM journal")));
}

void SqliteFile::write_meta(const Meta& meta) {
  const std::string value = encode_meta(meta);
  statements_->set_meta.bind(1, std::string_view{value}).run();
}

void SqliteFile::append(const JournalRow& row) {
  const std::string bytes = encode_row(last_ + 1, row);
  const auto put = [&] {
    statements_->append.bind(1, last_ + 1).bind(2, std::string_view{bytes}).run();
  };
  if (version_ == kVersion) {
    put();
  } else {
    Transaction transaction{database_};
    raise_version();
    put();
    transaction.commit();
    version_ = kVersion;
  }
  ++last_;
}

void SqliteFile::fold(std::size_t changes) {
  Transaction transaction{database_};
  if (version_ != kVersion) raise_version();
  Meta meta = meta_;
  std::size_t folded = 0;
  while (folded < changes && meta.folded < last_) {
    Statement& oldest = statements_->oldest;
    if (!oldest.bind(1, meta.folded).step() || oldest.number(0) != meta.folded + 1)
      throw corrupt(fmt::format("row {} of its journal is missing", meta.folded + 1));
    const auto row = decode_row(meta.folded + 1, oldest.bytes(1));
    oldest.run();  // to its end, so that it can be bound anew
    if (!row) throw corrupt(fmt::format("row {} of its journal is damaged", meta.folded + 1));
    for (const Change& change : row->changes) statements_->folder.fold(change, meta);
    meta.unix_ms = std::max(meta.unix_ms, row->unix_ms);
    ++meta.folded;
    folded += row->changes.size();
  }
  statements_->remove.bind(1, meta.folded).run();
  write_meta(meta);
  transaction.commit();
  version_ = kVersion;
  meta_ = std::move(meta);
}

void SqliteFile::scrub() {
  database_.execute("VACUUM");
  database_.empty_log();
}

Restored SqliteFile::load() {
  Restored restored;
  restored.next_id = meta_.next_id;
  restored.seq_limit = meta_.seq_limit;
  restored.unix_ms = meta_.unix_ms;
  restored.keyed_by = meta_.keyed_by;
  restored.used_as = meta_.used_as;
  restored.consumers = meta_.consumers;
  load_sessions(restored);
  load_ends(restored);
  if (version_ >= kOwedSince) load_owed(restored);
  load_journal(restored);
  return restored;
}

void SqliteFile::load_sessions(Restored& restored) {
  restored.sessions.reserve(std::min<std::size_t>(meta_.sessions, 16'777'216));
  std::uint64_t ids = 0;
  Statement read{database_, "SELECT id, fields, counts FROM session ORDER BY id"};
  while (read.step()) {
    const std::uint64_t id = read.number(0);
    auto session = decode_session(id, read.bytes(1));
    const std::string_view bytes = read.bytes(2);
    const auto counts = bytes.empty() ? Counted{} : decode_counts(id, bytes);
    if (!session || !counts || id >= meta_.next_id)
      throw corrupt(fmt::format("session {} is damaged", id));
    ids += id;
    restored.sessions.push_back({std::move(*session), *counts});
  }
  if (restored.sessions.size() != meta_.sessions || ids != meta_.ids)
    throw corrupt(fmt::format("{} sessions are in it, and {} should be", restored.sessions.size(),
                              meta_.sessions));
}

void SqliteFile::load_ends(Restored& restored) {
  const std::size_t living = restored.sessions.size();
  Statement ending{database_, "SELECT id, value FROM ending ORDER BY id"};
  while (ending.step()) {
    const auto row = decode_row(ending.number(0), ending.bytes(1));
    if (!row) throw corrupt(fmt::format("the end of session {} is damaged", ending.number(0)));
    restored.sessions.push_back(Folder::ending_of(*row));
  }
  if (restored.sessions.size() != living) {
    std::sort(
        restored.sessions.begin(), restored.sessions.end(),
        [](const Restored::One& a, const Restored::One& b) { return a.session.id < b.session.id; });
  }
  Statement ended{database_, "SELECT seq, value FROM ended ORDER BY seq"};
  while (ended.step()) {
    auto row = decode_row(ended.number(0), ended.bytes(1));
    if (!row || row->changes.size() != 1 || !std::holds_alternative<Ended>(row->changes[0]))
      throw corrupt(fmt::format("the event {} is damaged", ended.number(0)));
    restored.ended.push_back(std::get<Ended>(std::move(row->changes[0])));
  }
}

void SqliteFile::load_owed(Restored& restored) {
  Statement read{database_, "SELECT id, value FROM owed ORDER BY id"};
  while (read.step()) {
    auto row = decode_row(read.number(0), read.bytes(1));
    if (!row || row->changes.size() != 1 || !std::holds_alternative<Owed>(row->changes[0]))
      throw corrupt(fmt::format("what is owed of session {} is damaged", read.number(0)));
    restored.owed.push_back(std::get<Owed>(std::move(row->changes[0])));
  }
}

void SqliteFile::load_journal(Restored& restored) {
  // A row that a damaged page hides would be missed by nobody else.
  Statement check{database_, "PRAGMA quick_check(journal)"};
  if (!check.step() || check.bytes(0) != "ok") throw corrupt("its journal is damaged");
  Replay replay{restored};
  std::uint64_t expected = meta_.folded;
  Statement read{database_, "SELECT number, changes FROM journal ORDER BY number"};
  while (read.step()) {
    const std::uint64_t number = read.number(0);
    auto row = number == ++expected ? decode_row(number, read.bytes(1)) : std::nullopt;
    if (!row) throw corrupt(fmt::format("row {} of its journal is damaged", number));
    replay.apply(std::move(*row));
  }
  replay.finish();
}

}  // namespace gate511::control::store
