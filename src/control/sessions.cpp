// SPDX-License-Identifier: BSD-3-Clause
#include "control/sessions.hpp"

#include <algorithm>

#include "responder/cookie.hpp"

namespace gate511::control {
Sessions::Sessions(const Parts& parts, const SessionDefaults& defaults)
    : table_{parts.table},
      grace_{parts.grace},
      status_{parts.status},
      clock_{parts.clock},
      ledger_{parts.ledger},
      policers_{parts.policers},
      bindings_{parts.bindings},
      defaults_{defaults},
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
  const std::uint64_t ttl_s = fields.ttl_s.value_or(defaults_.ttl_s);
  return ttl_s == 0 ? SessionRecord::kNoEnd : now + ttl_s * kNsPerSecond;
}

void Sessions::set_deadline(SessionRecord& record, std::uint64_t deadline_ns) {
  record.deadline_ns = deadline_ns;
  const std::uint64_t look_ns = next_look_ns(record);
  const std::uint64_t due_ns =
      deadline_ns == SessionRecord::kNoEnd ? look_ns : std::min(deadline_ns, look_ns);
  if (due_ns == kNever_ns) {
    ends_.clear(record.index);
  } else {
    ends_.set(record.index, due_ns);
  }
}

void Sessions::set_state(SessionRecord& record, table::State state) {
  --counts_[static_cast<std::size_t>(record.state)];
  ++counts_[static_cast<std::size_t>(state)];
  record.state = state;
}

void Sessions::publish(SessionRecord& record) {
  if (!table::is_authenticated(record.state)) return table_.set_state(record.index, record.state);
  if (!table::is_authenticated(table_.state(record.index))) note_fresh(record);
  const bool policed = record.rate_up_bps != 0 || record.rate_down_bps != 0;
  // The rates first: a worker that sees that there are some reads them.
  if (policed) policers_[record.index].set_rates(record.rate_up_bps, record.rate_down_bps);
  auto former = publish_binding(record);
  const table::State state = table::authenticated(policed, record.bound != nullptr);
  const bool is_fresh =
      record.fresh_until_s != 0 && record.fresh_until_s > clock_.boot_ns() / kNsPerSecond;
  table_.set_state(record.index, is_fresh ? table::fresh(state) : state);
  // Now that neither the place nor the state leads to it: a worker that has seen them before reads
  // it until its next quiescent point.
  if (former != nullptr) grace_.add({}, [kept = std::move(former)] {});
}

std::shared_ptr<Bound> Sessions::publish_binding(const SessionRecord& record) {
  std::shared_ptr<Bound> former;
  const auto there = published_.find(record.index);
  if (there != published_.end()) {
    if (there->second == record.bound) return nullptr;
    former = std::move(there->second);
    published_.erase(there);
  }
  if (record.bound == nullptr) return former;
  bindings_[record.index].store(&record.bound->binding, std::memory_order_release);
  published_.emplace(record.index, record.bound);
  return former;
}

/// What DHCP gave it is known better than by the first packet.
std::shared_ptr<Bound> Sessions::bound_to(table::Key key, table::BoundAddresses given) const {
  if (given.v4 == 0 && leases_) {
    given.v4 = leases_(key);
    if (given.v4 != 0) given.v4_origin = table::Origin::kLeased;
  }
  return std::make_shared<Bound>(given);
}

void Sessions::free_slot(std::uint32_t index) {
  published_.erase(index);
  table_.release(index);
}

void Sessions::note_fresh(SessionRecord& record) {
  // A connection that began before the session did goes on with the responder for as long.
  constexpr std::uint64_t kFresh_ns =
      std::uint64_t{2} * responder::CookieKeys::kRotation_s * kNsPerSecond;
  const std::uint64_t until_ns = clock_.boot_ns() + kFresh_ns;
  record.fresh_until_s = static_cast<std::uint32_t>((until_ns + kNsPerSecond - 1) / kNsPerSecond);
  fresh_.push_back({record.fresh_until_s, record.index});
}

std::optional<Sessions::Added> Sessions::upsert(table::Key key, const SessionFields& fields,
                                                Batch& batch) {
  SessionRecord* record = record_of(key);
  std::shared_ptr<const SessionRecord> before;
  const bool created = record == nullptr;
  if (created) {
    // In as a guest at first, until it is stored; nothing is counted until the baseline is taken.
    const auto index = table_.insert(key, table::State::kRestricted);
    if (!index) return std::nullopt;
    records_[*index] = std::make_unique<SessionRecord>();
    note_in_sync(*index);
    record = records_[*index].get();
    record->id = next_id_++;
    record->key = key;
    record->index = *index;
    record->created_unix_s = static_cast<std::uint32_t>(clock_.unix_ns() / kNsPerSecond);
    record->idle_s = defaults_.idle_s;
    record->baseline = status_.session_traffic(*index);
    policers_[*index].refill();
    ++counts_[static_cast<std::size_t>(record->state)];
  } else {
    before = std::make_shared<const SessionRecord>(*record);
  }
  if (fields.tag || fields.user || fields.service_class) {
    const SessionTexts& former = record->texts;
    record->texts = {fields.tag ? *fields.tag : former.tag(),
                     fields.user ? *fields.user : former.user(),
                     fields.service_class ? *fields.service_class : former.service_class()};
  }
  if (fields.rate_up_bps) record->rate_up_bps = *fields.rate_up_bps;
  if (fields.rate_down_bps) record->rate_down_bps = *fields.rate_down_bps;
  if (fields.idle_s) record->idle_s = static_cast<std::uint32_t>(*fields.idle_s);
  if (fields.quota_bytes) record->quota_bytes = *fields.quota_bytes;
  if (const auto& bind = fields.bind_ip)
    record->bound = bind->on ? bound_to(key, bind->given) : nullptr;
  record->last_seen_ns = clock_.boot_ns();
  if (fields.state) set_state(*record, *fields.state);
  set_deadline(*record, deadline_of(fields, created, record->deadline_ns));
  // What takes a right away does not wait for the disk.
  if (!table::is_authenticated(record->state)) table_.set_state(record->index, record->state);
  note_change(*record, std::move(before), batch);
  return Added{created, record->id, view(*record)};
}

table::TrafficCounts Sessions::traffic_of(const SessionRecord& record) const {
  table::TrafficCounts counts;
  if (record.index != table::Hit::kNoIndex) {
    counts = status_.session_traffic(record.index);
    counts -= record.baseline;
  }
  if (record.carried) counts += carried_by(*record.carried);
  return counts;
}

SessionRef Sessions::view(const SessionRecord& record) const {
  SessionRef shown{record, traffic_of(record), 0, 0, record.first_seen_s, record.last_seen_s};
  const bool is_seen = sum_of(shown.traffic) != record.seen_sum;
  shown.traffic += elsewhere_.counts(record.id);
  if (is_seen) {
    // Since the last look.
    shown.last_seen_s = clock_.unix_ns() / kNsPerSecond;
    if (shown.first_seen_s == 0) shown.first_seen_s = shown.last_seen_s;
  }
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

}  // namespace gate511::control
