// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions: how they end, and what is done in slices.
#include <algorithm>
#include <functional>
#include <map>
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

// How often counters are looked at that a quota or idle time depends on.
constexpr std::uint64_t kLook_ns = kNsPerSecond / 2;
constexpr std::uint64_t kLooksAnIdle = 16;
/// No client is faster: 10 Gbit/s each way.
constexpr std::uint64_t kFastest_bytes_per_ms = 2'500'000;

/// Calls `call`, if there is one, the first time: a worker that was late is seen to have passed
/// behind the answer.
std::function<void()> once(std::function<void()> call) {
  return [call = std::make_shared<std::function<void()>>(std::move(call))] {
    if (const auto first = std::exchange(*call, nullptr)) first();
  };
}

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
  free_slot(record.index);
}

void Sessions::end_all(std::vector<Record> records, EndReason reason, WhenSettled done,
                       std::function<void()> then, store::Scope scope) {
  store::Changes changes;
  for (const Record& record : records) {
    conclude(*record, reason);
    // All else may not be so at another gateway: it has given it more time, or sees its client.
    if (reason == EndReason::kRevoked && scope == store::Scope::kAll && ledger_.is_shared())
      elsewhere_.note_over(record->id);
  }
  for (const Record& record : records) changes.emplace_back(ledger_.end(*record, reason, scope));
  const auto both = std::make_shared<Both>(std::move(done));
  auto ended = std::make_shared<std::vector<Record>>(std::move(records));
  const auto seen_once = once(std::move(then));
  grace_.add(
      [both, seen_once](bool seen) {
        if (seen) seen_once();
        both->seen(seen);
      },
      [this, ended = std::move(ended), reason, seen_once] {
        seen_once();
        for (const Record& record : *ended) release(*record, reason);
      });
  ledger_.note(std::move(changes), [both](bool stored) { both->stored(stored); });
}

void Sessions::revoke(table::Key key, RevokeDone done) {
  const SessionRecord* found = record_of(key);
  // What is not there waits as well: an earlier revoke of it may not have been seen yet, nor
  // stored.
  const auto revoked = std::make_shared<Revoked>();
  const std::uint64_t began_ns = clock_.boot_ns();
  const auto both =
      std::make_shared<Both>([this, revoked, began_ns, done = std::move(done)](Settled settled) {
        revoked->settled = settled;
        done(*revoked);
        if (revoked->count > 0) revoke_times_.to_answer.count(clock_.boot_ns() - began_ns);
      });
  if (found == nullptr) {
    grace_.add([both](bool seen) { both->seen(seen); }, {});
    return ledger_.wait([both](bool stored) { both->stored(stored); });
  }
  const std::shared_ptr<SessionRecord> record = take_out(found->index);
  conclude(*record, EndReason::kRevoked);
  if (ledger_.is_shared()) elsewhere_.note_over(record->id);
  revoked->count = 1;
  const auto seen_once =
      once([this, began_ns] { revoke_times_.to_effect.count(clock_.boot_ns() - began_ns); });
  grace_.add(
      [this, both, revoked, record, seen_once](bool seen) {
        if (seen) seen_once();
        revoked->session.emplace(view(*record));
        both->seen(seen);
      },
      [this, record, seen_once] {
        seen_once();
        release(*record, EndReason::kRevoked);
      });
  ledger_.note({ledger_.end(*record, EndReason::kRevoked)},
               [both](bool stored) { both->stored(stored); });
}

void Sessions::revoke_matching(SessionFilter filter, RevokeDone done) {
  Sweep sweep;
  sweep.filter = std::move(filter);
  sweep.before_id = next_id_;
  sweep.began_ns = clock_.boot_ns();
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
    if (is_before(record->id, sweep.before_id) && sweep.filter.matches(*record))
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
      [this, done = std::move(sweep.done), count = sweep.count, stored = sweep.stored,
       began_ns = sweep.began_ns](Settled settled) {
        settled.stored = settled.stored && *stored;
        done({count, std::nullopt, settled});
        if (count > 0) revoke_times_.to_answer.count(clock_.boot_ns() - began_ns);
      },
      [this, count = sweep.count, began_ns = sweep.began_ns] {
        if (count > 0) revoke_times_.to_effect.count(clock_.boot_ns() - began_ns);
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
    const SessionRecord* const record = records_[stale.index].get();
    // It has ended or was moved, or was let in again since; or another has its index, which is
    // settled when its time has come.
    if (record == nullptr || record->fresh_until_s > now / kNsPerSecond) continue;
    table_.set_state(stale.index, table::settled(table_.state(stale.index)));
  }
}

