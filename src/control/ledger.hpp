// SPDX-License-Identifier: BSD-3-Clause
//
// Between the sessions and the store: changes on their way to the disk, in the order in which they
// were made, and the clock that stored times are of. Without a store all is durable at once.
// Control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "control/clock.hpp"
#include "control/session_keys.hpp"
#include "control/session_listener.hpp"
#include "control/session_record.hpp"
#include "control/store/store.hpp"

namespace gate511::control {

class Ledger {
 public:
  using Failing = store::Store::Failing;

  /// Both outlive it. Without a store.
  Ledger(const Clock& clock, const SessionKeys& keys);

  /// Goes on from what was restored: the clock is not behind `restored_ms`, whatever the wall clock
  /// says. `store` outlives it. `in_memory`: what cannot be stored is done all the same.
  void connect(store::Store& store, std::uint64_t restored_ms, bool in_memory);

  /// Unix time in milliseconds that never goes back, not over a restart either.
  [[nodiscard]] std::uint64_t now_ms() const;
  /// How far the wall clock was behind when the store was opened, in seconds.
  [[nodiscard]] std::uint64_t behind_s() const { return behind_s_; }
  /// A deadline of CLOCK_BOOTTIME as the store has it, and back; 0 is none.
  [[nodiscard]] std::uint64_t stored_ms(std::uint64_t deadline_ns) const;
  [[nodiscard]] std::uint64_t deadline_ns(std::uint64_t stored_ms) const;

  [[nodiscard]] store::Put put(const SessionRecord& record,
                               store::Scope scope = store::Scope::kAll) const;
  [[nodiscard]] store::End end(const SessionRecord& record, EndReason reason,
                               store::Scope scope = store::Scope::kAll) const;
  [[nodiscard]] store::Place place(table::Key key) const;

  /// `done(stored)` is called once, perhaps at once: true if the changes are durable, or need not
  /// be.
  using Done = std::function<void(bool stored)>;
  /// What gives a right: refused if it cannot be stored, unless the sessions go on in memory.
  void grant(store::Changes changes, Done done);
  /// What has happened whether it can be stored or not, and is stored as soon as it can be.
  void note(store::Changes changes, Done done = {});
  /// Until flush() what is noted without `done` is handed over together; order is kept.
  void gather() { gathers_ = true; }
  void flush();
  /// Once all that was written before is settled.
  void wait(Done done);

  /// When `done` says so, what was taken away before stands nowhere in the store any more.
  void scrub(Done done);

  [[nodiscard]] bool has_store() const { return store_ != nullptr; }
  [[nodiscard]] bool is_shared() const { return store_ != nullptr && store_->is_shared(); }
  /// So many changes wait for a disk that does not answer that no more is taken on that could be
  /// refused.
  static constexpr std::size_t kMaxWaiting = 262'144;
  [[nodiscard]] bool is_backed_up() const { return owed_changes() >= kMaxWaiting; }
  /// Changes that wait for the disk.
  [[nodiscard]] std::size_t owed_changes() const {
    return store_ == nullptr ? 0 : store_->owed_changes();
  }
  [[nodiscard]] store::Store::Status status() const;

 private:
  void hand_over_gathered();

  const Clock& clock_;
  const SessionKeys& keys_;
  store::Store* store_ = nullptr;
  bool in_memory_ = false;
  bool gathers_ = false;
  store::Changes gathered_;
  std::uint64_t base_ms_ = 0;
  std::uint64_t base_boot_ns_ = 0;
  std::uint64_t behind_s_ = 0;
};

}  // namespace gate511::control
