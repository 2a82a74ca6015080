// SPDX-License-Identifier: BSD-3-Clause
#include "table/session_table.hpp"

#include <algorithm>
#include <cassert>

namespace gate511::table {
namespace {

constexpr std::uint64_t state_bits(State state) noexcept {
  return std::uint64_t{static_cast<std::uint8_t>(state)} << kStateShift;
}
constexpr State state_of(std::uint64_t word) noexcept {
  return static_cast<State>(word >> kStateShift);
}

BulkLookUp form_for(Isa isa) noexcept {
  switch (isa) {
#ifdef __x86_64__
    case Isa::kAvx512:
      return look_up_avx512;
    case Isa::kAvx2:
      return look_up_avx2;
#endif
    default:
      return look_up_plain;
  }
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

SessionTable::SessionTable(std::span<Bucket> buckets, std::size_t capacity, HashSeed seed, Isa isa)
    : region_{buckets.data(), buckets.size(), {seed.first | 1, seed.second | 1}},
      bulk_look_up_{form_for(isa)},
      isa_{isa},
      capacity_{capacity},
      passed_by_(buckets.size()),
      limbo_(buckets.size()) {
  assert(buckets.size() >= buckets_for(capacity) && is_supported(isa));
}

void SessionTable::look_up(std::span<const Key> keys, std::span<Hit> hits) const noexcept {
  assert(keys.size() == hits.size() && keys.size() <= kMaxBulk);
  // A key is its bits and nothing else.
  bulk_look_up_(region_, reinterpret_cast<const std::uint64_t*>(keys.data()), hits.data(),
                keys.size());
}

Hit SessionTable::look_up(Key key) const noexcept {
  Hit hit;
  const std::uint64_t bits = key.bits();
  look_up_plain(region_, &bits, &hit, 1);
  return hit;
}

std::optional<std::uint32_t> SessionTable::insert(Key key, State state) {
  assert(key.mac().is_station() && state != State::kNone && !look_up(key).found());
  if (size_ + in_limbo_ >= capacity_) return std::nullopt;
  // There are more slots than `capacity_`, so the walk ends.
  for (std::size_t bucket = home_of(region_, key.bits());; bucket = after(bucket)) {
    for (std::size_t i = 0; i < Bucket::kSlots; ++i) {
      auto& slot = region_.bucket[bucket].slot[i];
      const bool used = state_of(slot.load(std::memory_order_relaxed)) != State::kNone;
      if (used || (limbo_[bucket] >> i & 1) != 0) continue;
      store_slot(slot, key.bits() | state_bits(state));
      ++size_;
      return static_cast<std::uint32_t>(bucket * Bucket::kSlots + i);
    }
    // The mark is set before the session is published, so no reader stops short of it.
    if (passed_by_[bucket]++ == 0) {
      auto& first = region_.bucket[bucket].slot[0];
      first.store(first.load(std::memory_order_relaxed) | kPassedBy, std::memory_order_release);
    }
  }
}

State SessionTable::state(std::uint32_t index) const noexcept {
  return state_of(slot(index).load(std::memory_order_relaxed));
}

void SessionTable::set_state(std::uint32_t index, State state) noexcept {
  const std::uint64_t word = slot(index).load(std::memory_order_relaxed);
  assert(state_of(word) != State::kNone && state != State::kNone);
  store_slot(slot(index), (word & kKeyMask) | state_bits(state));
}

void SessionTable::erase(std::uint32_t index) noexcept {
  const std::size_t bucket = index / Bucket::kSlots;
  const std::size_t i = index % Bucket::kSlots;
  const std::uint64_t word = slot(index).load(std::memory_order_relaxed);
  assert(state_of(word) != State::kNone);
  limbo_[bucket] = static_cast<std::uint8_t>(limbo_[bucket] | 1U << i);
  store_slot(slot(index), 0);
  --size_;
  ++in_limbo_;
  unmark_path(home_of(region_, word & kKeyMask), bucket);
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
  for (std::size_t bucket = from; bucket != to; bucket = after(bucket)) {
    if (--passed_by_[bucket] != 0) continue;
    auto& first = region_.bucket[bucket].slot[0];
    first.store(first.load(std::memory_order_relaxed) & ~kPassedBy, std::memory_order_release);
  }
}

}  // namespace gate511::table
