// SPDX-License-Identifier: BSD-3-Clause
#include "control/health.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <initializer_list>
#include <utility>

#include "logging/log.hpp"

namespace gate511::control {
namespace {

constexpr std::uint64_t kStuckFor_ns = kNsPerSecond;
constexpr std::uint64_t kBehindFor_ns = 2 * kNsPerSecond;
constexpr unsigned kTicksALook = 4;  // at the ports, whose drivers may have to ask the hardware
constexpr std::uint64_t kLostPerSecond = 100;
constexpr std::uint64_t kStillLostPerSecond = 10;  // once that is raised

/// More than `percent` of `all`.
constexpr bool is_above(std::uint64_t part, std::uint64_t all, std::uint64_t percent) {
  return part * 100 > all * percent;
}

Json to_json(const Alarms::Key& key, const std::string& what, std::uint64_t since_s) {
  const AlarmInfo& info = info_of(key.first);
  return {{"alarm", info.name},    {"severity", name_of(info.severity)},
          {"subject", key.second}, {"what", what},
          {"cure", info.cure},     {"since", since_s}};
}

}  // namespace

void Health::tick() {
  if (ticks_++ % kTicksALook == 0) ports_ = parts_.status.ports();
  look();
}

Json Health::report() {
  ports_ = parts_.status.ports();
  look();
  Json problems = Json::array();
  for (const auto& [key, raised] : alarms_.raised())
    problems.push_back(to_json(key, raised.what, raised.since_s));
  const bool ok = problems.empty();
  return {{"status", ok ? "ok" : "degraded"}, {"problems", std::move(problems)}};
}

void Health::look() {
  Found found;
  const dataplane::Stats stats = parts_.status.stats();
  watch_workers(stats.workers, found);
  watch_ports(found);
  watch_numbers(stats, found);
  watch_store(found);
  if (std::string audit = parts_.audit_problem ? parts_.audit_problem() : ""; !audit.empty())
    found.push_back({Alarm::kAuditFailing, {}, std::move(audit)});
  if (std::string what = parts_.records_problem ? parts_.records_problem() : ""; !what.empty())
    found.push_back({Alarm::kRecordsFailing, {}, std::move(what)});
  if (std::string note = parts_.records_note ? parts_.records_note() : ""; !note.empty())
    found.push_back({Alarm::kStoreDamaged, "records", std::move(note)});
  const Clock& clock = parts_.clock;
  for (const Alarms::Change& change :
       alarms_.look(std::move(found), clock.boot_ns(), clock.unix_ns() / kNsPerSecond))
    tell(change);
}

void Health::tell(const Alarms::Change& change) {
  Json members = to_json({change.alarm, change.subject}, change.what, change.since_s);
  if (change.raised) members["untold"] = change.untold;
  parts_.events.emit(change.raised ? "alarm.raised" : "alarm.cleared", members);
  const AlarmInfo& info = info_of(change.alarm);
  const bool is_critical = info.severity == Severity::kCritical;
  const std::initializer_list<logging::Field> fields{
      {"alarm", info.name}, {"subject", change.subject}, {"severity", name_of(info.severity)}};
  if (change.raised) {
    logging::say(is_critical ? logging::Level::kError : logging::Level::kWarning, info.name,
                 fmt::format("alarm: {}: {}; {}", info.name, change.what, info.cure), fields);
  } else {
    logging::say(logging::Level::kWarning, info.name,
                 fmt::format("alarm is over: {}{}{}", info.name, change.subject.empty() ? "" : ", ",
                             change.subject),
                 fields);
  }
}

void Health::watch_workers(const std::vector<dataplane::WorkerStatus>& workers, Found& found) {
  const std::uint64_t now = parts_.clock.boot_ns();
  watch_.look(workers, now);
  const auto list = watch_.stuck(now, kStuckFor_ns);
  const std::set<unsigned> stuck{list.begin(), list.end()};
  for (const unsigned lcore : stuck) {
    if (!stuck_.contains(lcore)) parts_.events.emit("worker.stuck", {{"lcore", lcore}});
    found.push_back({Alarm::kWorkerStalled, fmt::format("lcore {}", lcore),
                     fmt::format("the worker on lcore {} has not moved for 1 s", lcore)});
  }
  for (const unsigned lcore : stuck_) {
    if (!stuck.contains(lcore)) parts_.events.emit("worker.recovered", {{"lcore", lcore}});
  }
  stuck_ = stuck;
}

void Health::watch_ports(Found& found) {
  for (const dataplane::PortStatus& port : ports_) {
    const auto [known, is_new] = ports_up_.try_emplace(port.name, port.up);
    if (!is_new && known->second != port.up) {
      known->second = port.up;
      parts_.events.emit(port.up ? "port.up" : "port.down",
                         {{"name", port.name}, {"link", port.link}, {"role", port.role}});
    }
    if (!port.up) {
      found.push_back(
          {Alarm::kPortDown, port.name,
           fmt::format("{} port {} of link {} is down", port.role, port.name, port.link)});
    }
    watch_pace(Alarm::kFramesMissed, port.name, port.rx_missed,
               fmt::format("frames a second came to {} port {} of link {} faster than they were "
                           "taken",
                           port.role, port.name, port.link),
               found);
  }
}

void Health::watch_numbers(const dataplane::Stats& stats, Found& found) {
  // From the first percentage on, and to the second back.
  if (is_above(stats.mbufs_in_use, stats.mbufs_total,
               alarms_.is_raised(Alarm::kMbufsLow) ? 80 : 90)) {
    found.push_back(
        {Alarm::kMbufsLow,
         {},
         fmt::format("{} of {} packet buffers are in use", stats.mbufs_in_use, stats.mbufs_total)});
  }
  const table::SessionTable& table = parts_.table;
  const std::size_t held = table.size() + table.in_limbo();
  if (is_above(held, table.capacity(), alarms_.is_raised(Alarm::kTableNearlyFull) ? 90 : 95)) {
    found.push_back({Alarm::kTableNearlyFull,
                     {},
                     fmt::format("{} of {} sessions are held", held, table.capacity())});
  }
  dataplane::RingDrops drops;
  std::uint64_t unlearnt = stats.opened.untold;
  for (const dataplane::WorkerStatus& worker : stats.workers) {
    drops += worker.ring_drops;
    unlearnt += worker.learnt.unlearnt;
  }
  const auto watch_ring = [&](const char* ring, std::uint64_t dropped, const char* of) {
    watch_pace(Alarm::kRingDrops, ring, dropped,
               fmt::format("reports a second of {} were dropped, as the control thread did not "
                           "keep up",
                           of),
               found);
  };
  watch_ring("clients", drops.clients, "clients seen");
  watch_ring("uplink", drops.uplink, "routers and DHCP servers seen");
  watch_ring("guards", drops.guards, "frames that guards dropped");
  watch_ring("capport", drops.capport, "clients told of the portal's API");
  watch_pace(Alarm::kRingDrops, "garden", unlearnt,
             "answers of DNS a second were not learnt from, as the garden's thread did not keep up",
             found);
}

void Health::watch_pace(Alarm alarm, const std::string& subject, std::uint64_t count,
                        const std::string& text, Found& found) {
  const std::uint64_t now = parts_.clock.boot_ns();
  Pace& pace = paces_[{alarm, subject}];
  if (pace.since_ns == 0 || count < pace.count) {
    pace = {count, now, 0};
  } else if (const std::uint64_t passed_ns = now - pace.since_ns; passed_ns >= kNsPerSecond) {
    const auto seconds = static_cast<double>(passed_ns) / static_cast<double>(kNsPerSecond);
    pace = {count, now,
            static_cast<std::uint64_t>(static_cast<double>(count - pace.count) / seconds)};
  }
  const bool is_raised = alarms_.is_raised(alarm, subject);
  if (pace.per_s >= (is_raised ? kStillLostPerSecond : kLostPerSecond))
    found.push_back({alarm, subject, fmt::format("{} {}", pace.per_s, text)});
}

void Health::watch_shared(const store::Store::SharedCounts& shared, Found& found) const {
  constexpr std::int64_t kMayDiffer_ms = 2'000;
  const auto ahead_ms = static_cast<std::int64_t>(parts_.ledger.now_ms() - shared.server_ms);
  if (shared.server_ms != 0 && std::abs(ahead_ms) > kMayDiffer_ms) {
    found.push_back({Alarm::kClockOff,
                     {},
                     fmt::format("this gateway's time is {}.{} s {} that of the server",
                                 std::abs(ahead_ms) / 1'000, std::abs(ahead_ms) / 100 % 10,
                                 ahead_ms > 0 ? "ahead of" : "behind")});
  }
  if (shared.missing > 0) {
    found.push_back(
        {Alarm::kSessionsMissing,
         {},
         fmt::format("sessions of other gateways that have no room: {}", shared.missing)});
  }
}

void Health::watch_store(Found& found) {
  if (std::string note = parts_.store_note ? parts_.store_note() : ""; !note.empty())
    found.push_back({Alarm::kStoreDamaged, {}, std::move(note)});
  store::Store::Status status = parts_.ledger.status();
  if (!status.problem.empty())
    found.push_back({Alarm::kStoreFailing, {}, std::move(status.problem)});
  if (!status.away.empty()) found.push_back({Alarm::kStoreAway, {}, std::move(status.away)});
  if (status.shared) watch_shared(*status.shared, found);
  const std::uint64_t now = parts_.clock.boot_ns();
  const std::uint64_t settled = status.commits + status.failures;
  const std::size_t owed = parts_.ledger.owed_changes();
  if (owed == 0 || settled != commits_ || committed_ns_ == 0) committed_ns_ = now;
  commits_ = settled;
  if (const std::uint64_t waited_ns = now - committed_ns_; waited_ns >= kBehindFor_ns) {
    found.push_back({Alarm::kStoreBehind,
                     {},
                     fmt::format("the store's disk has taken nothing for {} s; changes that wait "
                                 "for it: {}",
                                 waited_ns / kNsPerSecond, owed)});
  }
}

}  // namespace gate511::control
