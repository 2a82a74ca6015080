// SPDX-License-Identifier: BSD-3-Clause
#include "table/isa.hpp"

namespace gate511::table {

bool is_supported(Isa isa) noexcept {
  switch (isa) {
    case Isa::kPlain:
      return true;
#ifdef __x86_64__
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi") != 0;
    case Isa::kAvx512:
      return is_supported(Isa::kAvx2) && __builtin_cpu_supports("avx512f") != 0 &&
             __builtin_cpu_supports("avx512dq") != 0;
#endif
    default:
      return false;
  }
}

Isa widest_isa(unsigned max_bits) noexcept {
  if (max_bits >= 512 && is_supported(Isa::kAvx512)) return Isa::kAvx512;
  if (max_bits >= 256 && is_supported(Isa::kAvx2)) return Isa::kAvx2;
  return Isa::kPlain;
}

}  // namespace gate511::table
