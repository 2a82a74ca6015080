// SPDX-License-Identifier: BSD-3-Clause
#include "portal/store/database.hpp"

#include <chrono>

namespace gate511::portal {
namespace {

constexpr const char* kTables = R"sql(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  PRAGMA foreign_keys = ON;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS voucher (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,          -- the code as it is compared
    code TEXT NOT NULL,                -- as it is printed
    plan TEXT NOT NULL,
    devices INTEGER NOT NULL,
    note TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,       -- to be used first before; 0: whenever
    first_used INTEGER NOT NULL DEFAULT 0,
    ends_at INTEGER NOT NULL DEFAULT 0,  -- 0: not used yet, or no end
    revoked INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS device (
    voucher INTEGER NOT NULL REFERENCES voucher(id) ON DELETE CASCADE,
    mac TEXT NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0,  -- of its sessions
    last_login INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (voucher, mac)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS user (
    name TEXT PRIMARY KEY,
    password TEXT NOT NULL,
    plan TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS spent (
    mac TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (mac, nonce)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS used (      -- what of a session is counted in device.bytes
    session INTEGER PRIMARY KEY,
    bytes INTEGER NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS trail (
    at INTEGER NOT NULL,
    mac TEXT NOT NULL,
    method TEXT NOT NULL,
    who TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS trail_at ON trail (at);
  PRAGMA user_version = 1;
)sql";

constexpr std::uint64_t kDay = 86'400;
constexpr std::uint64_t kNonceAge = 10'800;  // a link is good for one hour, its form for another

std::uint64_t before(UnixTime now, std::uint64_t age) {
  return now > age ? now - age : 0;
}

}  // namespace

UnixTime now_s() {
  return static_cast<UnixTime>(std::chrono::duration_cast<std::chrono::seconds>(
                                   std::chrono::system_clock::now().time_since_epoch())
                                   .count());
}

PortalFile::PortalFile(const std::string& path) : database_{path} {
  sqlite3_busy_timeout(database_.handle(), 5000);
  const std::int64_t version = database_.number("PRAGMA user_version");
  if (version > 1) throw sql::SqlError{SQLITE_NOTADB, "it is a later gate511-portal's"};
  database_.execute(kTables);
}

PortalFile::Work::Work(PortalFile& file, bool begin)
    : file_{file}, lock_{file.mutex_}, is_open_{begin} {
  if (begin) file_.database_.execute("BEGIN IMMEDIATE");
}

PortalFile::Work::~Work() {
  if (!is_open_) return;
  sqlite3_exec(file_.database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void PortalFile::Work::commit() {
  file_.database_.execute("COMMIT");
  is_open_ = false;
}

void PortalFile::rebuild() {
  const std::lock_guard lock{mutex_};
  database_.execute("VACUUM");
  database_.empty_log();
}

void PortalFile::drop_old(UnixTime now, std::uint32_t trail_days, std::uint32_t voucher_days) {
  Work work{*this, true};
  work.prepare("DELETE FROM trail WHERE at < ?1").bind(1, before(now, trail_days * kDay)).run();
  work.prepare("DELETE FROM spent WHERE at < ?1").bind(1, before(now, kNonceAge)).run();
  work.prepare("DELETE FROM used WHERE at < ?1").bind(1, before(now, voucher_days * kDay)).run();
  // A voucher without an end would keep its devices for ever.
  work.prepare(
          "DELETE FROM device WHERE last_login < ?1 AND voucher IN"
          " (SELECT id FROM voucher WHERE first_used > 0 AND ends_at = 0)")
      .bind(1, before(now, voucher_days * kDay))
      .run();
  // One that was used ends by its plan; one that was not, when it could no longer be.
  work.prepare(
          "DELETE FROM voucher WHERE (first_used > 0 AND ends_at > 0 AND ends_at < ?1)"
          " OR (first_used = 0 AND expires_at > 0 AND expires_at < ?1)"
          " OR (revoked > 0 AND revoked < ?1)")
      .bind(1, before(now, voucher_days * kDay))
      .run();
  work.commit();
}

}  // namespace gate511::portal
