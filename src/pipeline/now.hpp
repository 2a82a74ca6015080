// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace gate511::pipeline {

/// Time as the worker read it for a burst.
struct Now {
  std::uint64_t ns = 0;      ///< monotonic
  std::uint32_t unix_s = 0;  ///< wall clock, for the login link
};

}  // namespace gate511::pipeline
