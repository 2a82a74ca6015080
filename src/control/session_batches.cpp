// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions: what is stored, and what was.
#include <memory>
#include <utility>

#include "control/sessions.hpp"

namespace gate511::control {
namespace {

constexpr std::size_t kPassASlice = 16;  // each is told of
constexpr std::size_t kCountsAWrite = 4'096;

}  // namespace

SessionRecord* Sessions::record_of(std::uint32_t index, std::uint64_t id) const {
  SessionRecord* const record = records_[index].get();
  return record != nullptr && record->id == id ? record : nullptr;
}

void Sessions::note_change(SessionRecord& record, std::shared_ptr<const SessionRecord> before,
                           Batch& batch) {
  ++generation_;
  if (before != nullptr) {
    Unsettled& unsettled = unsettled_[record.id];
    if (unsettled.changes++ == 0) {
      unsettled.stored_change = before->change;
      unsettled.stored = before;
    }
  }
  batch.touched_.push_back(
      {record.index, ++record.change, record.id, record.state, std::move(before)});
}

void Sessions::commit(Batch batch, WhenSettled done) {
  store::Changes changes;
  changes.reserve(batch.touched_.size());
  for (Batch::Touched& touched : batch.touched_) {
    // What has ended meanwhile stays so; what has changed again is stored as it is now.
    const SessionRecord* const record = record_of(touched.index, touched.id);
    if (record == nullptr) continue;
    touched.state = record->state;
    if (ledger_.has_store()) changes.emplace_back(put_of(*record, store::Scope::kAll));
  }
  auto touched = std::make_shared<std::vector<Batch::Touched>>(std::move(batch.touched_));
  ledger_.grant(std::move(changes), [this, touched, done = std::move(done)](bool stored) {
    passing_.push_back({stored, std::move(*touched), 0, done});
    // What is small is in effect at once.
    if (passing_.size() == 1) work_on_passing();
  });
}

void Sessions::work_on_passing() {
  Passing& passing = passing_.front();
  const std::size_t end = std::min(passing.touched.size(), passing.next + kPassASlice);
  for (; passing.next < end; ++passing.next) settle(passing.touched[passing.next], passing.stored);
  if (end < passing.touched.size()) return;
  grace_.add(
      [stored = passing.stored, done = std::move(passing.done)](bool seen) {
        done({stored, seen});
      },
      {});
  passing_.pop_front();
}

/// In the order in which they were asked for, so that what a change found is known to be stored or
/// not.
void Sessions::settle(const Batch::Touched& touched, bool stored) {
  Unsettled unsettled;
  if (const auto found = unsettled_.find(touched.id);
      touched.before != nullptr && found != unsettled_.end()) {
    Unsettled& there = found->second;
    // What it found is stored, unless that was refused as well.
    if (touched.before->change == there.stored_change) there.stored = touched.before;
    if (stored) there.stored_change = touched.change;
    unsettled = there;
    if (--there.changes == 0) unsettled_.erase(found);
  }
  SessionRecord* const record = record_of(touched.index, touched.id);
  if (record == nullptr) return;  // it has ended meanwhile
  if (stored) {
    let_pass(*record, touched);
  } else if (record->change == touched.change) {
    undo(*record, unsettled.stored.get(), unsettled.is_cut);
  }  // else a later change settles what becomes of it
  if (unsettled.is_cut && unsettled.changes == 1)
    ledger_.note({put_of(*record, store::Scope::kAll)});
}

void Sessions::let_pass(SessionRecord& record, const Batch::Touched& touched) {
  record.is_stored = true;
  if (table::is_authenticated(touched.state)) publish(record);
  if (listener_ == nullptr) return;
  if (touched.before == nullptr) {
    listener_->session_added(view(record));
  } else {
    listener_->session_changed(view(record));
  }
}

void Sessions::undo(SessionRecord& record, const SessionRecord* stored, bool is_cut) {
  if (!record.is_stored || stored == nullptr) {
    const std::shared_ptr<SessionRecord> gone = take_out(record.index);
    // What was not answered may have been done all the same.
    if (ledger_.is_shared()) {
      conclude(*gone, EndReason::kRevoked);
      elsewhere_.note_over(gone->id);
      ledger_.note({ledger_.end(*gone, EndReason::kRevoked, store::Scope::kNone)});
    }
    // Nobody was told of it, and nobody is told of its end.
    return grace_.add({}, [this, gone] { free_slot(gone->index); });
  }
  ++generation_;
  const SessionTerms& terms = *stored;
  static_cast<SessionTerms&>(record) = terms;
  set_state(record, is_cut ? table::State::kRestricted : stored->state);
  set_deadline(record, stored->deadline_ns);
  publish(record);
}

bool Sessions::restore(const store::Restored::One& one) {
  auto record = std::make_unique<SessionRecord>();
  record->id = one.session.id;
  record->key = one.session.key;
  record->state = one.session.state;
  record->created_unix_s = static_cast<std::uint32_t>(one.session.created_unix_s);
  record->deadline_ns = ledger_.deadline_ns(one.session.expires_ms);
  record->texts = {one.session.tag, one.session.user, one.session.service_class};
  record->rate_up_bps = one.session.rate_up_bps;
  record->rate_down_bps = one.session.rate_down_bps;
  record->quota_bytes = one.session.quota_bytes;
  record->idle_s = static_cast<std::uint32_t>(one.session.idle_s);
  if (one.session.bound) {
    record->bound = std::make_shared<Bound>(one.session.addresses);
    record->bound->stored = one.session.addresses;
  }
  const std::uint64_t now = clock_.boot_ns();
  record->last_seen_ns = now;
  record->is_stored = true;
  record->seen_sum = sum_of(one.counts);
  record->first_seen_s = static_cast<std::uint32_t>(one.counts.first_seen_s);
  record->last_seen_s = static_cast<std::uint32_t>(one.counts.last_seen_s);
  const bool expired = one.session.expires_ms != 0 && record->deadline_ns <= now;
  if (one.ended != 0 || expired) {
    record->index = table::Hit::kNoIndex;
    record->is_others = one.session.is_owned_elsewhere;
    auto carried = std::make_shared<CarriedTraffic>();
    carried->counts += one.counts;
    carried->settled = true;
    record->carried = std::move(carried);
    auto reason = one.ended != 0 ? static_cast<EndReason>(one.ended) : EndReason::kExpired;
    departed_.push_back({std::move(record), reason});
    return true;
  }
  // A copy may have been left between a client's former session and what it was moved to. Which of
  // both holds the server tells.
  if (record_of(record->key) != nullptr) return true;
  const auto index = table_.insert(record->key, record->state);
  if (!index) return false;
  record->index = *index;
  // As if it had counted all of it here: modulo 2^64. No worker has counted anything yet, and to
  // look would miss the cache a million times.
  record->baseline -= one.counts;
  publish(*record);
  ++counts_[static_cast<std::size_t>(record->state)];
  set_deadline(*record, record->deadline_ns);
  if (one.session.is_owned_elsewhere) elsewhere_.set_owner(record->id, true);
  records_[*index] = std::move(record);
  return true;
}

bool Sessions::checkpoint_some(std::size_t slots) {
  store::Changes changes;
  const std::size_t end = std::min(records_.size(), next_checkpoint_ + slots);
  for (; next_checkpoint_ < end; ++next_checkpoint_) {
    const Record& record = records_[next_checkpoint_];
    if (!record) continue;
    // Nothing of a change that the disk may refuse yet.
    if (record->bound && record->is_stored && !unsettled_.contains(record->id))
      keep_addresses(*record, changes);
    const table::TrafficCounts counts = traffic_of(*record);
    note_seen(*record, counts);
    if (std::exchange(record->is_counted, true)) continue;
    store::Count& count = std::get<store::Count>(changes.emplace_back(
        store::Count{record->id, {counts, record->first_seen_s, record->last_seen_s}}));
    if (ledger_.is_shared()) count.place = ledger_.place(record->key);
  }
  ledger_.note(std::move(changes));
  if (next_checkpoint_ < records_.size()) return true;
  next_checkpoint_ = 0;
  return false;
}

/// What a session was first seen with holds after a restart.
void Sessions::keep_addresses(const SessionRecord& record, store::Changes& changes) {
  const table::BoundAddresses addresses = record.bound->binding.addresses();
  if (addresses == record.bound->stored) return;
  record.bound->stored = addresses;
  changes.emplace_back(put_of(record, store::Scope::kCopy));
}

void Sessions::leave_records() {
  // Reachable still: nothing is lost from sight.
  [[maybe_unused]] static std::vector<Record>* left = nullptr;
  left = new std::vector<Record>{std::exchange(records_, {})};  // NOLINT: never freed
}

void Sessions::checkpoint_all() {
  next_checkpoint_ = 0;
  while (checkpoint_some(kCountsAWrite)) {
  }
}

}  // namespace gate511::control
