// SPDX-License-Identifier: BSD-3-Clause
#include "radius/accounting/spool.hpp"

#include <algorithm>

#include "radius/unix_time.hpp"
#include "sql/private_file.hpp"
#include "sql/set_aside.hpp"

namespace gate511::radius {
namespace {

constexpr std::int64_t kVersion = 2;
constexpr const char* kTables = R"sql(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS session (
    id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    mac TEXT NOT NULL,
    vlan INTEGER NOT NULL,
    link TEXT NOT NULL,
    user BLOB NOT NULL,
    classes BLOB NOT NULL,
    interim_s INTEGER NOT NULL,
    next_interim INTEGER NOT NULL,
    bytes_up INTEGER NOT NULL,         -- these: as they were told of last
    bytes_down INTEGER NOT NULL,
    packets_up INTEGER NOT NULL,
    packets_down INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (id, created_at)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS session_due ON session (next_interim) WHERE interim_s > 0;
  CREATE TABLE IF NOT EXISTS ended (   -- ends that were noted: they may be told of twice
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (id, created_at)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    session INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    attributes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS record_session ON record (session, created_at, kind);
  CREATE INDEX IF NOT EXISTS record_kind ON record (kind);
  CREATE TABLE IF NOT EXISTS accepted (
    mac TEXT NOT NULL,
    vlan INTEGER NOT NULL,
    link TEXT NOT NULL,
    user BLOB NOT NULL,
    classes BLOB NOT NULL,
    interim_s INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (mac, vlan, link)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = 2;
)sql";

// The gateway holds ends for its consumers for thirty days.
constexpr std::uint64_t kEndedFor_s = 31 * 86'400;

/// Place, user, classes and interim_s stand in that order, from a column on.
Accepted accepted_of(const sql::Statement& row, int column) {
  Accepted accepted;
  accepted.place = {std::string{row.bytes(column)},
                    static_cast<std::uint16_t>(row.number(column + 1)),
                    std::string{row.bytes(column + 2)}};
  accepted.user = row.bytes(column + 3);
  accepted.classes = row.bytes(column + 4);
  accepted.interim_s = row.number(column + 5);
  return accepted;
}

AccountedSession session_of(const sql::Statement& row) {
  AccountedSession session;
  session.id = row.number(0);
  session.created_at = row.number(1);
  session.accepted = accepted_of(row, 2);
  session.interim_s = session.accepted.interim_s;
  session.next_interim = row.number(8);
  session.last = {row.number(9), row.number(10), row.number(11), row.number(12)};
  session.last_at = row.number(13);
  return session;
}

constexpr const char* kColumns =
    "SELECT id, created_at, mac, vlan, link, user, classes, interim_s, next_interim, bytes_up,"
    " bytes_down, packets_up, packets_down, last_at FROM session ";

sql::Statement select(const sql::Database& file, const char* where) {
  return {file, (std::string{kColumns} + where).c_str()};
}

}  // namespace

std::string Spool::prepared(const std::string& path) {
  sql::make_private(path);
  try {
    sql::Database file{path};
    const std::int64_t version = file.number("PRAGMA user_version");
    if (version > kVersion)
      throw sql::SqlError{SQLITE_ERROR, "it is a later gate511-radius's; install that again"};
    if (version > 0 && version < kVersion)
      throw sql::SqlError{SQLITE_ERROR, "it is of before the first release; move it away"};
    file.execute(kTables);
    if (file.number("SELECT count(*) FROM pragma_quick_check(1) WHERE quick_check != 'ok'") > 0)
      throw sql::corrupt("its pages do not fit together");
  } catch (const sql::SqlError& error) {
    if (!error.is_corrupt()) throw;
    const std::string aside = sql::set_aside(path, unix_s());
    sql::make_private(path);
    sql::Database{path}.execute(kTables);
    return "it was damaged, and is set aside as " + aside;
  }
  return {};
}

Spool::Spool(const std::string& path, std::uint64_t max)
    : note_{prepared(path)}, file_{path}, max_{max} {
  file_.execute("PRAGMA synchronous = FULL; PRAGMA busy_timeout = 1000");
  recount();
}

void Spool::recount() {
  size_ = static_cast<std::uint64_t>(file_.number("SELECT count(*) FROM record"));
}

bool Spool::add(const AccountedSession& session) {
  sql::Statement insert{
      file_,
      "INSERT OR IGNORE INTO session SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0, 0, 0, 0"
      " WHERE NOT EXISTS (SELECT 1 FROM ended WHERE id = ?1 AND created_at = ?2)"};
  const Accepted& accepted = session.accepted;
  insert.bind(1, session.id).bind(2, session.created_at).bind_text(3, accepted.place.mac);
  insert.bind(4, std::uint64_t{accepted.place.vlan}).bind_text(5, accepted.place.link);
  insert.bind(6, std::string_view{accepted.user}).bind(7, std::string_view{accepted.classes});
  insert.bind(8, session.interim_s).bind(9, session.next_interim);
  insert.run();
  return file_.changes() > 0;
}

std::optional<AccountedSession> Spool::find(SessionId session) {
  sql::Statement found = select(file_, "WHERE id = ?1 AND created_at = ?2");
  found.bind(1, session.id).bind(2, session.created_at);
  if (!found.step()) return std::nullopt;
  return session_of(found);
}

void Spool::set_mac(SessionId session, const std::string& mac) {
  sql::Statement{file_, "UPDATE session SET mac = ?3 WHERE id = ?1 AND created_at = ?2"}
      .bind(1, session.id)
      .bind(2, session.created_at)
      .bind_text(3, mac)
      .run();
}

void Spool::set_counters(SessionId session, const Counters& last, std::uint64_t at) {
  sql::Statement set{file_,
                     "UPDATE session SET bytes_up = ?3, bytes_down = ?4, packets_up = ?5,"
                     " packets_down = ?6, last_at = ?7 WHERE id = ?1 AND created_at = ?2"};
  set.bind(1, session.id).bind(2, session.created_at).bind(3, last.bytes_up);
  set.bind(4, last.bytes_down).bind(5, last.packets_up).bind(6, last.packets_down).bind(7, at);
  set.run();
}

void Spool::set_next_interim(SessionId session, std::uint64_t at) {
  sql::Statement{file_, "UPDATE session SET next_interim = ?3 WHERE id = ?1 AND created_at = ?2"}
      .bind(1, session.id)
      .bind(2, session.created_at)
      .bind(3, at)
      .run();
}

void Spool::bring_interims_back(std::uint64_t now) {
  sql::Statement{file_,
                 "UPDATE session SET next_interim = ?1 + interim_s"
                 " WHERE interim_s > 0 AND next_interim > ?1 + interim_s"}
      .bind(1, now)
      .run();
}

bool Spool::end(SessionId session, std::uint64_t now) {
  sql::Statement{file_, "DELETE FROM session WHERE id = ?1 AND created_at = ?2"}
      .bind(1, session.id)
      .bind(2, session.created_at)
      .run();
  // By their numbers, of which the oldest come first.
  sql::Statement{file_,
                 "DELETE FROM ended WHERE seq IN (SELECT seq FROM ended ORDER BY seq LIMIT 2)"
                 " AND (at < ?1 OR seq <= (SELECT max(seq) FROM ended) - ?2)"}
      .bind(1, now - std::min(now, kEndedFor_s))
      .bind(2, kEndsKnown)
      .run();
  sql::Statement{file_, "INSERT OR IGNORE INTO ended (id, created_at, at) VALUES (?1, ?2, ?3)"}
      .bind(1, session.id)
      .bind(2, session.created_at)
      .bind(3, now)
      .run();
  return file_.changes() > 0;
}

std::vector<AccountedSession> Spool::due(std::uint64_t now, std::size_t limit) {
  sql::Statement found =
      select(file_, "WHERE interim_s > 0 AND next_interim <= ?1 ORDER BY next_interim LIMIT ?2");
  found.bind(1, now).bind(2, std::uint64_t{limit});
  std::vector<AccountedSession> all;
  while (found.step()) all.push_back(session_of(found));
  return all;
}

std::vector<SessionId> Spool::sessions() {
  sql::Statement found{file_, "SELECT id, created_at FROM session"};
  std::vector<SessionId> all;
  while (found.step()) all.push_back({found.number(0), found.number(1)});
  return all;
}

}  // namespace gate511::radius
