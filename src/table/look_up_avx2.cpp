// SPDX-License-Identifier: BSD-3-Clause
//
// The bulk look-up with AVX2: four slots a comparison. Compiled with its own flags, so nothing here
// but intrinsics and what is inlined by force.
//
// A vector load of a bucket reads each of its aligned 64-bit slots whole (as every x86 does that
// has AVX), and loads are not reordered among each other: it is as good as eight acquire loads.
#include <immintrin.h>

#include "table/bulk_look_up.hpp"
#include "table/session_table.hpp"

namespace gate511::table {

[[gnu::no_sanitize("thread")]] void look_up_avx2(const Region& region, const std::uint64_t* keys,
                                                 Hit* hits, std::size_t count) noexcept {
  std::uint32_t home[kMaxBulk];
  for (std::size_t i = 0; i < count; ++i) {
    home[i] = static_cast<std::uint32_t>(home_of(region, keys[i]));
    __builtin_prefetch(&region.bucket[home[i]]);
  }
  const __m256i mask = _mm256_set1_epi64x(static_cast<long long>(kKeyMask));
  std::uint32_t passed[kMaxBulk];
  std::size_t further = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* const line = reinterpret_cast<const __m256i*>(&region.bucket[home[i]]);
    const __m256i key = _mm256_set1_epi64x(static_cast<long long>(keys[i]));
    const __m256i low = _mm256_load_si256(line);
    const __m256i high = _mm256_load_si256(line + 1);
    const __m256i in_low = _mm256_cmpeq_epi64(_mm256_and_si256(low, mask), key);
    const __m256i in_high = _mm256_cmpeq_epi64(_mm256_and_si256(high, mask), key);
    const auto found = static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(in_low))) |
                       static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(in_high))) << 4;
    // The state of what was compared, not of what stands there by now: one lane at most is left.
    const __m256i left =
        _mm256_or_si256(_mm256_and_si256(low, in_low), _mm256_and_si256(high, in_high));
    const __m128i half =
        _mm_or_si128(_mm256_castsi256_si128(left), _mm256_extracti128_si256(left, 1));
    const auto word = static_cast<std::uint64_t>(
        _mm_cvtsi128_si64(_mm_or_si128(half, _mm_unpackhi_epi64(half, half))));
    const auto first = static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm256_castsi256_si128(low)));
    const std::uint32_t index = home[i] * 8 + _tzcnt_u32(found);
    hits[i].index = found != 0 ? index : Hit::kNoIndex;
    hits[i].state = static_cast<State>(word >> kStateShift);
    passed[further] = static_cast<std::uint32_t>(i);
    further += static_cast<std::size_t>((found == 0) & ((first & kPassedBy) != 0));
  }
  for (std::size_t n = 0; n < further; ++n) __builtin_prefetch(&region.bucket[home[passed[n]]] + 1);
  for (std::size_t n = 0; n < further; ++n) {
    const std::uint32_t i = passed[n];
    hits[i] = look_up_behind(region, home[i], keys[i]);
  }
}

}  // namespace gate511::table
