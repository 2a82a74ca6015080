// SPDX-License-Identifier: BSD-3-Clause
#include "control/store/folder.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "control/store/consumers.hpp"

namespace gate511::control::store {
namespace {

std::string text_of(const Place& place) {
  return std::to_string(place.key.bits()) + "/" + place.link;
}

}  // namespace

Folder::Folder(Database& database)
    : database_{database},
      insert_{database, "INSERT INTO session(id, fields) VALUES(?1, ?2) ON CONFLICT DO NOTHING"},
      update_{database, "UPDATE session SET fields = ?2 WHERE id = ?1"},
      count_{database, "UPDATE session SET counts = ?2 WHERE id = ?1"},
      find_{database, "SELECT fields, counts FROM session WHERE id = ?1"},
      remove_{database, "DELETE FROM session WHERE id = ?1"},
      ending_{database, "INSERT OR REPLACE INTO ending(id, value) VALUES(?1, ?2)"},
      over_{database, "DELETE FROM ending WHERE id = ?1"},
      ended_{database, "INSERT OR REPLACE INTO ended(seq, value) VALUES(?1, ?2)"},
      acknowledged_{database, "DELETE FROM ended WHERE seq <= ?1"} {}

void Folder::fold(const Change& change, Meta& meta) {
  if (const auto* const made = std::get_if<Put>(&change)) return put(made->session, meta);
  if (const auto* const counted = std::get_if<Count>(&change)) return count(*counted);
  if (const auto* const over = std::get_if<End>(&change)) return end(*over, meta);
  if (const auto* const told = std::get_if<Ended>(&change)) {
    meta.next_id = std::max(meta.next_id, told->id + 1);
    return keep(*told, meta);
  }
  if (const auto* const seq = std::get_if<SeqLimit>(&change)) {
    meta.seq_limit = std::max(meta.seq_limit, seq->limit);
    return;
  }
  if (const auto* const keyed = std::get_if<Keyed>(&change)) {
    meta.keyed_by = keyed->by;
    return;
  }
  if (const auto* const used = std::get_if<UsedAs>(&change)) {
    meta.used_as = used->as;
    return;
  }
  if (const auto* const owed = std::get_if<Owed>(&change)) return owe(*owed);
  if (const auto* const paid = std::get_if<Paid>(&change)) return pay(*paid);
  change_consumers(meta.consumers, change);
  drop_acknowledged(meta);
}

void Folder::put(const Session& session, Meta& meta) {
  const std::string fields = encode_session(session);
  insert_.bind(1, session.id).bind(2, std::string_view{fields}).run();
  if (database_.changes() == 0) {
    update_.bind(1, session.id).bind(2, std::string_view{fields}).run();
    return;
  }
  ++meta.sessions;
  meta.ids += session.id;
  meta.next_id = std::max(meta.next_id, session.id + 1);
}

void Folder::count(const Count& count) {
  const std::string counts = encode_counts(count.id, count.counts);
  count_.bind(1, count.id).bind(2, std::string_view{counts}).run();
}

void Folder::end(const End& end, Meta& meta) {
  // Its Put may have been lost while a disk failed: the id is used all the same.
  meta.next_id = std::max(meta.next_id, end.id + 1);
  if (!find_.bind(1, end.id).step()) return;
  auto session = decode_session(end.id, find_.bytes(0));
  const std::string_view bytes = find_.bytes(1);
  const auto counts = bytes.empty() ? Counted{} : decode_counts(end.id, bytes);
  find_.run();
  if (!session || !counts) throw corrupt("session " + std::to_string(end.id) + " is damaged");
  const std::string value =
      encode_row(end.id, {0, {Put{std::move(*session)}, Count{end.id, *counts}, end}});
  ending_.bind(1, end.id).bind(2, std::string_view{value}).run();
  remove_.bind(1, end.id).run();
  --meta.sessions;
  meta.ids -= end.id;
}

void Folder::owe(const Owed& owed) {
  if (!owed_)
    owed_.emplace(database_, "INSERT OR REPLACE INTO owed(id, place, value) VALUES(?1, ?2, ?3)");
  const std::string value = encode_row(owed.id, {0, {owed}}), place = text_of(owed.place);
  owed_->bind(1, owed.id).bind(2, std::string_view{place}).bind(3, std::string_view{value}).run();
}

void Folder::pay(const Paid& paid) {
  if (!paid_) paid_.emplace(database_, "DELETE FROM owed WHERE id = ?1 AND place = ?2");
  const std::string place = text_of(paid.place);
  paid_->bind(1, paid.id).bind(2, std::string_view{place}).run();
}

Restored::One Folder::ending_of(const JournalRow& row) {
  if (row.changes.size() != 3 || !std::holds_alternative<Put>(row.changes[0]) ||
      !std::holds_alternative<Count>(row.changes[1]) ||
      !std::holds_alternative<End>(row.changes[2]))
    throw corrupt("the end of a session is damaged");
  return {std::get<Put>(row.changes[0]).session, std::get<Count>(row.changes[1]).counts,
          std::get<End>(row.changes[2]).reason};
}

void Folder::keep(const Ended& ended, const Meta& meta) {
  over_.bind(1, ended.id).run();
  if (!is_wanted(meta.consumers, ended.seq)) return;
  const std::string value = encode_row(ended.seq, {0, {ended}});
  ended_.bind(1, ended.seq).bind(2, std::string_view{value}).run();
}

void Folder::drop_acknowledged(const Meta& meta) {
  acknowledged_.bind(1, acknowledged_by_all(meta.consumers)).run();
}

}  // namespace gate511::control::store
