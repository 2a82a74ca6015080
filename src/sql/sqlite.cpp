// SPDX-License-Identifier: BSD-3-Clause
#include "sql/sqlite.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

namespace gate511::sql {

SqlError corrupt(const std::string& what) {
  return {SQLITE_CORRUPT, what};
}

Database::Database(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK)
    throw SqlError{code, handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code)};
  sqlite3_extended_result_codes(handle, 1);
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw SqlError{code, sqlite3_errmsg(handle_.get())};
}

std::int64_t Database::number(const char* sql) {
  Statement statement{*this, sql};
  return statement.step() ? static_cast<std::int64_t>(statement.number(0)) : 0;
}

void Database::empty_log() {
  Statement empty{*this, "PRAGMA wal_checkpoint(TRUNCATE)"};
  const bool is_done = empty.step() && empty.number(0) == 0;
  if (!is_done) throw SqlError{SQLITE_BUSY, "its write-ahead log is in use"};
  empty.run();
}

Statement::Statement(const Database& database, const char* sql) : database_{database.handle()} {
  sqlite3_stmt* handle = nullptr;
  const int code =
      sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(code);
}

void Statement::fail(int code) const {
  // What was begun is given up once the message, which is gone with that, is taken; if there is no
  // memory for it as well.
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> reset{handle_.get(), sqlite3_reset};
  throw SqlError{code, sqlite3_errmsg(database_)};
}

/// Whoever read a row of it may have been thrown out before the last.
void Statement::give_up() const {
  if (sqlite3_stmt_busy(handle_.get()) != 0) sqlite3_reset(handle_.get());
}

Statement& Statement::bind(int place, std::uint64_t number) {
  give_up();
  const int code = sqlite3_bind_int64(handle_.get(), place, static_cast<sqlite3_int64>(number));
  if (code != SQLITE_OK) fail(code);
  return *this;
}

Statement& Statement::bind(int place, std::string_view bytes) {
  give_up();
  const int code =
      sqlite3_bind_blob64(handle_.get(), place, bytes.data(), bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) fail(code);
  return *this;
}

Statement& Statement::bind_text(int place, std::string_view text) {
  give_up();
  const int code = sqlite3_bind_text64(handle_.get(), place, text.data(), text.size(),
                                       SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) fail(code);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(code);
  sqlite3_reset(handle_.get());
  return false;
}

void Statement::run() {
  while (step()) {
  }
}

std::uint64_t Statement::number(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(handle_.get(), column));
}

std::string_view Statement::bytes(int column) const {
  const void* const first = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  if (first == nullptr) return {};
  return {static_cast<const char*>(first), static_cast<std::size_t>(size)};
}

}  // namespace gate511::sql
