// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions: what changes one that is there, more time and another key.
#include <algorithm>
#include <utility>

#include "control/config.hpp"
#include "control/sessions.hpp"

namespace gate511::control {

Sessions::Refusal Sessions::add_time(table::Key key, std::uint64_t add_s, Batch& batch) {
  SessionRecord* const record = record_of(key);
  if (record == nullptr) return Refusal::kNotFound;
  if (record->deadline_ns == SessionRecord::kNoEnd) return Refusal::kEndless;
  constexpr std::uint64_t kMax_ns = std::uint64_t{SessionsConfig::kMaxTtl_s} * kNsPerSecond;
  const std::uint64_t now = clock_.boot_ns();
  const std::uint64_t left = record->deadline_ns - std::min(now, record->deadline_ns);
  if (add_s > SessionsConfig::kMaxTtl_s || left > kMax_ns - add_s * kNsPerSecond)
    return Refusal::kTooLong;
  auto before = std::make_shared<const SessionRecord>(*record);
  set_deadline(*record, now + left + add_s * kNsPerSecond);
  note_change(*record, std::move(before), batch);
  return Refusal::kNone;
}

bool Sessions::is_being_revoked(const SessionRecord& record) const {
  return std::any_of(sweeps_.begin(), sweeps_.end(), [&record](const Sweep& sweep) {
    return record.index >= sweep.next && is_before(record.id, sweep.before_id) &&
           sweep.filter.matches(record);
  });
}

table::TrafficCounts Sessions::carried_by(const CarriedTraffic& carried) const {
  if (carried.settled) return carried.counts;
  table::TrafficCounts counts = status_.session_traffic(carried.index);
  counts -= carried.baseline;
  if (carried.before) counts += carried_by(*carried.before);
  return counts;
}

/// What was counted under the former key is final.
void Sessions::tell_of_move(const SessionRecord& former, std::uint32_t index) {
  if (listener_ == nullptr) return;
  listener_->session_ended(view(former), EndReason::kMoved);
  const SessionRecord* const moved = record_of(index, former.id);
  if (moved != nullptr) listener_->session_changed(view(*moved));
}

Sessions::Refusal Sessions::move(table::Key from, table::Key to, WhenSettled done) {
  const SessionRecord* const found = record_of(from);
  // One that is not stored yet is nobody's to move. A revoke that is under way was asked for first,
  // and would not come by the new place.
  if (found == nullptr || !found->is_stored || is_being_revoked(*found)) return Refusal::kNotFound;
  // What is refused by the disk yet is undone where it was asked for.
  if (unsettled_.contains(found->id)) return Refusal::kBusy;
  if (record_of(to) != nullptr) return Refusal::kTaken;
  // In as a guest at first: nothing is counted until the baseline is taken.
  const auto index = table_.insert(to, table::State::kRestricted);
  if (!index) return Refusal::kFull;

  const std::uint32_t old_index = found->index;
  const std::uint64_t deadline_ns = found->deadline_ns;
  const auto carried = std::make_shared<CarriedTraffic>();
  carried->index = old_index;
  carried->baseline = found->baseline;
  carried->before = found->carried;
  const table::TrafficCounts baseline = status_.session_traffic(*index);
  policers_[*index].refill();
  policers_[*index].set_rates(found->rate_up_bps, found->rate_down_bps);
  // The new MAC has other addresses.
  auto bound = found->bound ? bound_to(to, {}) : nullptr;
  // The new MAC may have connections with the responder, as the old one had.
  const table::State state = table_.state(old_index);
  if (bound) {
    bindings_[*index].store(&bound->binding, std::memory_order_release);
    published_.emplace(*index, bound);
  }
  table_.set_state(*index, table::is_authenticated(state) ? table::fresh(state) : state);
  Record record = take_out(old_index);
  const auto former = std::make_shared<SessionRecord>(*record);
  former->index = table::Hit::kNoIndex;
  former->carried = carried;
  former->is_others = elsewhere_.is_owner(former->id);
  record->key = to;
  record->index = *index;
  record->baseline = baseline;
  record->carried = carried;
  record->bound = std::move(bound);
  ++record->change;
  ++counts_[static_cast<std::size_t>(record->state)];
  set_deadline(*record, deadline_ns);
  if (table::is_authenticated(state)) note_fresh(*record);
  records_[*index] = std::move(record);
  note_in_sync(*index);
  const auto both = std::make_shared<Both>(std::move(done));
  store::Changes changes;
  // It is the same session still, for the copy of a store that gateways share.
  if (ledger_.is_shared())
    changes.emplace_back(ledger_.end(*former, EndReason::kMoved, store::Scope::kShared));
  changes.emplace_back(put_of(*records_[*index], store::Scope::kAll));
  ledger_.note(std::move(changes), [both](bool stored) { both->stored(stored); });
  grace_.add([both](bool seen) { both->seen(seen); },
             [this, old_index, carried, former, index = *index] {
               // No worker counts there any more. Grace periods pass in order, so what stands
               // before this one is settled.
               carried->counts = carried_by(*carried);
               carried->settled = true;
               carried->before = nullptr;
               tell_of_move(*former, index);
               free_slot(old_index);
             });
  return Refusal::kNone;
}

}  // namespace gate511::control
