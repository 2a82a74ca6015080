// SPDX-License-Identifier: BSD-3-Clause
//
// Accounting records on disk until a server has them, and the sessions that they are about. What
// throws, throws sql::SqlError. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "radius/accounting/directory.hpp"
#include "sql/sqlite.hpp"

namespace gate511::radius {

enum class RecordKind : std::uint8_t { kStart = 1, kStop = 2, kInterim = 3 };  // RFC 2866, 5.1

struct AccountedSession {
  std::uint64_t id = 0;
  std::uint64_t created_at = 0;
  Accepted accepted;
  std::uint64_t interim_s = 0;     ///< 0: none
  std::uint64_t next_interim = 0;  ///< unix time
};

struct Record {
  std::uint64_t seq = 0;  ///< in the order that they came to be
  std::uint64_t session = 0;
  std::uint64_t at = 0;  ///< unix time of what it tells
  std::string attributes;
};

class Spool {
 public:
  /// Made where there is none, its owner's alone; one that is damaged is set aside, which `note`
  /// tells.
  explicit Spool(const std::string& path);

  /// Changes between them stand together or not at all.
  [[nodiscard]] sql::Transaction begin() { return sql::Transaction{file_}; }

  /// False: it is known.
  bool add(const AccountedSession& session);
  [[nodiscard]] std::optional<AccountedSession> find(std::uint64_t id, std::uint64_t created_at);
  void set_next_interim(std::uint64_t id, std::uint64_t at);
  /// False: its end was noted before.
  bool end(std::uint64_t id, std::uint64_t created_at, std::uint64_t now);
  /// Whose next Interim is due.
  [[nodiscard]] std::vector<AccountedSession> due(std::uint64_t now, std::size_t limit);
  [[nodiscard]] std::vector<AccountedSession> all();
  /// An Interim that was not sent yet gives way to the next record of its session.
  void put(RecordKind kind, const Record& record);
  /// The oldest behind `seq`.
  [[nodiscard]] std::vector<Record> records(std::uint64_t after, std::size_t limit);
  void done(std::uint64_t seq);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// After what threw, size() may be wrong.
  void recount();
  /// What was wrong with the file; empty: nothing.
  [[nodiscard]] const std::string& note() const { return note_; }

 private:
  [[nodiscard]] static std::string prepared(const std::string& path);

  std::string note_;
  sql::Database file_;
  std::uint64_t size_ = 0;
};

}  // namespace gate511::radius
