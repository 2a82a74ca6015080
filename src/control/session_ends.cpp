// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions: how they end, and what is done in slices.
#include <memory>
#include <utility>

#include "control/sessions.hpp"

namespace gate511::control {
namespace {

// Slices, measured in what they do: each is at most some 25 us.
constexpr std::size_t kSlotsASlice = 16'384;
constexpr std::size_t kLooksASlice = 256;  // each may miss the cache
constexpr std::size_t kEndsASlice = 16;    // each is told of
constexpr std::size_t kTimersASlice = 256;
constexpr std::size_t kFreshASlice = 256;
constexpr std::size_t kSlotsACheckpoint = 64;

}  // namespace

Sessions::Record Sessions::take_out(std::uint32_t index) {
  Record record = std::move(records_[index]);
  table_.erase(index);
  ends_.clear(index);  // the record keeps its deadline, for those who are shown it
  --counts_[static_cast<std::size_t>(record->state)];
  ++generation_;
  return record;
}

void Sessions::release(const SessionRecord& record, EndReason reason) {
  if (listener_ != nullptr) listener_->session_ended(view(record), reason);
  table_.release(record.index);
}

void Sessions::end_all(std::vector<Record> records, EndReason reason, WhenSettled done) {
  store::Changes changes;
  for (const Record& record : records)
    changes.emplace_back(store::End{record->id, static_cast<std::uint8_t>(reason)});
  const auto both = std::make_shared<Both>(std::move(done));
  auto ended = std::make_shared<std::vector<Record>>(std::move(records));
  grace_.add([both](bool seen) { both->seen(seen); },
             [this, ended = std::move(ended), reason] {
               for (const Record& record : *ended) release(*record, reason);
             });
  ledger_.note(std::move(changes), [both](bool stored) { both->stored(stored); });
}

void Sessions::revoke(table::Key key, RevokeDone done) {
  const SessionRecord* found = record_of(key);
  // What is not there waits as well: an earlier revoke of it may not have been seen yet, nor
  // stored.
  const auto revoked = std::make_shared<Revoked>();
  const auto both = std::make_shared<Both>([revoked, done = std::move(done)](Settled settled) {
    revoked->settled = settled;
    done(*revoked);
  });
  if (found == nullptr) {
    grace_.add([both](bool seen) { both->seen(seen); }, {});
    return ledger_.wait([both](bool stored) { both->stored(stored); });
  }
  const std::shared_ptr<SessionRecord> record = take_out(found->index);
  revoked->count = 1;
  grace_.add(
      [this, both, revoked, record](bool seen) {
        revoked->session.emplace(view(*record));
        both->seen(seen);
      },
      [this, record] { release(*record, EndReason::kRevoked); });
  ledger_.note({store::End{record->id, static_cast<std::uint8_t>(EndReason::kRevoked)}},
               [both](bool stored) { both->stored(stored); });
}

void Sessions::revoke_matching(SessionFilter filter, RevokeDone done) {
  Sweep sweep;
  sweep.filter = std::move(filter);
  sweep.before_id = next_id_;
  sweep.done = std::move(done);
  sweeps_.push_back(std::move(sweep));
}

void Sessions::work_on_sweep() {
  Sweep& sweep = sweeps_.front();
  std::vector<Record> ended;
  std::size_t looks = 0;
  const std::size_t end = std::min(records_.size(), sweep.next + kSlotsASlice);
  for (; sweep.next < end && ended.size() < kEndsASlice && looks < kLooksASlice; ++sweep.next) {
    const Record& record = records_[sweep.next];
    if (!record) continue;
    ++looks;
    if (record->id < sweep.before_id && sweep.filter.matches(*record))
      ended.push_back(take_out(record->index));
  }
  sweep.count += ended.size();
  if (sweep.next < records_.size()) {
    if (ended.empty()) return;
    return end_all(std::move(ended), EndReason::kRevoked, [stored = sweep.stored](Settled settled) {
      *stored = *stored && settled.stored;
    });
  }
  // What is waited for passes in order, so the last one answers for all slices.
  end_all(
      std::move(ended), EndReason::kRevoked,
      [done = std::move(sweep.done), count = sweep.count, stored = sweep.stored](Settled settled) {
        settled.stored = settled.stored && *stored;
        done({count, std::nullopt, settled});
      });
  sweeps_.pop_front();
}

void Sessions::work_on_departed() {
  for (std::size_t i = 0; i < kEndsASlice && !departed_.empty(); ++i) {
    const Departed departed = std::move(departed_.front());
    departed_.pop_front();
    if (listener_ != nullptr) listener_->session_ended(view(*departed.record), departed.reason);
  }
}

/// The rest of the state stays as the workers know it.
void Sessions::work_on_fresh() {
  const std::uint64_t now = clock_.boot_ns();
  for (std::size_t i = 0; i < kFreshASlice && has_stale(now); ++i) {
    const Fresh stale = fresh_.front();
    fresh_.pop_front();
    const SessionRecord* const record = record_of(stale.index, stale.id);
    // It has ended or was moved, or was let in again since.
    if (record == nullptr || record->fresh_until_ns > now) continue;
    table_.set_state(stale.index, table::settled(table_.state(stale.index)));
  }
}

void Sessions::work() {
  if (!sweeps_.empty()) work_on_sweep();
  if (!passing_.empty()) work_on_passing();
  if (!departed_.empty()) work_on_departed();
  work_on_fresh();
  if (is_checkpointing_) is_checkpointing_ = checkpoint_some(kSlotsACheckpoint);
  std::vector<Record> ended;
  const std::uint64_t now = clock_.boot_ns();
  std::size_t steps = kTimersASlice;
  while (ended.size() < kEndsASlice) {
    const auto index = ends_.take(now, steps);
    if (!index) break;
    ended.push_back(take_out(*index));
  }
  if (!ended.empty()) end_all(std::move(ended), EndReason::kExpired, {});
}

}  // namespace gate511::control
