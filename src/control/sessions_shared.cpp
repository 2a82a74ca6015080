// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions: those of several gateways.
#include <algorithm>
#include <memory>
#include <utility>

#include "control/sessions.hpp"

namespace gate511::control {
namespace {

using store::kIdsAMs;

constexpr std::size_t kSharedSlotsASlice = 16'384;
constexpr std::size_t kSharedLooksASlice = 64;

}  // namespace

void Sessions::number_as(std::uint8_t gateway, std::uint64_t unix_ms) {
  const std::uint64_t first = std::uint64_t{gateway} << kGatewayShift;
  next_id_ = first + unix_ms * kIdsAMs;
  for (const Record& record : records_) {
    if (record && record->id >> kGatewayShift == gateway)
      next_id_ = std::max(next_id_, record->id + 1);
  }
}

bool Sessions::is_settling(table::Key key) const {
  const SessionRecord* const record = record_of(key);
  return record != nullptr && (!record->is_stored || unsettled_.contains(record->id));
}

table::TrafficCounts Sessions::traffic_in_all(const SessionRecord& record) const {
  table::TrafficCounts counts = traffic_of(record);
  counts += elsewhere_.counts(record.id);
  return counts;
}

void Sessions::claim(const SessionRecord& record) {
  set_owner(record.key, record.id, false);
  if (claimed_) claimed_(record);
}

void Sessions::set_owner(table::Key key, std::uint64_t id, bool is_elsewhere) {
  if (elsewhere_.is_owner(id) == is_elsewhere) return;
  elsewhere_.set_owner(id, is_elsewhere);
  const SessionRecord* const record = record_of(key);
  // Nothing of a change that may be refused yet: it says the same when it is stored.
  if (record == nullptr || !record->is_stored || unsettled_.contains(id)) return;
  ledger_.note({put_of(*record, store::Scope::kCopy)});
}

void Sessions::note_owed(const store::Owed& owed) {
  const auto reason = static_cast<EndReason>(owed.reason);
  if (reason == EndReason::kRevoked) elsewhere_.note_over(owed.id);
}

store::Put Sessions::put_of(const SessionRecord& record, store::Scope scope) const {
  store::Put put = ledger_.put(record, scope);
  put.session.is_owned_elsewhere = elsewhere_.is_owner(record.id);
  return put;
}

void Sessions::conclude(SessionRecord& record, EndReason reason) {
  if (!ledger_.is_shared()) return;
  record.is_others = elsewhere_.is_owner(record.id);
  // As if all of it had been counted here, for those who are told of its end: modulo 2^64.
  if (reason == EndReason::kMoved) return;
  record.baseline -= elsewhere_.counts(record.id);
  elsewhere_.forget(record.id);
}

void Sessions::take_terms(SessionRecord& record, const store::Session& session) {
  record.texts = {session.tag, session.user, session.service_class};
  record.rate_up_bps = session.rate_up_bps;
  record.rate_down_bps = session.rate_down_bps;
  record.quota_bytes = session.quota_bytes;
  record.idle_s = static_cast<std::uint32_t>(session.idle_s);
  record.created_unix_s = static_cast<std::uint32_t>(session.created_unix_s);
  if (!session.bound) {
    record.bound = nullptr;
  } else if (record.bound == nullptr) {
    record.bound = std::make_shared<Bound>(session.addresses);
    record.bound->stored = session.addresses;
  }
}

bool Sessions::adopt(const store::Session& session, table::Key key, bool is_owned_elsewhere,
                     const store::Counted& counted) {
  // What was counted here of one that was moved goes on at its new place.
  const store::Counted ours = elsewhere_.take_own(session.id).value_or(counted);
  SessionRecord* record = record_of(key);
  if (record != nullptr && record->id != session.id) {
    std::vector<Record> former;
    former.push_back(take_out(record->index));
    end_all(std::move(former), EndReason::kRevoked, {}, {}, store::Scope::kCopy);
    record = nullptr;
  }
  const std::uint64_t deadline_ns = ledger_.deadline_ns(session.expires_ms);
  const bool is_past = session.expires_ms != 0 && deadline_ns <= clock_.boot_ns();
  const bool is_new = record == nullptr;
  if (is_new) {
    if (is_past) return true;
    const auto index = table_.insert(key, table::State::kRestricted);
    if (!index) return false;
    records_[*index] = std::make_unique<SessionRecord>();
    record = records_[*index].get();
    record->id = session.id;
    record->key = key;
    record->index = *index;
    record->state = table::State::kRestricted;
    record->baseline = status_.session_traffic(*index);
    record->baseline -= ours;
    record->seen_sum = sum_of(ours);
    record->first_seen_s = static_cast<std::uint32_t>(ours.first_seen_s);
    record->last_seen_s = static_cast<std::uint32_t>(ours.last_seen_s);
    record->last_seen_ns = clock_.boot_ns();
    record->is_stored = true;
    policers_[*index].refill();
    ++counts_[static_cast<std::size_t>(record->state)];
  }
  note_in_sync(record->index);
  if (!is_new) {
    store::Session known = ledger_.put(*record).session;
    known.addresses = session.addresses;  // each gateway learns them by itself
    if (known == session) {
      set_owner(key, session.id, is_owned_elsewhere);
      return true;
    }
  }
  elsewhere_.set_owner(session.id, is_owned_elsewhere);
  ++generation_;
  ++record->change;
  take_terms(*record, session);
  set_state(*record, session.state);
  set_deadline(*record, deadline_ns);
  publish(*record);
  ledger_.note({put_of(*record, store::Scope::kCopy)});
  if (listener_ == nullptr) return true;
  if (is_new) {
    listener_->session_added(view(*record));
  } else {
    listener_->session_changed(view(*record));
  }
  return true;
}

void Sessions::end_as_told(table::Key key, std::uint64_t id, EndReason reason) {
  if (reason == EndReason::kRevoked) elsewhere_.note_over(id);
  const SessionRecord* const record = record_of(key);
  if (record == nullptr || record->id != id) return;
  if (reason == EndReason::kMoved) elsewhere_.keep_own(id, *counted_here(key, id));
  std::vector<Record> ended;
  ended.push_back(take_out(record->index));
  end_all(std::move(ended), reason, {}, {},
          reason == EndReason::kMoved ? store::Scope::kNone : store::Scope::kCopy);
}

void Sessions::end_again(std::uint64_t id, const store::Place& place) {
  ledger_.note({store::End{id, static_cast<std::uint8_t>(EndReason::kRevoked), place,
                           store::Scope::kShared}});
}

std::optional<store::Counted> Sessions::counted_here(table::Key key, std::uint64_t id) const {
  const SessionRecord* const record = record_of(key);
  if (record == nullptr || record->id != id) return std::nullopt;
  return store::Counted{traffic_of(*record), record->first_seen_s, record->last_seen_s};
}

void Sessions::begin_sync() {
  sync_ = {};
  sync_.accounted.assign(records_.size(), false);
}

bool Sessions::is_same(table::Key key, std::uint64_t id) {
  const SessionRecord* const record = record_of(key);
  if (record == nullptr || record->id != id) return false;
  note_in_sync(record->index);
  return true;
}

void Sessions::end_sync(bool may_restore) {
  if (sync_.accounted.empty()) return;
  sync_.is_sweeping = true;
  sync_.may_restore = may_restore;
  sync_.next = 0;
}

void Sessions::work_on_sync() {
  if (!sync_.is_sweeping) return;
  store::Changes changes;
  std::vector<Record> ended;
  std::size_t looks = 0;
  const std::size_t end = std::min(records_.size(), sync_.next + kSharedSlotsASlice);
  for (; sync_.next < end && looks < kSharedLooksASlice; ++sync_.next) {
    if (!records_[sync_.next] || sync_.accounted[sync_.next]) continue;
    const SessionRecord& record = *records_[sync_.next];
    // What is on its way there is not missed.
    if (!record.is_stored || unsettled_.contains(record.id)) continue;
    ++looks;
    if (sync_.may_restore) {
      changes.emplace_back(ledger_.put(record, store::Scope::kShared));
    } else {
      ended.push_back(take_out(record.index));
    }
  }
  ledger_.note(std::move(changes));
  if (!ended.empty()) end_all(std::move(ended), EndReason::kRevoked, {}, {}, store::Scope::kCopy);
  if (sync_.next < records_.size()) return;
  sync_ = {};
}

}  // namespace gate511::control
