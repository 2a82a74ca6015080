// SPDX-License-Identifier: BSD-3-Clause
#include "control/numbers/recorder.hpp"

namespace gate511::control::numbers {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;

SessionNumbers of(const Sessions& sessions) {
  return {.total = sessions.table().size(),
          .authenticated = sessions.count(table::State::kAuthenticated),
          .restricted = sessions.count(table::State::kRestricted),
          .blocked = sessions.count(table::State::kBlocked),
          .capacity = sessions.table().capacity(),
          .in_limbo = sessions.table().in_limbo(),
          .generation = sessions.generation()};
}

EventNumbers of(const EventBus& events) {
  return {.seq = events.seq(),
          .subscribers = events.subscribers(),
          .overrun = events.counts().overrun,
          .consumers = events.consumers(),
          .kept = events.kept(),
          .dropped = events.counts().dropped};
}

ClientNumbers of(const Clients& clients) {
  return {.guests = clients.guests(),
          .with_session = clients.size() - clients.guests(),
          .capacity = clients.capacity(),
          .displaced = clients.displaced()};
}

}  // namespace

Recorder::Recorder(Parts parts)
    : parts_{std::move(parts)}, started_s_{parts_.clock.unix_ns() / kNsPerSecond} {}

std::shared_ptr<const Snapshot> Recorder::take() {
  auto taken = std::make_shared<Snapshot>();
  taken->number = ++taken_;
  taken->taken_ms = parts_.clock.unix_ns() / kNsPerMs;
  taken->dataplane = parts_.status.stats();
  for (const dataplane::WorkerStatus& worker : taken->dataplane.workers) taken->all += worker;
  taken->ports = parts_.status.ports();
  taken->zones = parts_.config.zones(parts_.status);
  taken->sessions = of(parts_.sessions);
  taken->config_generation = parts_.config.generation();
  if (parts_.learnt) taken->garden_learnt = parts_.learnt();
  if (parts_.server) taken->server = parts_.server();
  taken->events = of(parts_.events);
  if (parts_.ledger.has_store()) taken->store = parts_.ledger.status();
  taken->store_waiting = parts_.ledger.owed_changes();
  taken->revokes = parts_.sessions.revoke_times();
  taken->clients = of(parts_.clients);
  if (alarms_) taken->alarms = alarms_();
  taken->version = parts_.version;
  taken->started_s = started_s_;
  if (board_ != nullptr) board_->put(taken);
  return taken;
}

}  // namespace gate511::control::numbers
