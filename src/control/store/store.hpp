// SPDX-License-Identifier: BSD-3-Clause
//
// Where sessions outlive the daemon. An interface, because more than one kind of store is to come:
// what is beyond it may be a file of this machine or a server that several gateways share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/store/change.hpp"
#include "dataplane/delays.hpp"

namespace gate511::control::store {

/// What a store held when it was opened.
struct Restored {
  struct One {
    Session session;
    Counted counts;
    std::uint8_t ended = 0;  ///< not 0: it is over, by this reason, and nobody was told of it
  };
  std::vector<One> sessions;  ///< by id
  std::uint64_t next_id = 1;
  std::uint64_t seq_limit = 0;
  std::uint64_t unix_ms = 0;  ///< the latest time that the store knows of
  std::string keyed_by{};     ///< what its sessions are known by; empty: not told
  std::string used_as{};      ///< as UsedAs; empty: not told
  std::vector<Owed> owed{};   ///< what the server that gateways share has still to be told
  std::vector<Consumer> consumers;
  std::vector<Ended> ended;  ///< by seq
  std::string note;          ///< not empty: what was wrong with it, and what was done about it
};

/// Control thread, which is never made to wait.
class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  /// What becomes of changes that cannot be stored.
  enum class Failing : std::uint8_t {
    kDrop,  ///< they were never made
    kKeep,  ///< they are stored as soon as that is possible, before any later change
  };
  /// `done` is called from finish(), in the order of the calls: true once the changes, and all that
  /// were written before them, would survive a loss of power.
  using Done = std::function<void(bool durable)>;
  /// `unix_ms`: the time of the store's clock.
  virtual void write(Changes changes, std::uint64_t unix_ms, Failing failing, Done done) = 0;

  /// What was taken away before stands nowhere in the store any more when `done` says so, called as
  /// that of write(). Takes as long as the store is large, for whoever writes meanwhile too.
  virtual void scrub(Done done) = 0;

  /// Readable when there is something to finish.
  [[nodiscard]] virtual int fd() const = 0;
  /// Calls what is due.
  virtual void finish() = 0;
  /// So many calls are still owed.
  [[nodiscard]] virtual std::size_t owed() const = 0;
  /// And so many changes were written with them.
  [[nodiscard]] virtual std::size_t owed_changes() const = 0;

  /// Gateways beside this one change what is in it.
  [[nodiscard]] virtual bool is_shared() const { return false; }

  /// Of a server that gateways share, since the start.
  struct SharedCounts {
    bool is_synced = false;        ///< it is in use, and all that it has is known
    std::uint64_t connects = 0;    ///< that succeeded
    std::uint64_t failures = 0;    ///< connections that failed or broke
    std::uint64_t syncs = 0;       ///< times that all of it was read
    std::uint64_t gaps = 0;        ///< times that changes were missed, or its data lost
    std::uint64_t sent = 0;        ///< changes that it took
    std::uint64_t received = 0;    ///< changes of other gateways
    std::uint64_t conflicts = 0;   ///< batches of which another gateway was first
    std::uint64_t errors = 0;      ///< commands that it refused
    std::uint64_t unreadable = 0;  ///< entries that no gateway has written
    std::uint64_t forged = 0;      ///< times that others had written into its stream
    std::uint64_t waiting = 0;     ///< changes that it has still to get
    std::uint64_t lost = 0;        ///< changes that waited for it and were too many
    std::uint64_t server_ms = 0;   ///< its unix time now; 0: not known
    std::uint64_t missing = 0;     ///< sessions of other gateways that have no room here
  };
  struct Status {
    std::string problem;         ///< empty: none
    std::string away{};          ///< why the server that gateways share is not in use; empty: it is
    std::uint64_t commits = 0;   ///< each one or more changes made durable together
    std::uint64_t changes = 0;   ///< that were made durable
    std::uint64_t failures = 0;  ///< commits that did not succeed
    std::uint64_t lost = 0;      ///< changes that waited for a disk that failed, and were too many
    std::uint64_t unfolded = 0;  ///< rows of the journal
    std::uint64_t longest_us = 0;           ///< of the commits
    dataplane::DelayCounts commit_times{};  ///< of those that succeeded
    std::optional<SharedCounts> shared{};   ///< none: no other gateway changes what is in it
  };
  [[nodiscard]] virtual Status status() const = 0;
};

}  // namespace gate511::control::store
