// SPDX-License-Identifier: BSD-3-Clause
//
// The bulk look-up with AVX-512: eight keys hashed at once, and a bucket a comparison. Compiled
// with its own flags, so nothing here but intrinsics and what is inlined by force.
//
// A vector load of a bucket reads each of its aligned 64-bit slots whole, and loads are not
// reordered among each other: it is as good as eight acquire loads.
#ifndef __clang__
// g++ 12 warns of its own header (its bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include "table/bulk_look_up.hpp"
#include "table/session_table.hpp"

namespace gate511::table {
namespace {

/// home_of() for eight keys.
[[gnu::always_inline]] inline __m512i homes_of(const Region& region, __m512i keys) noexcept {
  const auto all = [](std::uint64_t number) __attribute__((always_inline)) {
    return _mm512_set1_epi64(static_cast<long long>(number));
  };
  __m512i hash = _mm512_mullo_epi64(keys, all(region.seed.first));
  hash = _mm512_xor_si512(hash, _mm512_srli_epi64(hash, 32));
  hash = _mm512_mullo_epi64(hash, all(region.seed.second));
  return _mm512_srli_epi64(_mm512_mul_epu32(_mm512_srli_epi64(hash, 32), all(region.buckets)), 32);
}

}  // namespace

[[gnu::no_sanitize("thread")]] void look_up_avx512(const Region& region, const std::uint64_t* keys,
                                                   Hit* hits, std::size_t count) noexcept {
  alignas(64) std::uint64_t home[kMaxBulk];
  for (std::size_t i = 0; i < count; i += 8) {
    const auto there = static_cast<__mmask8>(count - i < 8 ? (1U << (count - i)) - 1 : 0xff);
    _mm512_store_si512(&home[i], homes_of(region, _mm512_maskz_loadu_epi64(there, &keys[i])));
    for (std::size_t j = i; j < i + 8; ++j) __builtin_prefetch(&region.bucket[home[j]]);
  }
  const __m512i mask = _mm512_set1_epi64(static_cast<long long>(kKeyMask));
  std::uint32_t passed[kMaxBulk];
  std::size_t further = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const __m512i bucket = _mm512_load_si512(&region.bucket[home[i]]);
    const __m512i key = _mm512_set1_epi64(static_cast<long long>(keys[i]));
    const __mmask8 found = _mm512_cmpeq_epi64_mask(_mm512_and_si512(bucket, mask), key);
    // The state of what was compared, not of what stands there by now; zero where nothing was.
    const __m512i matched = _mm512_maskz_compress_epi64(found, bucket);
    const auto word =
        static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm512_castsi512_si128(matched)));
    const auto first =
        static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm512_castsi512_si128(bucket)));
    const std::uint32_t index = static_cast<std::uint32_t>(home[i]) * 8 + _tzcnt_u32(found);
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
