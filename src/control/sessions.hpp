// SPDX-License-Identifier: BSD-3-Clause
//
// The control thread's records of the sessions, beside the table that the workers read.
//
// A change is answered when it is durable and every worker has seen it. What gives a right is
// stored first and in effect then; what takes one away is in effect first. Work that grows with the
// number of sessions (revoke by tag, many ends at once) is done in slices, so that one client's
// large request does not hold up another's.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "control/clock.hpp"
#include "control/elsewhere.hpp"
#include "control/grace_queue.hpp"
#include "control/ledger.hpp"
#include "control/session_listener.hpp"
#include "control/session_record.hpp"
#include "control/timing_wheel.hpp"
#include "dataplane/delays.hpp"
#include "dataplane/status.hpp"
#include "table/binding.hpp"
#include "table/policer.hpp"
#include "table/session_table.hpp"

namespace gate511::control {

class Sessions {
 public:
  /// All outlive this.
  struct Parts {
    table::SessionTable& table;
    GraceQueue& grace;
    const dataplane::StatusSource& status;
    const Clock& clock;
    Ledger& ledger;
    std::span<table::Policer> policers;  ///< by the table's slots
    std::span<table::BindingPlace> bindings;
  };
  Sessions(const Parts& parts, const SessionDefaults& defaults);

  /// `listener` outlives this.
  void set_listener(SessionListener* listener) { listener_ = listener; }
  /// Tells the IPv4 address that DHCP gave a client, in host byte order; 0: none.
  using Leases = std::function<std::uint32_t(table::Key)>;
  void set_leases(Leases leases) { leases_ = std::move(leases); }

  struct Added {
    bool created = false;
    std::uint64_t id = 0;
    SessionRef session;  ///< until the next call
  };
  /// Changes that are stored and answered together.
  class Batch {
   public:
    Batch() = default;
    Batch(Batch&&) = default;
    Batch& operator=(Batch&&) = default;

   private:
    friend class Sessions;
    /// One change, and how it is undone.
    struct Touched {
      std::uint32_t index;
      std::uint32_t change;
      std::uint64_t id;
      table::State state;                           ///< that is stored
      std::shared_ptr<const SessionRecord> before;  ///< null: the session is new
    };
    std::vector<Touched> touched_;
  };
  /// Adds a session, or changes the given fields of the one that is there. nullopt: the table is
  /// full. Goes on with commit().
  [[nodiscard]] std::optional<Added> upsert(table::Key key, const SessionFields& fields,
                                            Batch& batch);
  /// What became of a change: it is stored, and every worker has passed a quiescent point in time.
  struct Settled {
    bool stored = true;
    bool seen = true;
  };
  using WhenSettled = std::function<void(Settled settled)>;
  /// Stores a batch, then lets its sessions pass; what cannot be stored is undone. `done` is called
  /// once, never from here.
  void commit(Batch batch, WhenSettled done);

  [[nodiscard]] std::optional<SessionView> find(table::Key key) const;
  /// Until the next call; null: there is none.
  [[nodiscard]] const SessionRecord* record(table::Key key) const { return record_of(key); }

  /// Why a change of a session that is there was refused.
  enum class Refusal : std::uint8_t { kNone, kNotFound, kEndless, kTooLong, kTaken, kFull, kBusy };
  /// Adds to the time that a session has left.
  [[nodiscard]] Refusal add_time(table::Key key, std::uint64_t add_s, Batch& batch);
  /// Gives a session another key: its id, its end and all it has counted stay. In the table, the
  /// new key is added before the old one is removed, so a worker that sees it gone sees the other.
  /// `done` is called when the workers have seen both, never from here, and never if refused.
  [[nodiscard]] Refusal move(table::Key from, table::Key to, WhenSettled done);

  struct Page {
    std::vector<SessionRef> sessions;   ///< until the next call
    std::optional<std::uint32_t> next;  ///< where the next page begins; none: that was all
  };
  /// Up to `limit` sessions from `cursor` on (0: the first). Looks at no more than `looks` slots,
  /// so a page may hold fewer, or none, though more follow. A session that lives through a whole
  /// listing, and is not moved, stands in it exactly once.
  static constexpr std::size_t kMaxLook = 65'536;
  [[nodiscard]] Page list(const SessionFilter& filter, std::uint32_t cursor, std::size_t limit,
                          std::size_t looks = kMaxLook) const;

