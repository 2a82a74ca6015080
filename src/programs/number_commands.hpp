// SPDX-License-Identifier: BSD-3-Clause
//
// The numbers on DPDK's telemetry socket: /gate511/metrics lists them, /gate511/metric,NAME[,FIRST]
// shows one, a column for each label and one for its values.
#pragma once

#include "control/numbers/board.hpp"

namespace gate511 {

class NumberCommands {
 public:
  /// Adds them. `board` outlives this.
  explicit NumberCommands(control::numbers::Board& board);
  ~NumberCommands();
  NumberCommands(const NumberCommands&) = delete;
  NumberCommands& operator=(const NumberCommands&) = delete;
};

}  // namespace gate511
