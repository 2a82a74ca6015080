// SPDX-License-Identifier: BSD-3-Clause
#include "control/sessions.hpp"

#include <algorithm>

namespace gate511::control {
namespace {

// A slice, measured in what it does: at most about 100 us.
constexpr std::size_t kSlotsASlice = 16'384;
constexpr std::size_t kLooksASlice = 1'024;  // each may miss the cache
constexpr std::size_t kEndsASlice = 32;      // each is told of
constexpr std::size_t kTimersASlice = 512;

}  // namespace

Sessions::Sessions(const Parts& parts, std::uint32_t default_ttl_s)
    : table_{parts.table},
      grace_{parts.grace},
      status_{parts.status},
      clock_{parts.clock},
      default_ttl_s_{default_ttl_s},
      records_(parts.table.slots()),
      ends_{parts.table.slots(), parts.clock.boot_ns()} {}

SessionRecord* Sessions::record_of(table::Key key) const {
  const table::Hit hit = table_.look_up(key);
  return hit.found() ? records_[hit.index].get() : nullptr;
}

std::uint64_t Sessions::deadline_of(const SessionFields& fields, bool created,
                                    std::uint64_t current) const {
  const std::uint64_t now = clock_.boot_ns();
  if (fields.expires_at_s) {
    const std::uint64_t at_ns = *fields.expires_at_s * kNsPerSecond;
    const std::uint64_t unix_ns = clock_.unix_ns();
    return at_ns > unix_ns ? now + (at_ns - unix_ns) : now;
  }
  if (!fields.ttl_s && !created) return current;
  const std::uint64_t ttl_s = fields.ttl_s.value_or(default_ttl_s_);
  return ttl_s == 0 ? SessionRecord::kNoEnd : now + ttl_s * kNsPerSecond;
}

void Sessions::set_deadline(SessionRecord& record, std::uint64_t deadline_ns) {
  record.deadline_ns = deadline_ns;
  if (deadline_ns == SessionRecord::kNoEnd) {
    ends_.clear(record.index);
  } else {
    ends_.set(record.index, deadline_ns);
  }
}

void Sessions::set_state(SessionRecord& record, table::State state) {
  --counts_[static_cast<std::size_t>(record.state)];
  ++counts_[static_cast<std::size_t>(state)];
  record.state = state;
  table_.set_state(record.index, state);
}

std::optional<Sessions::Added> Sessions::upsert(table::Key key, const SessionFields& fields) {
  SessionRecord* record = record_of(key);
  const bool created = record == nullptr;
  if (created) {
    // In as a guest at first: nothing is counted until the baseline is taken.
    const auto index = table_.insert(key, table::State::kRestricted);
    if (!index) return std::nullopt;
    records_[*index] = std::make_unique<SessionRecord>();
    record = records_[*index].get();
    record->id = next_id_++;
    record->key = key;
    record->index = *index;
    record->created_unix_s = clock_.unix_ns() / kNsPerSecond;
    record->baseline = status_.session_traffic(*index);
    record->state = table::State::kRestricted;
    ++counts_[static_cast<std::size_t>(record->state)];
  }
  if (fields.tag) record->tag = *fields.tag;
  if (fields.user) record->user = *fields.user;
  set_deadline(*record, deadline_of(fields, created, record->deadline_ns));
  if (created || fields.state)
    set_state(*record, fields.state.value_or(table::State::kAuthenticated));
  ++generation_;
  if (listener_ != nullptr)
    created ? listener_->session_added(view(*record)) : listener_->session_changed(view(*record));
  return Added{created, record->id, view(*record)};
}

SessionRef Sessions::view(const SessionRecord& record) const {
  SessionRef shown{record, status_.session_traffic(record.index), 0, 0};
  shown.traffic -= record.baseline;
  if (record.carried) shown.traffic += carried_by(*record.carried);
  if (record.deadline_ns != SessionRecord::kNoEnd) {
    const std::uint64_t now = clock_.boot_ns();
    const std::uint64_t left = record.deadline_ns > now ? record.deadline_ns - now : 0;
    shown.ttl_s = std::max<std::uint64_t>((left + kNsPerSecond - 1) / kNsPerSecond, 1);
    // To the nearest: the two clocks are read one after the other.
    shown.expires_at_s = (clock_.unix_ns() + left + kNsPerSecond / 2) / kNsPerSecond;
  }
  return shown;
}

std::optional<SessionView> Sessions::find(table::Key key) const {
  const SessionRecord* record = record_of(key);
  if (record == nullptr) return std::nullopt;
  return view(*record);
}

Sessions::Page Sessions::list(const SessionFilter& filter, std::uint32_t cursor, std::size_t limit,
                              std::size_t looks) const {
  Page page;
  std::size_t index = cursor;
  const std::size_t end = std::min(records_.size(), index + looks);
  for (; index < end && page.sessions.size() < limit; ++index) {
    const Record& record = records_[index];
    if (record && filter.matches(*record)) page.sessions.push_back(view(*record));
  }
  if (index < records_.size()) page.next = static_cast<std::uint32_t>(index);
  return page;
}

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

void Sessions::release_later(std::vector<Record> records, EndReason reason,
                             std::function<void(bool)> answer) {
  auto ended = std::make_shared<std::vector<Record>>(std::move(records));
  grace_.add(std::move(answer), [this, ended = std::move(ended), reason] {
    for (const Record& record : *ended) release(*record, reason);
  });
}

void Sessions::revoke(table::Key key, RevokeDone done) {
  const SessionRecord* found = record_of(key);
  // What is not there waits as well: an earlier revoke of it may not have been seen yet.
  if (found == nullptr) {
    return grace_.add([done = std::move(done)](bool seen) { done({0, std::nullopt, seen}); }, {});
  }
  const std::shared_ptr<SessionRecord> record = take_out(found->index);
  grace_.add(
      [this, record, done = std::move(done)](bool seen) {
        done({1, view(*record), seen});
      },
      [this, record] { release(*record, EndReason::kRevoked); });
}

void Sessions::revoke_matching(SessionFilter filter, RevokeDone done) {
  sweeps_.push_back({std::move(filter), next_id_, 0, 0, std::move(done)});
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
    if (!ended.empty()) release_later(std::move(ended), EndReason::kRevoked, {});
    return;
  }
  // Grace periods pass in order, so the last one answers for all slices.
  release_later(std::move(ended), EndReason::kRevoked,
                [done = std::move(sweep.done), count = sweep.count](bool seen) {
                  done({count, std::nullopt, seen});
                });
  sweeps_.pop_front();
}

void Sessions::work() {
  if (!sweeps_.empty()) work_on_sweep();
  std::vector<Record> ended;
  const std::uint64_t now = clock_.boot_ns();
  std::size_t steps = kTimersASlice;
  while (ended.size() < kEndsASlice) {
    const auto index = ends_.take(now, steps);
    if (!index) break;
    ended.push_back(take_out(*index));
  }
  if (!ended.empty()) release_later(std::move(ended), EndReason::kExpired, {});
}

}  // namespace gate511::control
