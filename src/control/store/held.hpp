// SPDX-License-Identifier: BSD-3-Clause
//
// What waits for a disk that fails, in bounded memory.
#pragma once

#include <cstddef>

#include "control/store/change.hpp"

namespace gate511::control::store {

/// Takes out what later changes have overtaken: of a session all but the last Put and the last
/// Count, and both of one that has ended. If more than `limit` are left, the oldest go, and ends of
/// sessions last of all. Returns how many were lost so.
[[nodiscard]] std::size_t reduce(Changes& changes, std::size_t limit);

}  // namespace gate511::control::store
