// SPDX-License-Identifier: BSD-3-Clause
//
// What is wrong with the gateway: looked for a few times a second, told by events and log lines
// when it begins and when it is over, and on request. Control thread.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "control/alarms.hpp"
#include "control/clock.hpp"
#include "control/events.hpp"
#include "control/json_rpc.hpp"
#include "control/ledger.hpp"
#include "control/store/store.hpp"
#include "control/watch.hpp"
#include "dataplane/status.hpp"
#include "table/session_table.hpp"

namespace gate511::control {

class Health {
 public:
  struct Parts {
    const dataplane::StatusSource& status;
    const table::SessionTable& table;
    const Ledger& ledger;
    const Clock& clock;
    EventBus& events;
    std::function<std::string()> audit_problem = {};  ///< empty: none
    std::function<std::string()> store_note = {};     ///< the same
    std::function<std::string()> records_problem = {};
    std::function<std::string()> records_note = {};
  };
  /// `parts` outlive this.
  explicit Health(Parts parts) : parts_{std::move(parts)} {}

  /// A few times a second.
  void tick();
  /// Looks once more and tells all that is wrong.
  [[nodiscard]] Json report();

  [[nodiscard]] const Alarms& alarms() const { return alarms_; }
  /// Workers that had not moved for `for_ns` at the last tick.
  [[nodiscard]] std::vector<unsigned> stuck(std::uint64_t for_ns) const {
    return watch_.stuck(parts_.clock.boot_ns(), for_ns);
  }

 private:
  using Found = std::vector<Alarms::Found>;
  /// How fast a counter grows, second by second.
  struct Pace {
    std::uint64_t count = 0;     ///< when the second began
    std::uint64_t since_ns = 0;  ///< when that was; 0: not yet
    std::uint64_t per_s = 0;     ///< in the last whole second
  };

  void look();
  void tell(const Alarms::Change& change);
  void watch_workers(const std::vector<dataplane::WorkerStatus>& workers, Found& found);
  void watch_ports(Found& found);
  void watch_numbers(const dataplane::Stats& stats, Found& found);
  void watch_store(Found& found);
  void watch_shared(const store::Store::SharedCounts& shared, Found& found) const;
  void watch_pace(Alarm alarm, const std::string& subject, std::uint64_t count,
                  const std::string& text, Found& found);

  Parts parts_;
  Alarms alarms_;
  WorkerWatch watch_;
  std::set<unsigned> stuck_;                  ///< lcores that were told of
  std::vector<dataplane::PortStatus> ports_;  ///< as they were looked at last
  std::map<std::string, bool> ports_up_;      ///< by name, as it was told
  std::map<Alarms::Key, Pace> paces_;
  unsigned ticks_ = 0;
  std::uint64_t commits_ = 0;       ///< of the store, at the last look
  std::uint64_t committed_ns_ = 0;  ///< when it last made one, or had nothing to do; 0: not yet
};

}  // namespace gate511::control
