// SPDX-License-Identifier: BSD-3-Clause
//
// What stands around the control plane in its tests: clocks that are set by hand, workers that
// pass a quiescent point when told to, and a real session table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "control/clock.hpp"
#include "control/grace_queue.hpp"
#include "control/sessions.hpp"
#include "dataplane/status.hpp"
#include "table/grace_period.hpp"
#include "table/session_table.hpp"

namespace gate511::control {

inline constexpr std::uint64_t kUnixStart_s = 1'750'000'000;

/// Both clocks by hand.
struct HandClock {
  std::uint64_t boot_ns = 1'000 * kNsPerSecond;
  std::uint64_t unix_ns = kUnixStart_s * kNsPerSecond;
  Clock clock{[this] { return boot_ns; }, [this] { return unix_ns; }};

  void advance_ms(std::uint64_t ms) {
    boot_ns += ms * 1'000'000;
    unix_ns += ms * 1'000'000;
  }
};

/// Workers that pass a quiescent point at once, or only when they are told to.
class HandGrace : public table::GracePeriod {
 public:
  bool stuck = false;

  Token start() override { return ++started_; }
  bool passed(Token token) override {
    if (!stuck) passed_ = started_;
    return token <= passed_;
  }

 private:
  Token started_ = 0;
  Token passed_ = 0;
};

class HandStatus : public dataplane::StatusSource {
 public:
  dataplane::Stats numbers;
  std::vector<dataplane::PortStatus> port_list;
  std::vector<dataplane::ZoneStatus> zone_list;
  std::map<std::uint32_t, table::TrafficCounts> traffic;

  [[nodiscard]] dataplane::Stats stats() const override { return numbers; }
  [[nodiscard]] std::vector<dataplane::PortStatus> ports() const override { return port_list; }
  [[nodiscard]] std::vector<dataplane::ZoneStatus> zones() const override { return zone_list; }
  [[nodiscard]] table::TrafficCounts session_traffic(std::uint32_t index) const override {
    const auto found = traffic.find(index);
    return found == traffic.end() ? table::TrafficCounts{} : found->second;
  }
};

struct World {
  explicit World(std::size_t capacity = 64)
      : buckets(table::SessionTable::buckets_for(capacity)),
        table{buckets, capacity, {0x0123456789abcdef, 0xfedcba9876543210}} {}

  HandClock time;
  HandGrace workers;
  HandStatus status;
  std::vector<table::Bucket> buckets;
  table::SessionTable table;
  GraceQueue grace{workers, time.clock};
  Sessions sessions{{table, grace, status, time.clock}, 86'400};

  /// Lets the control thread do what it has to do.
  void settle() {
    do {
      sessions.work();
      grace.poll();
    } while (sessions.has_work());
  }
};

}  // namespace gate511::control
