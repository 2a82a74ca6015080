// SPDX-License-Identifier: BSD-3-Clause
//
// Accounting records on disk until a server has them, the sessions that they are about, and what
// was accepted and has no session yet. What throws, throws sql::SqlError. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "radius/accounting/directory.hpp"
#include "radius/accounting/session_id.hpp"
#include "sql/sqlite.hpp"

namespace gate511::radius {

enum class RecordKind : std::uint8_t { kStart = 1, kStop = 2, kInterim = 3 };  // RFC 2866, 5.1

struct Counters {
  std::uint64_t bytes_up = 0, bytes_down = 0, packets_up = 0, packets_down = 0;

  bool operator==(const Counters&) const = default;
};

struct AccountedSession {
  std::uint64_t id = 0;
  std::uint64_t created_at = 0;
  Accepted accepted;
  std::uint64_t interim_s = 0;     ///< 0: none
  std::uint64_t next_interim = 0;  ///< unix time
  Counters last{};                 ///< as of `last_at`
  std::uint64_t last_at = 0;       ///< unix time; 0: nothing has been counted yet

  [[nodiscard]] SessionId key() const { return {id, created_at}; }
};

struct Record {
  std::uint64_t seq = 0;  ///< in the order that they came to be
  SessionId session;
  std::uint64_t at = 0;  ///< unix time of what it tells
  std::string attributes;
  RecordKind kind = RecordKind::kStart;
};

class Spool {
 public:
  static constexpr std::uint64_t kNoBound = UINT64_MAX;
  /// The gateway holds so many ends for a consumer at most: what is longer ago is not told again.
  static constexpr std::uint64_t kEndsKnown = 131'072;

  /// Records that had no room, by kind.
  struct Dropped {
    std::uint64_t starts = 0, stops = 0, interims = 0;
  };

  /// Made where there is none, its owner's alone; one that is damaged is set aside, which `note`
  /// tells. Past `max` records the oldest Interims give way, then Starts, then Stops.
  explicit Spool(const std::string& path, std::uint64_t max = kNoBound);

  /// Changes between them stand together or not at all.
  [[nodiscard]] sql::Transaction begin() { return sql::Transaction{file_}; }

  /// False: it is known, or has ended.
  bool add(const AccountedSession& session);
  [[nodiscard]] std::optional<AccountedSession> find(SessionId session);
  void set_mac(SessionId session, const std::string& mac);
  void set_counters(SessionId session, const Counters& last, std::uint64_t at);
  void set_next_interim(SessionId session, std::uint64_t at);
  /// None is due later than its interval from now: the clock may have been ahead.
  void bring_interims_back(std::uint64_t now);
  /// False: its end was noted before.
  bool end(SessionId session, std::uint64_t now);
  /// Whose next Interim is due.
  [[nodiscard]] std::vector<AccountedSession> due(std::uint64_t now, std::size_t limit);
  [[nodiscard]] std::vector<SessionId> sessions();

  /// An Interim that was not sent yet gives way to the next record of its session.
  void put(RecordKind kind, const Record& record);
  /// The oldest behind `seq`.
  [[nodiscard]] std::vector<Record> records(std::uint64_t after, std::size_t limit);
  [[nodiscard]] bool has(std::uint64_t seq);
  void done(std::uint64_t seq);
  /// Those of a session that came before one.
  void drop_before(SessionId session, std::uint64_t seq);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t max() const { return max_; }
  [[nodiscard]] const Dropped& dropped() const { return dropped_; }
  /// After what threw, size() may be wrong.
  void recount();

  /// What was accepted, at a unix time.
  void keep(const Accepted& accepted);
  void forget_accepted(const std::string& mac);
  void forget_accepted_before(std::uint64_t unix_s);
  [[nodiscard]] std::vector<Accepted> accepted();

  /// What was wrong with the file; empty: nothing.
  [[nodiscard]] const std::string& note() const { return note_; }

 private:
  [[nodiscard]] static std::string prepared(const std::string& path);
  void make_room();

  std::string note_;
  sql::Database file_;
  std::uint64_t max_;
  std::uint64_t size_ = 0;
  Dropped dropped_;
};

}  // namespace gate511::radius