  /// `session`: what was revoked, with its final counters; only where it was named by its key.
  struct Revoked {
    std::uint64_t count = 0;
    std::optional<SessionView> session;
    Settled settled;
  };
  using RevokeDone = std::function<void(const Revoked&)>;
  /// Out of the table at once, and never undone. `done` is called when the workers have seen it and
  /// it is stored, once and never from here.
  void revoke(table::Key key, RevokeDone done);
  /// The same for all that match and are there now, in slices: work() does it.
  void revoke_matching(SessionFilter filter, RevokeDone done);
  /// Of requests that ended a session: how long from the call until every worker had seen it, and
  /// until its answer.
  struct RevokeTimes {
    dataplane::DelayCounts to_effect{}, to_answer{};
  };
  [[nodiscard]] const RevokeTimes& revoke_times() const { return revoke_times_; }

  /// Before restore(), some sessions ahead: what it will wait for is fetched meanwhile.
  void prefetch(table::Key key) const { table_.prefetch(key); }
  /// Takes in what a store has held, before the workers run. What has ended meanwhile is told of by
  /// work(). False: the table is full.
  [[nodiscard]] bool restore(const store::Restored::One& one);
  void restore_next_id(std::uint64_t id) { next_id_ = std::max(next_id_, id); }

  // --- Of several gateways: sessions_shared.cpp ---

  /// Ids of sessions that are added here are this gateway's from now on: its number above, then one
  /// that grows with the time, so that none is used twice whatever was forgotten.
  static constexpr unsigned kGatewayShift = store::kGatewayShift;
  void number_as(std::uint8_t gateway, std::uint64_t unix_ms);
  /// Whether a change of this client's session is still to be settled here.
  [[nodiscard]] bool is_settling(table::Key key) const;
  /// Puts a session in as another gateway has it, in effect at once. `counted`: what was counted
  /// here before, if the session is new here. False: the table is full.
  [[nodiscard]] bool adopt(const store::Session& session, table::Key key, bool is_owned_elsewhere,
                           const store::Counted& counted);
  /// Takes out a session that another gateway has ended.
  void end_as_told(table::Key key, std::uint64_t id, EndReason reason);
  /// The same in the store alone: of one that is over for all that is known here.
  void end_again(std::uint64_t id, const store::Place& place);
  /// What has ended here before the last restart, and the shared store has not heard of yet.
  void note_owed(const store::Owed& owed);
  /// Another gateway has seen its client, or this one.
  void set_owner(table::Key key, std::uint64_t id, bool is_elsewhere);
  /// What is known of its traffic at other gateways.
  [[nodiscard]] Elsewhere& elsewhere() { return elsewhere_; }
  /// What was counted here, if it is there.
  [[nodiscard]] std::optional<store::Counted> counted_here(table::Key key, std::uint64_t id) const;
  /// Called when a session's traffic is seen here that another gateway owned.
  using Claimed = std::function<void(const SessionRecord&)>;
  void set_claimed(Claimed claimed) { claimed_ = std::move(claimed); }
  /// All that the shared store has comes between these. What does not come is put there again if
  /// `may_restore`, else it is over; work() does it.
  void begin_sync();
  void end_sync(bool may_restore);
  /// One that is there as it is here. False: it is not here.
  [[nodiscard]] bool is_same(table::Key key, std::uint64_t id);
  /// For a slice of such work: what the copy is to get goes there together.
  void gather() { ledger_.gather(); }
  void flush() { ledger_.flush(); }
  [[nodiscard]] bool is_in_sync() const { return sync_.accounted.empty(); }
  void work_on_sync();

  /// Ends what is due and goes on with what is under way, for one slice.
  void work();
  /// True while work() has more to do at once.
  [[nodiscard]] bool has_work() const {
    return !sweeps_.empty() || !passing_.empty() || !departed_.empty() || is_checkpointing_ ||
           sync_.is_sweeping || ends_.has_work(clock_.boot_ns()) || has_stale(clock_.boot_ns());
  }
  /// Looks at all counters, for when sessions were seen, and stores what was counted since the last
  /// time: begins it, and work() does it.
  void checkpoint() { is_checkpointing_ = true; }
  /// The same in one go.
  void checkpoint_all();
  /// For a process that ends: to free a million records one by one takes longer than all else.
  void leave_records();

