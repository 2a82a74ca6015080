// SPDX-License-Identifier: BSD-3-Clause
//
// The bulk look-up without vector instructions, for every processor.
#include <bit>

#include "table/bulk_look_up.hpp"
#include "table/session_table.hpp"

namespace gate511::table {
namespace {

/// The slots that hold the key, a bit each; no branch, since which slot it is cannot be foretold.
unsigned matches(const Bucket& bucket, std::uint64_t key) noexcept {
  unsigned found = 0;
  for (unsigned i = 0; i < Bucket::kSlots; ++i) {
    const std::uint64_t word = bucket.slot[i].load(std::memory_order_acquire);
    found |= static_cast<unsigned>((word & kKeyMask) == key) << i;
  }
  return found;
}

/// What stands in slot `i` now. Its session may have gone since it was compared; it cannot be
/// another's, whose index would be in limbo.
Hit hit_in(const Region& region, std::size_t bucket, unsigned i) noexcept {
  const std::uint64_t word = region.bucket[bucket].slot[i].load(std::memory_order_acquire);
  if (word >> kStateShift == 0) return {};
  return {static_cast<std::uint32_t>(bucket * Bucket::kSlots + i),
          static_cast<State>(word >> kStateShift)};
}

bool is_passed_by(const Bucket& bucket) noexcept {
  return (bucket.slot[0].load(std::memory_order_relaxed) & kPassedBy) != 0;
}

}  // namespace

Hit look_up_behind(const Region& region, std::size_t passed, std::uint64_t key) noexcept {
  std::size_t bucket = passed;
  for (std::size_t probes = 1; probes < region.buckets; ++probes) {
    bucket = bucket + 1 == region.buckets ? 0 : bucket + 1;
    if (const unsigned found = matches(region.bucket[bucket], key); found != 0)
      return hit_in(region, bucket, static_cast<unsigned>(std::countr_zero(found)));
    if (!is_passed_by(region.bucket[bucket])) break;
  }
  return {};
}

void look_up_plain(const Region& region, const std::uint64_t* keys, Hit* hits,
                   std::size_t count) noexcept {
  std::size_t home[kMaxBulk];
  for (std::size_t i = 0; i < count; ++i) {
    home[i] = home_of(region, keys[i]);
    __builtin_prefetch(&region.bucket[home[i]]);
  }
  std::size_t passed[kMaxBulk];
  std::size_t further = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Bucket& bucket = region.bucket[home[i]];
    const unsigned found = matches(bucket, keys[i]);
    if (found != 0) [[likely]] {
      hits[i] = hit_in(region, home[i], static_cast<unsigned>(std::countr_zero(found)));
    } else {
      hits[i] = Hit{};
      if (!is_passed_by(bucket)) continue;
      __builtin_prefetch(&bucket + 1);
      passed[further++] = i;
    }
  }
  for (std::size_t n = 0; n < further; ++n)
    hits[passed[n]] = look_up_behind(region, home[passed[n]], keys[passed[n]]);
}

}  // namespace gate511::table
