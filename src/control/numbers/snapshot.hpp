// SPDX-License-Identifier: BSD-3-Clause
//
// All that the gateway counts and holds, as it was at one moment. `stats.get`, Prometheus and
// DPDK's telemetry are renderings of it, so that they show equal numbers. Never changed once it is
// taken: any thread may read it.
//
// Nothing in it is of a single client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/config_state.hpp"
#include "control/records/status.hpp"
#include "control/sessions.hpp"
#include "control/store/store.hpp"
#include "dataplane/status.hpp"

namespace gate511::control::numbers {

struct SessionNumbers {
  std::uint64_t total = 0, authenticated = 0, restricted = 0, blocked = 0;
  std::uint64_t capacity = 0;
  std::uint64_t in_limbo = 0;    ///< ended, and not yet seen by every worker
  std::uint64_t generation = 0;  ///< grows with every change
};

/// Of the control thread and its sockets, since the start.
struct ServerNumbers {
  std::uint64_t clients = 0;  ///< connected now
  std::uint64_t refused = 0, too_slow = 0, tls_refused = 0;
  std::uint64_t audit_written = 0, audit_suppressed = 0, audit_lost = 0;
  std::uint64_t longest_slice_us = 0;               ///< CPU time
  std::uint64_t checkpoints = 0;                    ///< of all counters, that the store has taken
  std::uint64_t checkpoint_s = 0;                   ///< unix time of the last one; 0: none
  std::optional<records::RecordsStatus> records{};  ///< none: they are off
};

/// Clients that were seen, with a session and without.
struct ClientNumbers {
  std::uint64_t guests = 0, with_session = 0;
  std::uint64_t capacity = 0;
  std::uint64_t displaced = 0;  ///< since the start, by newer ones
};

/// What `health` may tell of.
struct AlarmNumber {
  std::string name;
  std::string severity;
  std::uint64_t raised = 0;  ///< ports, workers or whatever it is of, for which it is
};

struct EventNumbers {
  std::uint64_t seq = 0;  ///< of the last one
  std::uint64_t subscribers = 0, overrun = 0, consumers = 0, kept = 0, dropped = 0;
};

struct Snapshot {
  std::uint64_t number = 0;    ///< 1 and on: equal where two sources show the same one
  std::uint64_t taken_ms = 0;  ///< unix time
  dataplane::Stats dataplane;
  dataplane::WorkerStatus all;  ///< the sum over the workers; its lcore says nothing
  std::vector<dataplane::PortStatus> ports;
  std::vector<ZoneCounts> zones;
  SessionNumbers sessions;
  std::uint64_t config_generation = 0;
  std::uint64_t garden_learnt = 0;      ///< addresses of garden hosts that are listed
  std::optional<ServerNumbers> server;  ///< none: it has no sockets, as in tests of its parts
  EventNumbers events;
  std::optional<store::Store::Status> store;  ///< none: sessions are in memory alone
  std::uint64_t store_waiting = 0;            ///< changes that are not durable yet
  Sessions::RevokeTimes revokes;
  ClientNumbers clients;
  std::vector<AlarmNumber> alarms;
  std::string version;          ///< of the program
  std::uint64_t started_s = 0;  ///< unix time
};

}  // namespace gate511::control::numbers
