// SPDX-License-Identifier: BSD-3-Clause
//
// The store's file: a SQLite database in WAL mode with `synchronous=FULL`. What changes is appended
// to a journal, a row for all that is committed together, and folded into tables later; a row is
// folded and taken away in one transaction, so each change is in the one or in the other.
//
//   meta     one row: numbers, consumers of events
//   session  by id: fields, and what it has counted
//   ending   by id: what is over, before the event of its end is known to be kept
//   ended    by the event's number: ends of sessions that a consumer has not acknowledged
//   owed     by id and place: ends that a server which gateways share has still to be told
//   journal  by number
//
// One thread at a time. Everything throws SqlError, after which nothing of the call has happened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "control/store/codec.hpp"
#include "control/store/store.hpp"
#include "sql/sqlite.hpp"

namespace gate511::control::store {

using sql::corrupt;
using sql::Database;
using sql::SqlError;
using sql::Statement;

class SqliteFile {
 public:
  static constexpr int kApplication = 0x67353131;  ///< "g511"
  /// Of the tables and of what stands in them (codec.hpp). 2: what sessions are known by. 3: how a
  /// bound session came to its IPv4 address. 4: what the file is used as, what is owed to a server
  /// that gateways share, and which of them owns a session. Files of earlier versions are read, and
  /// become of this one with the first write.
  static constexpr int kVersion = 4;

  /// Makes the file where there is none. Another program's, or a later version's, is refused with
  /// WrongFile.
  struct WrongFile : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  explicit SqliteFile(const std::string& path);
  SqliteFile(const SqliteFile&) = delete;
  SqliteFile& operator=(const SqliteFile&) = delete;
  ~SqliteFile();

  /// All that it holds. Writes nothing: a full disk keeps no one from starting.
  [[nodiscard]] Restored load();

  /// Appends a row to the journal; durable when it returns.
  void append(const JournalRow& row);
  /// Folds the oldest rows with about so many changes.
  void fold(std::size_t changes);
  /// Rebuilds the file of what is in it: what was taken away stands in it no more, nor in its log.
  void scrub();
  [[nodiscard]] std::size_t unfolded() const { return last_ - meta_.folded; }

 private:
  struct Statements;

  void make_tables();
  void read_meta();
  void write_meta(const Meta& meta);
  void raise_version();
  void load_sessions(Restored& restored);
  void load_ends(Restored& restored);
  void load_owed(Restored& restored);
  void load_journal(Restored& restored);

  Database database_;
  std::int64_t version_;    ///< as it stands in the file
  Meta meta_;               ///< the same
  std::uint64_t last_ = 0;  ///< number of the journal's last row
  std::unique_ptr<Statements> statements_;
};

}  // namespace gate511::control::store
