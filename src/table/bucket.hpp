// SPDX-License-Identifier: BSD-3-Clause
//
// The session table's memory as its readers see it: what a slot's bits mean, and which bucket a key
// is at home in. The bulk look-up's forms and the writer share it.
//
// Included by files that are compiled for one kind of processor: everything here is inlined, so
// that no such code can come to be used elsewhere.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gate511::table {

/// Eight slots in one cache line. Written by the control thread, read by every worker.
struct alignas(64) Bucket {
  static constexpr std::size_t kSlots = 8;
  std::atomic<std::uint64_t> slot[kSlots];
};
static_assert(sizeof(Bucket) == 64 && std::atomic<std::uint64_t>::is_always_lock_free);

inline constexpr unsigned kStateShift = 60;
/// In a bucket's first slot, used or not: some session found this bucket full and went on. It is
/// the MAC's group bit, which no session's MAC has.
inline constexpr std::uint64_t kPassedBy = std::uint64_t{1} << 40;
/// The MAC and number bits of a slot, without the group bit and the state. A key is compared with
/// these, so one that has the group bit is never found.
inline constexpr std::uint64_t kKeyMask = ((std::uint64_t{1} << kStateShift) - 1) & ~kPassedBy;

/// 128 secret bits for the keyed hash; drawn anew at each start.
struct HashSeed {
  std::uint64_t first;
  std::uint64_t second;
};

/// The table's memory and what leads into it.
struct Region {
  Bucket* bucket;
  std::uint64_t buckets;  ///< below 2^32
  HashSeed seed;          ///< both numbers odd
};

/// Who does not know the seed cannot choose MACs that meet in one bucket: the high half of the
/// second product is a universal hash of what goes into it, and the first product takes care that
/// MACs in a row are not in a row any more. It needs nothing but 64-bit products, so that eight
/// keys can be hashed at once. The bucket is the high half of hash * buckets: no power of two is
/// needed.
[[gnu::always_inline]] inline std::size_t home_of(const Region& region,
                                                  std::uint64_t key) noexcept {
  std::uint64_t hash = key * region.seed.first;
  hash ^= hash >> 32;
  hash *= region.seed.second;
  return (hash >> 32) * region.buckets >> 32;
}

}  // namespace gate511::table
