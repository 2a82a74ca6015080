// SPDX-License-Identifier: BSD-3-Clause
#include "radius/accounting/spool.hpp"

#include <chrono>

#include "sql/private_file.hpp"
#include "sql/set_aside.hpp"

namespace gate511::radius {
namespace {

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
    PRIMARY KEY (id, created_at)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS session_due ON session (next_interim) WHERE interim_s > 0;
  CREATE TABLE IF NOT EXISTS ended (   -- ends that were noted: they may be told of twice
    id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (id, created_at)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS ended_at ON ended (at);
  CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    session INTEGER NOT NULL,
    at INTEGER NOT NULL,
    attributes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS record_interim ON record (session) WHERE kind = 3;
  PRAGMA user_version = 1;
)sql";

// The gateway holds ends for its consumers for thirty days.
constexpr std::uint64_t kEndedFor_s = 31 * 86'400;

std::uint64_t unix_s() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

AccountedSession session_of(const sql::Statement& row) {
  AccountedSession session;
  session.id = row.number(0);
  session.created_at = row.number(1);
  session.accepted.place = {std::string{row.bytes(2)}, static_cast<std::uint16_t>(row.number(3)),
                            std::string{row.bytes(4)}};
  session.accepted.user = row.bytes(5);
  session.accepted.classes = row.bytes(6);
  session.interim_s = row.number(7);
  session.next_interim = row.number(8);
  return session;
}

constexpr const char* kColumns =
    "SELECT id, created_at, mac, vlan, link, user, classes, interim_s, next_interim FROM session ";

sql::Statement select(const sql::Database& file, const char* where) {
  return {file, (std::string{kColumns} + where).c_str()};
}

}  // namespace

std::string Spool::prepared(const std::string& path) {
  sql::make_private(path);
  try {
    sql::Database file{path};
    const std::int64_t version = file.number("PRAGMA user_version");
    if (version > 1)
      throw sql::SqlError{SQLITE_ERROR, "it is a later gate511-radius's; install that again"};
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

Spool::Spool(const std::string& path) : note_{prepared(path)}, file_{path} {
  file_.execute("PRAGMA synchronous = FULL; PRAGMA busy_timeout = 1000");
  recount();
}

void Spool::recount() {
  size_ = static_cast<std::uint64_t>(file_.number("SELECT count(*) FROM record"));
}

bool Spool::add(const AccountedSession& session) {
  sql::Statement insert{
      file_, "INSERT OR IGNORE INTO session VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"};
  const Accepted& accepted = session.accepted;
  insert.bind(1, session.id).bind(2, session.created_at).bind_text(3, accepted.place.mac);
  insert.bind(4, std::uint64_t{accepted.place.vlan}).bind_text(5, accepted.place.link);
  insert.bind(6, std::string_view{accepted.user}).bind(7, std::string_view{accepted.classes});
  insert.bind(8, session.interim_s).bind(9, session.next_interim);
  insert.run();
  return file_.changes() > 0;
}

std::optional<AccountedSession> Spool::find(std::uint64_t id, std::uint64_t created_at) {
  sql::Statement found = select(file_, "WHERE id = ?1 AND created_at = ?2");
  found.bind(1, id).bind(2, created_at);
  if (!found.step()) return std::nullopt;
  return session_of(found);
}

void Spool::set_next_interim(std::uint64_t id, std::uint64_t at) {
  sql::Statement{file_, "UPDATE session SET next_interim = ?2 WHERE id = ?1"}
      .bind(1, id)
      .bind(2, at)
      .run();
}

bool Spool::end(std::uint64_t id, std::uint64_t created_at, std::uint64_t now) {
  sql::Statement{file_, "DELETE FROM session WHERE id = ?1 AND created_at = ?2"}
      .bind(1, id)
      .bind(2, created_at)
      .run();
  sql::Statement{file_, "DELETE FROM ended WHERE at < ?1"}
      .bind(1, now - std::min(now, kEndedFor_s))
      .run();
  sql::Statement{file_, "INSERT OR IGNORE INTO ended VALUES (?1, ?2, ?3)"}
      .bind(1, id)
      .bind(2, created_at)
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

std::vector<AccountedSession> Spool::all() {
  sql::Statement found = select(file_, "");
  std::vector<AccountedSession> all;
  while (found.step()) all.push_back(session_of(found));
  return all;
}

void Spool::put(RecordKind kind, const Record& record) {
  sql::Statement{file_, "DELETE FROM record WHERE kind = 3 AND session = ?1"}
      .bind(1, record.session)
      .run();
  size_ -= static_cast<std::uint64_t>(file_.changes());
  sql::Statement{file_,
                 "INSERT INTO record (kind, session, at, attributes) VALUES (?1, ?2, ?3, ?4)"}
      .bind(1, static_cast<std::uint64_t>(kind))
      .bind(2, record.session)
      .bind(3, record.at)
      .bind(4, std::string_view{record.attributes})
      .run();
  ++size_;
}

std::vector<Record> Spool::records(std::uint64_t after, std::size_t limit) {
  sql::Statement found{file_,
                       "SELECT seq, session, at, attributes FROM record WHERE seq > ?1"
                       " ORDER BY seq LIMIT ?2"};
  found.bind(1, after).bind(2, std::uint64_t{limit});
  std::vector<Record> all;
  while (found.step())
    all.push_back({found.number(0), found.number(1), found.number(2), std::string{found.bytes(3)}});
  return all;
}

void Spool::done(std::uint64_t seq) {
  sql::Statement{file_, "DELETE FROM record WHERE seq = ?1"}.bind(1, seq).run();
  size_ -= static_cast<std::uint64_t>(file_.changes());
}

}  // namespace gate511::radius