  /// Of sessions that are added from now on.
  void set_defaults(const SessionDefaults& defaults) { defaults_ = defaults; }

  /// A change that is no session's.
  void count_change() { ++generation_; }
  /// Grows with every change.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  [[nodiscard]] std::size_t count(table::State state) const {
    return counts_[static_cast<std::size_t>(state)];
  }
  [[nodiscard]] const table::SessionTable& table() const { return table_; }

 private:
  using Record = std::unique_ptr<SessionRecord>;

  /// A revoke of all that match, under way.
  struct Sweep {
    SessionFilter filter;
    std::uint64_t before_id = 0;  ///< sessions added after the request are not meant
    std::uint64_t began_ns = 0;
    std::size_t next = 0;
    std::uint64_t count = 0;
    RevokeDone done;
    std::shared_ptr<bool> stored = std::make_shared<bool>(true);
  };
  /// A batch that is stored, on its way into the table.
  struct Passing {
    bool stored;
    std::vector<Batch::Touched> touched;
    std::size_t next = 0;
    WhenSettled done;
  };
  /// Changes of a session that wait for the disk.
  struct Unsettled {
    std::uint32_t changes = 0;                      ///< that wait
    std::uint32_t stored_change = 0;                ///< number of the last one that is stored
    std::shared_ptr<const SessionRecord> stored{};  ///< as it was then, for one that is undone
    bool is_cut = false;  ///< its quota was used up meanwhile, which is to be stored after them
  };
  /// A session that was let in, until it is not fresh any more.
  struct Fresh {
    std::uint32_t until_s;
    std::uint32_t index;
  };
  /// What has been found in the shared store, while all of it is read; by index.
  struct Sync {
    std::vector<bool> accounted{};  ///< empty: it is not read now
    bool is_sweeping = false;       ///< it was; the others are being dealt with
    bool may_restore = false;
    std::size_t next = 0;
  };
  /// What ended while the daemon did not run.
  struct Departed {
    Record record;
    EndReason reason;
  };
  /// Calls when both the disk and the workers have answered.
  class Both {
   public:
    explicit Both(WhenSettled done) : done_{std::move(done)} {}
    void stored(bool stored) {
      settled_.stored = stored;
      one();
    }
    void seen(bool seen) {
      settled_.seen = seen;
      one();
    }

   private:
    void one() {
      if (--owed_ == 0 && done_) done_(settled_);
    }

    WhenSettled done_;
    Settled settled_;
    int owed_ = 2;
  };

