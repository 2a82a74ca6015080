// SPDX-License-Identifier: BSD-3-Clause
#include "control/records/recorder.hpp"

#include <algorithm>
#include <utility>

namespace gate511::control::records {
namespace {

constexpr std::size_t kSessionsASlice = 16;
constexpr std::size_t kSlotsASlice = 1'024;
/// So much of the room is left to what happens meanwhile.
constexpr std::size_t kLeft = Keeper::kWaiting / 2;
constexpr std::uint64_t kStep_ns = 2 * kNsPerSecond;  // of the clock, that is told of

}  // namespace

Recorder::Recorder(const Parts& parts)
    : parts_{parts}, apart_ns_{parts.clock.unix_ns() - parts.clock.boot_ns()} {}

Note Recorder::note_of(Note::Kind kind, const SessionRecord& record) const {
  Note note;
  note.kind = kind;
  note.session = record.id;
  note.client = parts_.keys.client_of(record.key);
  note.started = record.created_unix_s;
  note.at = unix_s();
  return note;
}

void Recorder::add(Note note) {
  if (!parts_.keeper.add(std::move(note))) has_lost_ = true;
}

void Recorder::note_session(const SessionRecord& record) {
  Note note = note_of(Note::Kind::kSession, record);
  note.user = record.texts.user();
  add(std::move(note));
  const SeenClient* const client = parts_.clients.find(parts_.keys.client_of(record.key));
  if (client == nullptr) return;
  for (const SeenAddress& address : client->addresses) {
    if (parts_.clients.stands(address)) note_address(record, address);
  }
}

void Recorder::note_address(const SessionRecord& record, const SeenAddress& address) {
  Note note = note_of(Note::Kind::kAddress, record);
  note.user = record.texts.user();
  note.address = address.address;
  note.source = address.source;
  note.vlan = address.vlan;
  note.link = address.link;
  // When it was seen, but not before there was a session.
  const std::uint64_t ago_s = (parts_.clock.boot_ns() - address.last_ns) / kNsPerSecond;
  note.at = std::max(note.at - std::min(note.at, ago_s), note.started);
  add(std::move(note));
}

void Recorder::session_ended(const SessionRef& session, EndReason reason) {
  Note note = note_of(Note::Kind::kEnd, session.record);
  note.user = session.record.texts.user();
  note.reason = reason;
  add(std::move(note));
}

void Recorder::address_seen(const SeenClient& client, const SeenAddress& address) {
  const SessionRecord* const record = parts_.sessions.record(parts_.keys.find(client.key));
  if (record != nullptr && record->is_stored) note_address(*record, address);
}

bool Recorder::has_work() const {
  if (round_ == Round::kDone) return has_lost_ && parts_.keeper.room() == Keeper::kWaiting;
  return parts_.keeper.room() > kLeft;
}

void Recorder::work() {
  if (!has_work()) return;
  if (round_ != Round::kUnderWay) {
    round_ = Round::kUnderWay;
    next_ = 0;
    has_lost_ = false;
    Note begins;
    begins.kind = Note::Kind::kRoundBegins;
    begins.at = unix_s();
    return add(std::move(begins));
  }
  const Sessions::Page page = parts_.sessions.list({}, next_, kSessionsASlice, kSlotsASlice);
  for (const SessionRef& session : page.sessions) {
    if (session.record.is_stored) note_session(session.record);
  }
  if (page.next) {
    next_ = *page.next;
    return;
  }
  round_ = Round::kDone;
  if (has_lost_) return;  // another follows
  Note ends;
  ends.kind = Note::Kind::kRoundEnds;
  ends.at = unix_s();
  add(std::move(ends));
}

/// One remark for as long as it goes on, and for each minute of that.
void Recorder::tell_of_dropped(std::uint64_t dropped) {
  const std::uint64_t more = dropped - std::exchange(dropped_, dropped);
  const UnixTime now = unix_s();
  if (more != 0) {
    if (dropping_.count == 0) dropping_.since = ticked_ == 0 ? now : ticked_;
    dropping_.until = now;
    dropping_.count += more;
  }
  ticked_ = now;
  const bool is_over = dropping_.count != 0 && (more == 0 || now >= dropping_.since + 60);
  if (is_over) parts_.keeper.add(std::exchange(dropping_, {}));
}

void Recorder::tick(std::uint64_t dropped) {
  tell_of_dropped(dropped);
  const std::uint64_t unix_ns = parts_.clock.unix_ns();
  const std::uint64_t apart_ns = unix_ns - parts_.clock.boot_ns();
  const std::uint64_t step_ns = apart_ns - apart_ns_;  // modulo 2^64
  if (std::min(step_ns, 0 - step_ns) < kStep_ns) return;
  parts_.keeper.add(
      Remark{Remark::Kind::kClock, (unix_ns - step_ns) / kNsPerSecond, unix_ns / kNsPerSecond, 0});
  apart_ns_ = apart_ns;
}

}  // namespace gate511::control::records
