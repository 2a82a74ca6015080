// SPDX-License-Identifier: BSD-3-Clause
#include "table/session_table.hpp"

#include <algorithm>
#include <cassert>

namespace gate511::table {
namespace {

constexpr std::uint64_t kStateShift = 60;
/// The MAC and VLAN bits of a slot, without the group bit and the state.
constexpr std::uint64_t kKeyMask =
    ((std::uint64_t{1} << kStateShift) - 1) & ~net::MacAddress::kGroupBit;
/// In a bucket's first slot, used or not: some session found this bucket full and went on.
constexpr std::uint64_t kPassedBy = net::MacAddress::kGroupBit;

constexpr std::uint64_t slot_word(Key key, State state) noexcept {
  return key.bits() | std::uint64_t{static_cast<std::uint8_t>(state)} << kStateShift;
}
constexpr State state_of(std::uint64_t word) noexcept {
  return static_cast<State>(word >> kStateShift);
}

std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Replaces all of a slot but the mark, which belongs to the bucket.
void store_slot(std::atomic<std::uint64_t>& slot, std::uint64_t word) noexcept {
  const std::uint64_t mark = slot.load(std::memory_order_relaxed) & kPassedBy;
  slot.store(word | mark, std::memory_order_release);
}

}  // namespace

std::size_t SessionTable::buckets_for(std::size_t capacity) noexcept {
  const std::size_t slots = capacity + (capacity * 3 + 4) / 5;  // 1.6 a session, rounded up
  return std::max<std::size_t>(1, (slots + Bucket::kSlots - 1) / Bucket::kSlots);
}

SessionTable::SessionTable(std::span<Bucket> buckets, std::size_t capacity, HashSeed seed)
    : buckets_{buckets},
      capacity_{capacity},
      seed_{seed},
      passed_by_(buckets.size()),
      limbo_(buckets.size()) {
  assert(buckets.size() >= buckets_for(capacity));
}

std::size_t SessionTable::home(Key key) const noexcept {
  // Two multiplications with secret numbers: who does not know the seed cannot choose MACs that
  // meet in one bucket. The bucket is the high half of hash * buckets, so no power of two is
  // needed.
  const std::uint64_t hash =
      multiply_fold(multiply_fold(key.bits() ^ seed_.first, seed_.second | 1), seed_.first | 1);
  return (hash >> 32) * buckets_.size() >> 32;
}

Hit SessionTable::find_from(std::size_t bucket, Key key) const noexcept {
  for (std::size_t probes = 0; probes < buckets_.size(); ++probes) {
    const Bucket& line = buckets_[bucket];
    for (std::size_t i = 0; i < Bucket::kSlots; ++i) {
      const std::uint64_t word = line.slot[i].load(std::memory_order_acquire);
      if ((word & kKeyMask) == key.bits() && state_of(word) != State::kNone)
        return {static_cast<std::uint32_t>(bucket * Bucket::kSlots + i), state_of(word)};
    }
    if ((line.slot[0].load(std::memory_order_relaxed) & kPassedBy) == 0) break;
    if (++bucket == buckets_.size()) bucket = 0;
  }
  return {};
}

void SessionTable::look_up(std::span<const Key> keys, std::span<Hit> hits) const noexcept {
  assert(keys.size() == hits.size() && keys.size() <= kMaxBulk);
  std::array<std::size_t, kMaxBulk> homes;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    homes[i] = home(keys[i]);
    __builtin_prefetch(&buckets_[homes[i]]);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) hits[i] = find_from(homes[i], keys[i]);
}

Hit SessionTable::look_up(Key key) const noexcept {
  return find_from(home(key), key);
}

std::optional<std::uint32_t> SessionTable::insert(Key key, State state) {
  assert(key.mac().is_station() && state != State::kNone && !look_up(key).found());
  if (size_ + in_limbo_ >= capacity_) return std::nullopt;
  // There are more slots than `capacity_`, so the walk ends.
  for (std::size_t bucket = home(key);; bucket = bucket + 1 == buckets_.size() ? 0 : bucket + 1) {
    for (std::size_t i = 0; i < Bucket::kSlots; ++i) {
      auto& slot = buckets_[bucket].slot[i];
      const bool used = state_of(slot.load(std::memory_order_relaxed)) != State::kNone;
      if (used || (limbo_[bucket] >> i & 1) != 0) continue;
      store_slot(slot, slot_word(key, state));
      ++size_;
      return static_cast<std::uint32_t>(bucket * Bucket::kSlots + i);
    }
    // The mark is set before the session is published, so no reader stops short of it.
    if (passed_by_[bucket]++ == 0) {
      auto& first = buckets_[bucket].slot[0];
      first.store(first.load(std::memory_order_relaxed) | kPassedBy, std::memory_order_release);
    }
  }
}

void SessionTable::set_state(std::uint32_t index, State state) noexcept {
  auto& slot = buckets_[index / Bucket::kSlots].slot[index % Bucket::kSlots];
  const std::uint64_t word = slot.load(std::memory_order_relaxed);
  assert(state_of(word) != State::kNone && state != State::kNone);
  store_slot(slot, (word & kKeyMask) | slot_word(Key{}, state));
}

void SessionTable::erase(std::uint32_t index) noexcept {
  const std::size_t bucket = index / Bucket::kSlots;
  const std::size_t i = index % Bucket::kSlots;
  auto& slot = buckets_[bucket].slot[i];
  const std::uint64_t word = slot.load(std::memory_order_relaxed);
  assert(state_of(word) != State::kNone);
  Key key{net::MacAddress{word & kKeyMask}, static_cast<std::uint16_t>(word >> 48 & 0xfff)};
  limbo_[bucket] = static_cast<std::uint8_t>(limbo_[bucket] | 1U << i);
  store_slot(slot, 0);
  --size_;
  ++in_limbo_;
  unmark_path(home(key), bucket);
}

void SessionTable::release(std::uint32_t index) noexcept {
  auto& bits = limbo_[index / Bucket::kSlots];
  const unsigned bit = 1U << index % Bucket::kSlots;
  assert((bits & bit) != 0);
  bits = static_cast<std::uint8_t>(bits & ~bit);
  --in_limbo_;
}

/// Takes back the marks that a session which stood in `to` had left behind from its home on.
void SessionTable::unmark_path(std::size_t from, std::size_t to) noexcept {
  for (std::size_t bucket = from; bucket != to;
       bucket = bucket + 1 == buckets_.size() ? 0 : bucket + 1) {
    if (--passed_by_[bucket] != 0) continue;
    auto& first = buckets_[bucket].slot[0];
    first.store(first.load(std::memory_order_relaxed) & ~kPassedBy, std::memory_order_release);
  }
}

}  // namespace gate511::table
