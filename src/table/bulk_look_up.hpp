// SPDX-License-Identifier: BSD-3-Clause
//
// The forms of the bulk look-up. Each hashes and prefetches all keys, then compares a bucket's
// eight slots at once. They find the same; tests compare them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "table/bucket.hpp"

namespace gate511::table {

struct Hit;

inline constexpr std::size_t kMaxBulk = 64;

/// `count` keys, at most kMaxBulk, and as many hits. Any thread; no lock and no retry.
using BulkLookUp = void (*)(const Region& region, const std::uint64_t* keys, Hit* hits,
                            std::size_t count) noexcept;

void look_up_plain(const Region& region, const std::uint64_t* keys, Hit* hits,
                   std::size_t count) noexcept;
void look_up_avx2(const Region& region, const std::uint64_t* keys, Hit* hits,
                  std::size_t count) noexcept;
void look_up_avx512(const Region& region, const std::uint64_t* keys, Hit* hits,
                    std::size_t count) noexcept;

/// Goes on behind bucket `passed`, which is marked and does not hold the key.
[[nodiscard]] Hit look_up_behind(const Region& region, std::size_t passed,
                                 std::uint64_t key) noexcept;

}  // namespace gate511::table
