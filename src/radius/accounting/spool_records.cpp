// SPDX-License-Identifier: BSD-3-Clause
//
// The spool: records, and what was accepted.
#include <array>
#include <utility>

#include "radius/accounting/spool.hpp"

namespace gate511::radius {

void Spool::put(RecordKind kind, const Record& record) {
  sql::Statement{file_, "DELETE FROM record WHERE kind = 3 AND session = ?1 AND created_at = ?2"}
      .bind(1, record.session.id)
      .bind(2, record.session.created_at)
      .run();
  size_ -= static_cast<std::uint64_t>(file_.changes());
  if (size_ >= max_) make_room();
  sql::Statement{file_,
                 "INSERT INTO record (kind, session, created_at, at, attributes)"
                 " VALUES (?1, ?2, ?3, ?4, ?5)"}
      .bind(1, static_cast<std::uint64_t>(kind))
      .bind(2, record.session.id)
      .bind(3, record.session.created_at)
      .bind(4, record.at)
      .bind(5, std::string_view{record.attributes})
      .run();
  ++size_;
}

/// A hundredth at once: it costs the same.
void Spool::make_room() {
  const std::uint64_t wanted = max_ - 1 - max_ / 100;
  for (const auto& [kind, count] : {std::pair{RecordKind::kInterim, &dropped_.interims},
                                    std::pair{RecordKind::kStart, &dropped_.starts},
                                    std::pair{RecordKind::kStop, &dropped_.stops}}) {
    if (size_ <= wanted) return;
    sql::Statement{file_,
                   "DELETE FROM record WHERE seq IN"
                   " (SELECT seq FROM record WHERE kind = ?1 ORDER BY seq LIMIT ?2)"}
        .bind(1, static_cast<std::uint64_t>(kind))
        .bind(2, size_ - wanted)
        .run();
    const auto gone = static_cast<std::uint64_t>(file_.changes());
    size_ -= gone;
    *count += gone;
  }
}

std::vector<Record> Spool::records(std::uint64_t after, std::size_t limit) {
  sql::Statement found{file_,
                       "SELECT seq, session, created_at, at, attributes, kind FROM record"
                       " WHERE seq > ?1 ORDER BY seq LIMIT ?2"};
  found.bind(1, after).bind(2, std::uint64_t{limit});
  std::vector<Record> all;
  while (found.step()) {
    all.push_back({found.number(0),
                   {found.number(1), found.number(2)},
                   found.number(3),
                   std::string{found.bytes(4)},
                   static_cast<RecordKind>(found.number(5))});
  }
  return all;
}

bool Spool::has(std::uint64_t seq) {
  sql::Statement found{file_, "SELECT 1 FROM record WHERE seq = ?1"};
  found.bind(1, seq);
  return found.step();
}

void Spool::done(std::uint64_t seq) {
  sql::Statement{file_, "DELETE FROM record WHERE seq = ?1"}.bind(1, seq).run();
  size_ -= static_cast<std::uint64_t>(file_.changes());
}

void Spool::drop_before(SessionId session, std::uint64_t seq) {
  sql::Statement{file_, "DELETE FROM record WHERE session = ?1 AND created_at = ?2 AND seq < ?3"}
      .bind(1, session.id)
      .bind(2, session.created_at)
      .bind(3, seq)
      .run();
  size_ -= static_cast<std::uint64_t>(file_.changes());
}

void Spool::keep(const Accepted& accepted) {
  sql::Statement put{file_, "INSERT OR REPLACE INTO accepted VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"};
  put.bind_text(1, accepted.place.mac).bind(2, std::uint64_t{accepted.place.vlan});
  put.bind_text(3, accepted.place.link).bind(4, std::string_view{accepted.user});
  put.bind(5, std::string_view{accepted.classes}).bind(6, accepted.interim_s);
  put.bind(7, accepted.unix_s).run();
}

void Spool::forget_accepted(const std::string& mac) {
  sql::Statement{file_, "DELETE FROM accepted WHERE mac = ?1"}.bind_text(1, mac).run();
}

void Spool::forget_accepted_before(std::uint64_t unix_s) {
  sql::Statement{file_, "DELETE FROM accepted WHERE at < ?1"}.bind(1, unix_s).run();
}

std::vector<Accepted> Spool::accepted() {
  sql::Statement found{file_,
                       "SELECT mac, vlan, link, user, classes, interim_s, at FROM accepted"
                       " ORDER BY at"};
  std::vector<Accepted> all;
  while (found.step()) {
    Accepted accepted;
    accepted.place = {std::string{found.bytes(0)}, static_cast<std::uint16_t>(found.number(1)),
                      std::string{found.bytes(2)}};
    accepted.user = found.bytes(3);
    accepted.classes = found.bytes(4);
    accepted.interim_s = found.number(5);
    accepted.unix_s = found.number(6);
    accepted.is_kept = true;
    all.push_back(std::move(accepted));
  }
  return all;
}

}  // namespace gate511::radius
