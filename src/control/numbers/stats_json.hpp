// SPDX-License-Identifier: BSD-3-Clause
//
// The numbers as `stats.get` tells them. Its shape is docs/openrpc.json's.
#pragma once

#include "control/json_rpc.hpp"
#include "control/numbers/snapshot.hpp"

namespace gate511::control::numbers {

[[nodiscard]] Json stats_json(const Snapshot& snapshot);

}  // namespace gate511::control::numbers
