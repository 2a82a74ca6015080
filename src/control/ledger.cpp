// SPDX-License-Identifier: BSD-3-Clause
#include "control/ledger.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gate511::control {
namespace {}  // namespace

Ledger::Ledger(const Clock& clock, const SessionKeys& keys)
    : clock_{clock},
      keys_{keys},
      base_ms_{clock.unix_ns() / kNsPerMs},
      base_boot_ns_{clock.boot_ns()} {}

void Ledger::connect(store::Store& store, std::uint64_t restored_ms, bool in_memory) {
  store_ = &store;
  in_memory_ = in_memory;
  base_boot_ns_ = clock_.boot_ns();
  const std::uint64_t wall_ms = clock_.unix_ns() / kNsPerMs;
  base_ms_ = std::max(wall_ms, restored_ms);
  behind_s_ = (base_ms_ - wall_ms) / 1'000;
}

std::uint64_t Ledger::now_ms() const {
  return base_ms_ + (clock_.boot_ns() - base_boot_ns_) / kNsPerMs;
}

std::uint64_t Ledger::stored_ms(std::uint64_t deadline_ns) const {
  if (deadline_ns == SessionRecord::kNoEnd) return 0;
  const std::uint64_t since_ns = deadline_ns - std::min(deadline_ns, base_boot_ns_);
  return base_ms_ + since_ns / kNsPerMs;
}

std::uint64_t Ledger::deadline_ns(std::uint64_t stored_ms) const {
  if (stored_ms == 0) return SessionRecord::kNoEnd;
  // What is past was due when the ledger began.
  const std::uint64_t since_ms = stored_ms - std::min(stored_ms, base_ms_);
  return std::max<std::uint64_t>(base_boot_ns_ + since_ms * kNsPerMs, 1);
}

store::Place Ledger::place(table::Key key) const {
  const ClientKey client = keys_.client_of(key);
  return {{client.mac, client.vlan}, keys_.has_link() ? keys_.links()[client.link] : std::string{}};
}

store::End Ledger::end(const SessionRecord& record, EndReason reason, store::Scope scope) const {
  store::End end{record.id, static_cast<std::uint8_t>(reason)};
  // Every gateway sees by itself that its time is over.
  if (!is_shared() || reason == EndReason::kExpired) {
    end.scope = store::Scope::kCopy;
    return end;
  }
  end.place = place(record.key);
  end.scope = scope;
  return end;
}

store::Put Ledger::put(const SessionRecord& record, store::Scope scope) const {
  store::Place at = place(record.key);
  return {{.id = record.id,
           .key = at.key,
           .link = std::move(at.link),
           .state = record.state,
           .created_unix_s = record.created_unix_s,
           .expires_ms = stored_ms(record.deadline_ns),
           .tag = std::string{record.texts.tag()},
           .user = std::string{record.texts.user()},
           .rate_up_bps = record.rate_up_bps,
           .rate_down_bps = record.rate_down_bps,
           .quota_bytes = record.quota_bytes,
           .idle_s = record.idle_s,
           .service_class = std::string{record.texts.service_class()},
           .bound = record.bound != nullptr,
           .addresses = record.bound ? record.bound->binding.addresses() : table::BoundAddresses{}},
          scope};
}

void Ledger::flush() {
  hand_over_gathered();
  gathers_ = false;
}

void Ledger::hand_over_gathered() {
  if (!gathered_.empty()) store_->write(std::exchange(gathered_, {}), now_ms(), Failing::kKeep, {});
}

void Ledger::grant(store::Changes changes, Done done) {
  if (store_ == nullptr || changes.empty()) return done(true);
  hand_over_gathered();
  if (!in_memory_)
    return store_->write(std::move(changes), now_ms(), Failing::kDrop, std::move(done));
  store_->write(std::move(changes), now_ms(), Failing::kKeep,
                [done = std::move(done)](bool /*durable*/) { done(true); });
}

void Ledger::note(store::Changes changes, Done done) {
  if (store_ == nullptr || changes.empty()) {
    if (done) done(true);
    return;
  }
  if (gathers_ && !done) {
    std::ranges::move(changes, std::back_inserter(gathered_));
    return;
  }
  hand_over_gathered();
  store_->write(std::move(changes), now_ms(), Failing::kKeep,
                [done = std::move(done), in_memory = in_memory_](bool durable) {
                  if (done) done(durable || in_memory);
                });
}

void Ledger::wait(Done done) {
  if (store_ == nullptr) return done(true);
  hand_over_gathered();
  store_->write({}, now_ms(), Failing::kKeep,
                [done = std::move(done), in_memory = in_memory_](bool durable) {
                  done(durable || in_memory);
                });
}

void Ledger::scrub(Done done) {
  if (store_ == nullptr) return done(true);
  hand_over_gathered();
  store_->scrub(std::move(done));
}

store::Store::Status Ledger::status() const {
  return store_ == nullptr ? store::Store::Status{} : store_->status();
}

}  // namespace gate511::control
