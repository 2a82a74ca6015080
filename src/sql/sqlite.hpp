// SPDX-License-Identifier: BSD-3-Clause
//
// SQLite's handles as types of ours. What fails throws; whoever uses it catches that at its edges.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gate511::sql {

class SqlError : public std::runtime_error {
 public:
  SqlError(int code, const std::string& what) : std::runtime_error{what}, code_{code} {}
  /// The file holds what no store has written, or not all that one has.
  [[nodiscard]] bool is_corrupt() const {
    const int primary = code_ & 0xff;
    return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
  }
  [[nodiscard]] bool is_busy() const { return (code_ & 0xff) == SQLITE_BUSY; }

 private:
  int code_;
};

/// A file that holds what it should not.
[[nodiscard]] SqlError corrupt(const std::string& what);

class Database {
 public:
  /// Throws SqlError.
  explicit Database(const std::string& path);
  void execute(const char* sql);
  [[nodiscard]] std::int64_t number(const char* sql);
  /// All that the write-ahead log holds goes to the file, and the log becomes empty.
  void empty_log();
  [[nodiscard]] int changes() const { return sqlite3_changes(handle_.get()); }
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

/// Takes back what was begun, unless it is committed.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_{database} {
    database_.execute("BEGIN IMMEDIATE");
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    // Some errors have rolled back already.
    if (database_.in_transaction())
      sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  void commit() { database_.execute("COMMIT"); }

 private:
  Database& database_;
};

/// Prepared once, run often.
class Statement {
 public:
  Statement(const Database& database, const char* sql);
  Statement& bind(int place, std::uint64_t number);
  /// `bytes` outlive the run.
  Statement& bind(int place, std::string_view bytes);
  /// The same as text.
  Statement& bind_text(int place, std::string_view text);
  /// True: there is a row. False: it is over, and may be bound and run anew.
  bool step();
  /// For one without rows.
  void run();
  [[nodiscard]] std::uint64_t number(int column) const;
  /// Until the next step().
  [[nodiscard]] std::string_view bytes(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  [[noreturn]] void fail(int code) const;
  void give_up() const;

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

}  // namespace gate511::sql
