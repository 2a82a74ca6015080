// SPDX-License-Identifier: BSD-3-Clause
#include "control/records/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "control/client_json.hpp"
#include "control/records/statements.hpp"
#include "sql/private_file.hpp"

namespace gate511::control::records {
namespace {

constexpr std::uint64_t kRoom =
    256;  // addresses that go together, since looking for them takes long
constexpr std::uint64_t kNull = ~std::uint64_t{0};  // -1 to SQLite

constexpr const char* kTables = R"(
  CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK (one = 1), written INTEGER NOT NULL,
    round INTEGER NOT NULL) STRICT;
  CREATE TABLE span(
    number INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    begun INTEGER NOT NULL,                -- the session
    user TEXT NOT NULL,
    mac TEXT NOT NULL,
    vlan INTEGER,                          -- these two where they are part of sessions.key
    link TEXT,
    started INTEGER NOT NULL,              -- this span of it
    ended INTEGER NOT NULL DEFAULT 0,      -- 0: it goes on
    reason TEXT NOT NULL DEFAULT '',
    addresses INTEGER NOT NULL DEFAULT 0,  -- rows of it
    left_out INTEGER NOT NULL DEFAULT 0,   -- times that there were too many
    round INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX span_open ON span(session) WHERE ended = 0;
  CREATE INDEX span_ended ON span(ended) WHERE ended > 0;
  CREATE INDEX span_session ON span(session);
  CREATE INDEX span_mac ON span(mac);
  CREATE INDEX span_user ON span(user) WHERE user <> '';
  CREATE TABLE address(
    span INTEGER NOT NULL,
    address TEXT NOT NULL,
    vlan INTEGER NOT NULL,                 -- outer, 0: untagged
    link TEXT NOT NULL,
    source TEXT NOT NULL,                  -- dhcp, if ever by that
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (span, address, vlan, link)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX address_address ON address(address);
  CREATE TABLE remark(since INTEGER NOT NULL, until INTEGER NOT NULL, kind TEXT NOT NULL,
    count INTEGER NOT NULL) STRICT;
  INSERT INTO meta(one, written, round) VALUES(1, 0, 0);
)";

}  // namespace

struct RecordsFile::Span {
  std::uint64_t number;
  std::uint64_t begun;
  std::string user, mac;
  std::uint64_t vlan;  ///< kNull: not part of the key
  std::string link;
  std::uint64_t round;
  std::uint64_t addresses;
  UnixTime started;
};

RecordsFile::RecordsFile(const std::string& path, Names names)
    : database_{(sql::make_private(path), path)}, names_{std::move(names)} {
  database_.execute("PRAGMA locking_mode=EXCLUSIVE");
  const std::int64_t application = database_.number("PRAGMA application_id");
  const bool is_new = database_.number("SELECT count(*) FROM sqlite_schema") == 0;
  if (!is_new && application != kApplication) throw WrongFile{"is a database of another program"};
  const std::int64_t version = is_new ? kVersion : database_.number("PRAGMA user_version");
  if (version != kVersion) {
    throw WrongFile{fmt::format(
        "was written by another gate511 (version {} of its tables, and {} is known here)", version,
        kVersion)};
  }
  database_.execute("PRAGMA journal_mode=WAL");
  database_.execute("PRAGMA synchronous=FULL");
  database_.execute("PRAGMA secure_delete=ON");
  database_.execute("PRAGMA cache_size=-16384");
  if (is_new) make_tables();
  statements_ = std::make_unique<Statements>(database_);
  written_ = static_cast<UnixTime>(database_.number("SELECT written FROM meta"));
  round_ = static_cast<std::uint64_t>(database_.number("SELECT round FROM meta"));
}

RecordsFile::~RecordsFile() = default;

void RecordsFile::make_tables() {
  sql::Transaction transaction{database_};
  database_.execute(kTables);
  database_.execute(fmt::format("PRAGMA application_id={}", kApplication).c_str());
  database_.execute(fmt::format("PRAGMA user_version={}", kVersion).c_str());
  transaction.commit();
}

std::string RecordsFile::link_name(std::uint8_t link) const {
  return link < names_.links.size() ? names_.links[link] : std::string{};
}

void RecordsFile::apply(std::span<const Note> notes, std::span<const Remark> remarks,
                        UnixTime now) {
  const auto before = std::pair{round_, is_closing_};
  try {
    sql::Transaction transaction{database_};
    for (const Remark& remark : remarks) add(remark);
    for (const Note& note : notes) {
      switch (note.kind) {
        case Note::Kind::kSession:
          note_session(note);
          break;
        case Note::Kind::kAddress:
          note_address(note);
          break;
        case Note::Kind::kEnd:
          note_end(note);
          break;
        case Note::Kind::kRoundBegins:
          begin_round();
          break;
        case Note::Kind::kRoundEnds:
          is_closing_ = true;
          closed_up_to_ = 0;
          break;
      }
    }
    statements_->written.bind(1, now).run();
    transaction.commit();
  } catch (...) {
    std::tie(round_, is_closing_) = before;
    throw;
  }
  written_ = now;
}

void RecordsFile::add(const Remark& remark) {
  statements_->remark.bind(1, remark.since)
      .bind(2, remark.until)
      .bind_text(3, name_of(remark.kind))
      .bind(4, remark.count)
      .run();
}

void RecordsFile::begin_round() {
  ++round_;
  is_closing_ = false;
  sql::Statement{database_, "UPDATE meta SET round = ?1"}.bind(1, round_).run();
}

std::optional<RecordsFile::Span> RecordsFile::find_open(std::uint64_t session) {
  sql::Statement& find = statements_->find_open;
  if (!find.bind(1, session).step()) return std::nullopt;
  Span span{find.number(0),
            find.number(1),
            std::string{find.bytes(2)},
            std::string{find.bytes(3)},
            find.number(4),
            std::string{find.bytes(5)},
            find.number(6),
            find.number(7),
            find.number(8)};
  find.run();  // to its end, so that it can be bound anew
  return span;
}

std::uint64_t RecordsFile::open_span(const Note& note) {
  auto open = find_open(note.session);
  const std::string mac = net::to_string(note.client.mac);
  const std::uint64_t vlan = names_.has_vlan ? note.client.vlan : kNull;
  const std::string link = names_.has_link ? link_name(note.client.link) : std::string{};
  UnixTime started = note.started;
  if (open && open->begun != note.started) {
    // Sessions in memory alone have their numbers anew after a restart.
    statements_->close_unheard.bind(1, open->number).run();
  } else if (open) {
    const bool is_moved = open->mac != mac || open->vlan != vlan || open->link != link;
    if (!is_moved && open->user == note.user) {
      if (open->started > note.at && note.kind != Note::Kind::kEnd)  // by a clock that was ahead
        statements_->set_started.bind(1, open->number).bind(2, note.at).run();
      if (open->round != round_) statements_->set_round.bind(1, open->number).bind(2, round_).run();
      return open->number;
    }
    close(open->number, note.at, is_moved ? "moved" : "user");
    started = note.at;
  }
  statements_->open.bind(1, note.session)
      .bind(2, note.started)
      .bind_text(3, note.user)
      .bind_text(4, mac)
      .bind(5, vlan)
      .bind_text(6, link)
      .bind(7, started)
      .bind(8, round_)
      .run();
  return static_cast<std::uint64_t>(sqlite3_last_insert_rowid(database_.handle()));
}

void RecordsFile::note_session(const Note& note) {
  static_cast<void>(open_span(note));
}

void RecordsFile::note_address(const Note& note) {
  const std::uint64_t span = open_span(note);
  const std::string address = net::to_string(note.address);
  const std::string link = link_name(note.link);
  const auto run = [&](sql::Statement& statement) {
    statement.bind(1, span)
        .bind_text(2, address)
        .bind(3, std::uint64_t{note.vlan})
        .bind_text(4, link)
        .bind(5, note.at)
        .bind_text(6, source_name(note.source))
        .run();
  };
  run(statements_->see);
  if (database_.changes() != 0) return;
  const auto open = find_open(note.session);
  if (open && open->addresses >= kMaxAddresses && !make_room(span)) {
    statements_->leave_out.bind(1, span).bind(2, std::uint64_t{1}).run();
    return;
  }
  run(statements_->add);
  statements_->count.bind(1, span).run();
}

bool RecordsFile::make_room(std::uint64_t span) {
  statements_->make_room.bind(1, span).bind(2, kRoom).run();
  const auto gone = static_cast<std::uint64_t>(database_.changes());
  if (gone == 0) return false;
  statements_->leave_out.bind(1, span).bind(2, gone).run();
  statements_->uncount.bind(1, span).bind(2, gone).run();
  return true;
}

void RecordsFile::note_end(const Note& note) {
  if (note.reason == EndReason::kMoved) {
    // It goes on under its new key, of which a note may have come first.
    const auto open = find_open(note.session);
    if (open && open->mac == net::to_string(note.client.mac)) close(open->number, note.at, "moved");
    return;
  }
  close(open_span(note), note.at, reason_name(note.reason));
}

void RecordsFile::close(std::uint64_t span, UnixTime at, std::string_view reason) {
  statements_->close.bind(1, span).bind(2, at).bind_text(3, reason).run();
}

bool RecordsFile::close_some() {
  if (!is_closing_) return false;
  sql::Transaction transaction{database_};
  sql::Statement read{database_,
                      "SELECT session, number, round FROM span WHERE ended = 0 AND session > ?1 "
                      "ORDER BY session LIMIT ?2"};
  std::vector<std::uint64_t> unheard;
  std::uint64_t last = closed_up_to_;
  std::size_t looked = 0;
  read.bind(1, last).bind(2, std::uint64_t{kSlice});
  for (; read.step(); ++looked) {
    last = read.number(0);
    if (read.number(2) != round_) unheard.push_back(read.number(1));
  }
  for (const std::uint64_t span : unheard) statements_->close_unheard.bind(1, span).run();
  transaction.commit();
  closed_up_to_ = last;
  is_closing_ = looked == kSlice;
  return is_closing_;
}

}  // namespace gate511::control::records