void Sessions::work() {
  if (!sweeps_.empty()) work_on_sweep();
  if (!passing_.empty()) work_on_passing();
  if (!departed_.empty()) work_on_departed();
  if (sync_.is_sweeping) work_on_sync();
  work_on_fresh();
  if (is_checkpointing_) is_checkpointing_ = checkpoint_some(kSlotsACheckpoint);
  work_on_timers();
}

void Sessions::work_on_timers() {
  std::map<EndReason, std::vector<Record>> ended;
  const std::uint64_t now = clock_.boot_ns();
  std::size_t steps = kTimersASlice;
  for (std::size_t i = 0; i < kEndsASlice; ++i) {
    const auto index = ends_.take(now, steps);
    if (!index) break;
    SessionRecord& record = *records_[*index];
    const bool is_over = record.deadline_ns != SessionRecord::kNoEnd && record.deadline_ns <= now;
    const auto reason = is_over ? std::optional{EndReason::kExpired} : look_at(record);
    if (reason) {
      ended[*reason].push_back(take_out(*index));
    } else {
      set_deadline(record, record.deadline_ns);
    }
  }
  for (auto& [reason, records] : ended) end_all(std::move(records), reason, {});
}

std::uint64_t Sessions::next_look_ns(const SessionRecord& record) const {
  // A session that is treated as a guest counts nothing.
  if (!table::is_authenticated(record.state)) return kNever_ns;
  if (record.idle_s == 0 && record.quota_bytes == 0) return kNever_ns;
  const std::uint64_t now = clock_.boot_ns();
  std::uint64_t next_ns = kNever_ns;
  if (record.idle_s != 0) {
    const std::uint64_t idle_ns = record.idle_s * kNsPerSecond;
    // Not earlier than it may be over, and often enough to know when it was seen last.
    next_ns = std::min(std::max(record.last_seen_ns + idle_ns, now + kLook_ns),
                       now + std::max(idle_ns / kLooksAnIdle, kLook_ns));
  }
  if (record.quota_bytes != 0) {
    const table::TrafficCounts counts = traffic_in_all(record);
    const std::uint64_t used = std::min(counts.bytes_up + counts.bytes_down, record.quota_bytes);
    const std::uint64_t left_ns = (record.quota_bytes - used) / kFastest_bytes_per_ms * kNsPerMs;
    next_ns = std::min(next_ns, now + std::max(left_ns, kLook_ns));
  }
  return next_ns;
}

void Sessions::note_seen(SessionRecord& record, const table::TrafficCounts& counts) {
  const std::uint64_t sum = sum_of(counts);
  if (sum == record.seen_sum) return;
  if (elsewhere_.is_owner(record.id)) claim(record);
  record.seen_sum = sum;
  record.is_counted = false;
  record.last_seen_ns = clock_.boot_ns();
  record.last_seen_s = static_cast<std::uint32_t>(clock_.unix_ns() / kNsPerSecond);
  if (record.first_seen_s == 0) record.first_seen_s = record.last_seen_s;
}

std::optional<EndReason> Sessions::look_at(SessionRecord& record) {
  note_seen(record, traffic_of(record));
  const std::uint64_t now = clock_.boot_ns();  // not before what it was seen at
  if (elsewhere_.is_owner(record.id)) {
    record.last_seen_ns = now;  // for all that is known here
    return std::nullopt;
  }
  const table::TrafficCounts counts = traffic_in_all(record);
  if (record.quota_bytes != 0 && counts.bytes_up + counts.bytes_down >= record.quota_bytes &&
      table::is_authenticated(record.state)) {
    if (defaults_.quota_removes) return EndReason::kQuota;
    restrict_spent(record);
  }
  const bool is_idle =
      record.idle_s != 0 && now - record.last_seen_ns >= record.idle_s * kNsPerSecond;
  return is_idle ? std::optional{EndReason::kIdle} : std::nullopt;
}

/// It has used its quota: a guest from now on, in effect at once and stored as soon as it can be.
void Sessions::restrict_spent(SessionRecord& record) {
  set_state(record, table::State::kRestricted);
  ++generation_;
  publish(record);
  if (const auto waiting = unsettled_.find(record.id); waiting != unsettled_.end()) {
    waiting->second.is_cut = true;  // nothing is stored of a change that the disk may refuse yet
  } else {
    ++record.change;
    ledger_.note({put_of(record, store::Scope::kAll)});
  }
  if (listener_ != nullptr) listener_->session_changed(view(record));
}

}  // namespace gate511::control
