// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace gate511::pipeline {

enum class Direction : std::uint8_t { kFromAccess, kFromUplink };

}  // namespace gate511::pipeline
