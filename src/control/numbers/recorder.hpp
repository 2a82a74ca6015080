// SPDX-License-Identifier: BSD-3-Clause
//
// Takes the numbers of all parts at once. Control thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/clients.hpp"
#include "control/clock.hpp"
#include "control/config_state.hpp"
#include "control/events.hpp"
#include "control/ledger.hpp"
#include "control/numbers/board.hpp"
#include "control/numbers/snapshot.hpp"
#include "control/sessions.hpp"
#include "dataplane/status.hpp"

namespace gate511::control::numbers {

class Recorder {
 public:
  /// All outlive this.
  struct Parts {
    const dataplane::StatusSource& status;
    const Clock& clock;
    const Sessions& sessions;
    const ConfigState& config;
    const EventBus& events;
    const Ledger& ledger;
    const Clients& clients;
    std::string version;                         ///< of the program
    std::function<ServerNumbers()> server = {};  ///< empty: there are no sockets
    std::function<std::size_t()> learnt = {};    ///< addresses of garden hosts that are listed
  };
  explicit Recorder(Parts parts);

  /// Looked at with each snapshot.
  void set_alarms(std::function<std::vector<AlarmNumber>()> alarms) { alarms_ = std::move(alarms); }

  /// Where each is put for other threads; outlives this.
  void set_board(Board* board) { board_ = board; }

  [[nodiscard]] std::shared_ptr<const Snapshot> take();

 private:
  Parts parts_;
  std::function<std::vector<AlarmNumber>()> alarms_;
  Board* board_ = nullptr;
  std::uint64_t started_s_;
  std::uint64_t taken_ = 0;
};

}  // namespace gate511::control::numbers
