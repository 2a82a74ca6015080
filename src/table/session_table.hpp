// SPDX-License-Identifier: BSD-3-Clause
//
// The session table: who a frame belongs to and what it may do, in one cache line.
//
// Buckets of 64 bytes hold eight 64-bit slots. A key that finds its home bucket full goes to the
// next one with room, and every bucket that it passed by is marked; a reader goes on past a bucket
// only where the mark stands. Nothing ever moves, so a slot's index is stable for the session's
// life and finds its counters and its record.
//
// One thread writes (the control thread); any number read without a lock and without a retry.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "net/mac.hpp"
#include "table/bucket.hpp"
#include "table/bulk_look_up.hpp"
#include "table/isa.hpp"

namespace gate511::table {

/// What a client may do. The numbers are the four state bits of a slot.
/// With bit 3 set the client is authenticated, and bits 0-2 are flags of such a session: it has a
/// rate, it was let in lately, it is bound to its addresses.
enum class State : std::uint8_t {
  kNone = 0,           ///< no session: a guest
  kRestricted = 1,     ///< known, but treated as a guest (unpaid, over quota)
  kBlocked = 2,        ///< dropped
  kAuthenticated = 8,  ///< passes
  kPoliced = 9,        ///< passes as far as its rates go: see Policer
  kFresh = 10,         ///< as kAuthenticated, and was let in lately
  kFreshPoliced = 11,  ///< as kPoliced, and was let in lately
  kBound = 12,         ///< passes with its own addresses alone: see Binding. 13-15: and the others
};

/// Authenticated, and with a rate.
[[nodiscard]] constexpr bool is_policed(State state) noexcept {
  return (static_cast<std::uint8_t>(state) & 9) == 9;
}
[[nodiscard]] constexpr bool is_authenticated(State state) noexcept {
  return (static_cast<std::uint8_t>(state) & 8) != 0;
}
/// Authenticated, and so lately that it may have connections which the responder began.
[[nodiscard]] constexpr bool is_fresh(State state) noexcept {
  return (static_cast<std::uint8_t>(state) & 10) == 10;
}
/// Authenticated, and bound to its addresses.
[[nodiscard]] constexpr bool is_bound(State state) noexcept {
  return (static_cast<std::uint8_t>(state) & 12) == 12;
}
/// With the flags that these say, of a session that is authenticated and was not let in lately.
[[nodiscard]] constexpr State authenticated(bool policed, bool bound) noexcept {
  return static_cast<State>(8 | (policed ? 1 : 0) | (bound ? 4 : 0));
}
/// The same of a session, authenticated, that was let in lately, and of one that was not.
[[nodiscard]] constexpr State fresh(State state) noexcept {
  return static_cast<State>(static_cast<std::uint8_t>(state) | 2);
}
[[nodiscard]] constexpr State settled(State state) noexcept {
  return is_fresh(state) ? static_cast<State>(static_cast<std::uint8_t>(state) & ~2) : state;
}

/// A client's identity: MAC and a number that stands for the outer VLAN, or for VLAN and link,
/// where `sessions.key` says so (KeyNumbers); else it is 0. Layout as in a slot: bits 0-47 MAC with
/// the group bit (40) zero, bits 48-59 number, 60-63 zero. A key that is no station's has the group
/// bit, and is never found: so has that of the MAC zero.
class Key {
 public:
  constexpr Key() noexcept = default;
  constexpr Key(net::MacAddress mac, std::uint16_t number) noexcept
      : bits_{mac.is_zero() ? kPassedBy : mac.value() | (std::uint64_t{number} & 0xfff) << 48} {}
  [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }
  [[nodiscard]] constexpr net::MacAddress mac() const noexcept { return net::MacAddress{bits_}; }
  [[nodiscard]] constexpr std::uint16_t number() const noexcept {
    return static_cast<std::uint16_t>(bits_ >> 48 & 0xfff);
  }
  constexpr auto operator<=>(const Key&) const noexcept = default;

 private:
  std::uint64_t bits_ = kPassedBy;
};
static_assert(sizeof(Key) == sizeof(std::uint64_t) && net::MacAddress::kGroupBit == kPassedBy);

/// The result of a look-up.
struct Hit {
  static constexpr std::uint32_t kNoIndex = 0xffff'ffff;
  std::uint32_t index = kNoIndex;
  State state = State::kNone;

  [[nodiscard]] constexpr bool found() const noexcept { return index != kNoIndex; }
};

class SessionTable {
 public:
  /// Buckets for `capacity` sessions: 1.6 slots a session or a little more.
  [[nodiscard]] static std::size_t buckets_for(std::size_t capacity) noexcept;

  /// Takes `buckets_for(capacity)` buckets that are zero and outlive the table. `isa` is supported.
  SessionTable(std::span<Bucket> buckets, std::size_t capacity, HashSeed seed,
               Isa isa = widest_isa());

  // ---- any thread, lock-free; an index found is valid until the thread's next quiescent point
  // ----

  /// Looks up a burst: hashes and prefetches all of it, then compares. `hits.size() ==
  /// keys.size()`, at most kMaxBulk. A default-constructed Key is never found.
  static constexpr std::size_t kMaxBulk = table::kMaxBulk;
  void look_up(std::span<const Key> keys, std::span<Hit> hits) const noexcept;
  [[nodiscard]] Hit look_up(Key key) const noexcept;
  void prefetch(Key key) const noexcept {
    __builtin_prefetch(&region_.bucket[home_of(region_, key.bits())], 1);
  }

  // ---- control thread only ----

  /// Publishes a session. nullopt: `capacity` sessions are held already (those in limbo count).
  /// The key must be a station's and not be in the table.
  [[nodiscard]] std::optional<std::uint32_t> insert(Key key, State state);
  /// The state of the session at `index`.
  [[nodiscard]] State state(std::uint32_t index) const noexcept;
  /// Changes the state of the session at `index`.
  void set_state(std::uint32_t index, State state) noexcept;
  /// Makes the session invisible to each reader's next look-up. Its index goes to limbo.
  void erase(std::uint32_t index) noexcept;
  /// Takes an index out of limbo, once every reader has passed a quiescent point since `erase`.
  void release(std::uint32_t index) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t in_limbo() const noexcept { return in_limbo_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  /// One more than the highest index that `insert` can give: the length of arrays beside the table.
  [[nodiscard]] std::size_t slots() const noexcept { return region_.buckets * Bucket::kSlots; }
  [[nodiscard]] Isa isa() const noexcept { return isa_; }

 private:
  [[nodiscard]] std::atomic<std::uint64_t>& slot(std::uint32_t index) const noexcept {
    return region_.bucket[index / Bucket::kSlots].slot[index % Bucket::kSlots];
  }
  [[nodiscard]] std::size_t after(std::size_t bucket) const noexcept {
    return bucket + 1 == region_.buckets ? 0 : bucket + 1;
  }
  void unmark_path(std::size_t from, std::size_t to) noexcept;

  Region region_;
  BulkLookUp bulk_look_up_;
  Isa isa_;
  std::size_t capacity_;
  // Control thread only: not on the readers' path.
  std::size_t size_ = 0;
  std::size_t in_limbo_ = 0;
  std::vector<std::uint32_t> passed_by_;  ///< a bucket: how many sessions overflowed past it
  std::vector<std::uint8_t> limbo_;       ///< a bucket: bit i set while slot i may not be used
};

}  // namespace gate511::table