  [[nodiscard]] std::shared_ptr<Bound> bound_to(table::Key key, table::BoundAddresses given) const;
  [[nodiscard]] SessionRecord* record_of(table::Key key) const;
  [[nodiscard]] SessionRef view(const SessionRecord& record) const;
  [[nodiscard]] table::TrafficCounts traffic_of(const SessionRecord& record) const;
  [[nodiscard]] table::TrafficCounts carried_by(const CarriedTraffic& carried) const;
  /// The one under way that has not come to this session yet, and will take it.
  [[nodiscard]] bool is_being_revoked(const SessionRecord& record) const;
  [[nodiscard]] std::uint64_t deadline_of(const SessionFields& fields, bool created,
                                          std::uint64_t current) const;
  static constexpr std::uint64_t kNever_ns = ~std::uint64_t{0};
  /// And when its counters are looked at next.
  void set_deadline(SessionRecord& record, std::uint64_t deadline_ns);
  /// kNever_ns where nothing depends on them.
  [[nodiscard]] std::uint64_t next_look_ns(const SessionRecord& record) const;
  /// Looks at the counters; what its session ends by, if it does.
  [[nodiscard]] std::optional<EndReason> look_at(SessionRecord& record);
  /// Whether there was traffic since the last time.
  void note_seen(SessionRecord& record, const table::TrafficCounts& counts);
  /// Here and at all other gateways.
  [[nodiscard]] table::TrafficCounts traffic_in_all(const SessionRecord& record) const;
  void claim(const SessionRecord& record);
  /// It is over: its counters are what was counted in all.
  void conclude(SessionRecord& record, EndReason reason);
  void note_in_sync(std::uint32_t index) {
    if (!sync_.accounted.empty()) sync_.accounted[index] = true;
  }
  /// Whether a session was added before one of that id was; of another gateway's it is not known.
  [[nodiscard]] static bool is_before(std::uint64_t id, std::uint64_t other) {
    return id >> kGatewayShift != other >> kGatewayShift || id < other;
  }
  /// As the copy has it: with who owns it.
  [[nodiscard]] store::Put put_of(const SessionRecord& record, store::Scope scope) const;
  void take_terms(SessionRecord& record, const store::Session& session);
  void restrict_spent(SessionRecord& record);
  void work_on_timers();
  void set_state(SessionRecord& record, table::State state);
  /// What the workers are told of the session's state and rates.
  void publish(SessionRecord& record);
  /// Returns what was there before, if that is not published any more.
  [[nodiscard]] std::shared_ptr<Bound> publish_binding(const SessionRecord& record);
  /// No worker can come by `index` any more: it may be given out again.
  void free_slot(std::uint32_t index);
  /// Notes that the session has just become one that passes.
  void note_fresh(SessionRecord& record);
  [[nodiscard]] bool has_stale(std::uint64_t now_ns) const {
    return !fresh_.empty() && fresh_.front().until_s <= now_ns / kNsPerSecond;
  }
  void work_on_fresh();
  [[nodiscard]] SessionRecord* record_of(std::uint32_t index, std::uint64_t id) const;
  void tell_of_move(const SessionRecord& former, std::uint32_t index);
  void note_change(SessionRecord& record, std::shared_ptr<const SessionRecord> before,
                   Batch& batch);
  void settle(const Batch::Touched& touched, bool stored);
  void let_pass(SessionRecord& record, const Batch::Touched& touched);
  void undo(SessionRecord& record, const SessionRecord* stored, bool is_cut);
  void work_on_passing();
  void work_on_departed();
  void keep_addresses(const SessionRecord& record, store::Changes& changes);
  /// Looks at so many slots. False: that was all.
  bool checkpoint_some(std::size_t slots);
  /// Out of the table; the index stays in limbo until it is released.
  Record take_out(std::uint32_t index);
  /// Stores that these have ended, releases them when every worker has seen it, and tells so;
  /// calls `then`.
  void end_all(std::vector<Record> records, EndReason reason, WhenSettled done,
               std::function<void()> then = {}, store::Scope scope = store::Scope::kAll);
  void release(const SessionRecord& record, EndReason reason);
  void work_on_sweep();

  table::SessionTable& table_;
  GraceQueue& grace_;
  const dataplane::StatusSource& status_;
  const Clock& clock_;
  Ledger& ledger_;
  std::span<table::Policer> policers_;
  std::span<table::BindingPlace> bindings_;
  /// What the workers may read of those, by index.
  std::unordered_map<std::uint32_t, std::shared_ptr<Bound>> published_;
  SessionDefaults defaults_;
  SessionListener* listener_ = nullptr;
  Leases leases_;

  std::vector<Record> records_;  ///< by the table's index
  TimingWheel ends_;             ///< by the table's index
  std::deque<Sweep> sweeps_;
  std::deque<Passing> passing_;
  std::unordered_map<std::uint64_t, Unsettled> unsettled_;  ///< by id, of sessions that are not new
  std::deque<Departed> departed_;
  std::deque<Fresh> fresh_;  ///< by time, since all stay in it for as long
  bool is_checkpointing_ = false;
  std::size_t next_checkpoint_ = 0;       ///< index
  std::array<std::size_t, 16> counts_{};  ///< by state
  std::uint64_t next_id_ = 1;
  std::uint64_t generation_ = 0;
  RevokeTimes revoke_times_;
  Elsewhere elsewhere_;
  Claimed claimed_;
  Sync sync_;
};

}  // namespace gate511::control
