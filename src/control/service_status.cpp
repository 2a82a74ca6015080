// SPDX-License-Identifier: BSD-3-Clause
//
// The methods that only tell: what runs, what it counts, and what is wrong with it.
#include <fmt/format.h>

#include <array>

#include "control/service.hpp"

namespace gate511::control {
namespace {

constexpr std::uint64_t kStuckFor_ns = kNsPerSecond;
constexpr unsigned kTicksALook = 4;  // at the ports, whose drivers may have to ask the hardware

Json verdict_map(const dataplane::VerdictCounts& counts) {
  Json map = Json::object();
  for (const policy::VerdictInfo& info : policy::kVerdicts)
    map[std::string{info.name}] = counts[static_cast<std::size_t>(info.verdict)];
  return map;
}

std::uint64_t sum_of(const dataplane::VerdictCounts& counts, policy::Fate fate) {
  std::uint64_t sum = 0;
  for (const policy::VerdictInfo& info : policy::kVerdicts) {
    if (info.fate == fate) sum += counts[static_cast<std::size_t>(info.verdict)];
  }
  return sum;
}

/// Without those that are zero: there may be 255 zones.
Json counted_map(const dataplane::VerdictCounts& counts) {
  Json map = Json::object();
  for (const policy::VerdictInfo& info : policy::kVerdicts) {
    const std::uint64_t count = counts[static_cast<std::size_t>(info.verdict)];
    if (count != 0) map[std::string{info.name}] = count;
  }
  return map;
}

Json zones_json(const std::vector<ZoneCounts>& zones) {
  constexpr std::array<const char*, 3> kEnforce{"on", "monitor", "off"};
  Json list = Json::array();
  for (const ZoneCounts& zone : zones) {
    Json workers = Json::array();
    for (const auto& [lcore, counts] : zone.workers) {
      workers.push_back({{"lcore", lcore},
                         {"verdicts", counted_map(counts.counted)},
                         {"would_have", counted_map(counts.would_have)}});
    }
    list.push_back({
        {"name", zone.name},
        {"number", zone.number},
        {"link", zone.link},
        {"enforce", kEnforce[static_cast<std::size_t>(zone.enforce)]},
        {"verdicts", counted_map(zone.all.counted)},
        {"would_have", counted_map(zone.all.would_have)},
        {"workers", std::move(workers)},
    });
  }
  return list;
}

/// Frames in and what became of them: frames_in = forwarded + answered + held + dropped, at rest.
Json frames_json(std::uint64_t frames_in, const dataplane::VerdictCounts& counts) {
  return {
      {"frames_in", frames_in},
      {"forwarded", sum_of(counts, policy::Fate::kForwarded)},
      {"answered", sum_of(counts, policy::Fate::kAnswered)},
      {"held", sum_of(counts, policy::Fate::kHeld)},
      {"dropped", sum_of(counts, policy::Fate::kDropped)},
      {"verdicts", verdict_map(counts)},
  };
}

/// Answers by what they are and by size; redirections by probe rule, without those that are zero.
Json answers_json(const http::AnswerCounts& counts) {
  Json by_kind = Json::object();
  for (std::size_t i = 0; i < http::kCountedAnswers; ++i) {
    Json by_size = Json::object();
    for (std::size_t size = 0; size < http::kSizeClasses; ++size)
      by_size[std::string{http::kSizeNames.at(size)}] = counts.answers.at(i).at(size);
    by_kind[std::string{http::counted_name(i)}] = std::move(by_size);
  }
  return by_kind;
}
Json probes_json(const http::AnswerCounts& counts) {
  Json by_name = Json::object();
  const std::vector<std::string> names = http::ProbeNumbers::names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (counts.probes.at(i) != 0) by_name[names[i]] = counts.probes.at(i);
  }
  return by_name;
}

/// By what was told, and of what was left alone by why.
Json capport_json(const pipeline::CapportCounts& counts) {
  Json inserted = Json::object(), left = Json::object();
  for (std::size_t carrier = 0; carrier < counts.size(); ++carrier) {
    const std::string name{net::kCapportCarrierInfo.at(carrier).name};
    inserted[name] = counts.at(carrier).at(0);
    Json& reasons = left[name] = Json::object();
    for (std::size_t outcome = 1; outcome < net::kCapportOutcomes; ++outcome)
      reasons[std::string{net::kCapportOutcomeInfo.at(outcome).name}] =
          counts.at(carrier).at(outcome);
  }
  return {{"inserted", std::move(inserted)}, {"left_alone", std::move(left)}};
}

/// Not summed up: each class holds what is in none before it.
Json delays_json(const dataplane::DelayCounts& counts) {
  Json classes = Json::array();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const bool is_last = i == dataplane::kDelayBounds_us.size();
    classes.push_back({{"up_to_us", is_last ? Json(nullptr) : Json(dataplane::kDelayBounds_us[i])},
                       {"count", counts[i]}});
  }
  return classes;
}

Json problem(std::string what, std::string cure) {
  return {{"what", std::move(what)}, {"cure", std::move(cure)}};
}

}  // namespace

void Service::tick() {
  watch_workers();
  if (ticks_++ % kTicksALook == 0) watch_ports();
}

void Service::watch_workers() {
  const std::uint64_t now = parts_.clock.boot_ns();
  watch_.look(parts_.status.stats().workers, now);
  const auto list = watch_.stuck(now, kStuckFor_ns);
  const std::set<unsigned> stuck{list.begin(), list.end()};
  for (const unsigned lcore : stuck) {
    if (!stuck_.contains(lcore)) parts_.events.emit("worker.stuck", {{"lcore", lcore}});
  }
  for (const unsigned lcore : stuck_) {
    if (!stuck.contains(lcore)) parts_.events.emit("worker.recovered", {{"lcore", lcore}});
  }
  stuck_ = stuck;
}

void Service::watch_ports() {
  for (const dataplane::PortStatus& port : parts_.status.ports()) {
    const auto [known, is_new] = ports_up_.try_emplace(port.name, port.up);
    if (is_new || known->second == port.up) continue;
    known->second = port.up;
    parts_.events.emit(port.up ? "port.up" : "port.down",
                       {{"name", port.name}, {"link", port.link}, {"role", port.role}});
  }
}

Json Service::hello() const {
  Json features = Json::array();
  if (parts_.keys.has_vlan()) features.push_back("session.vlan");
  if (parts_.keys.has_link()) features.push_back("session.link");
  return {
      {"program", "gate511"},
      {"version", parts_.version},
      {"protocol", kProtocolVersion},
      {"features", std::move(features)},
      {"methods", dispatcher_.methods()},
  };
}

Json Service::stats() const {
  const dataplane::Stats stats = parts_.status.stats();
  std::uint64_t frames_in = 0;
  std::uint64_t sightings_dropped = 0;
  dataplane::VerdictCounts counts{};
  http::AnswerCounts answers;
  pipeline::CapportCounts capport{};
  Json workers = Json::array();
  for (const dataplane::WorkerStatus& worker : stats.workers) {
    frames_in += worker.frames_in;
    sightings_dropped += worker.sightings_dropped;
    answers += worker.answers;
    for (std::size_t carrier = 0; carrier < capport.size(); ++carrier) {
      for (std::size_t outcome = 0; outcome < capport[carrier].size(); ++outcome)
        capport[carrier][outcome] += worker.capport[carrier][outcome];
    }
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += worker.verdicts[i];
    Json shown = frames_json(worker.frames_in, worker.verdicts);
    shown["lcore"] = worker.lcore;
    shown["loops"] = worker.loops;
    shown["bursts"] = worker.bursts;
    shown["replies"] = worker.replies;
    shown["sightings_dropped"] = worker.sightings_dropped;
    workers.push_back(std::move(shown));
  }
  const Sessions& sessions = parts_.sessions;
  Json result = frames_json(frames_in, counts);
  result["uptime_s"] = stats.uptime_s;
  result["huge_pages"] = stats.huge_pages;
  result["workers"] = std::move(workers);
  result["sightings_dropped"] = sightings_dropped;
  result["answers"] = answers_json(answers);
  result["probes"] = probes_json(answers);
  result["capport"] = capport_json(capport);
  result["mbufs"] = {{"total", stats.mbufs_total}, {"in_use", stats.mbufs_in_use}};
  result["sessions"] = {
      {"total", sessions.table().size()},
      {"authenticated", sessions.count(table::State::kAuthenticated)},
      {"restricted", sessions.count(table::State::kRestricted)},
      {"blocked", sessions.count(table::State::kBlocked)},
      {"capacity", sessions.table().capacity()},
      {"in_limbo", sessions.table().in_limbo()},
  };
  pipeline::LearntCounts learnt;
  dataplane::DelayCounts held_for{};
  for (const dataplane::WorkerStatus& worker : stats.workers) {
    learnt.answers += worker.learnt.answers;
    learnt.refused += worker.learnt.refused;
    learnt.unasked += worker.learnt.unasked;
    learnt.unlearnt += worker.learnt.unlearnt;
    for (std::size_t i = 0; i < held_for.size(); ++i) held_for[i] += worker.held_for[i];
  }
  result["garden"] = {{"answers", learnt.answers},
                      {"refused", learnt.refused},
                      {"unasked", learnt.unasked},
                      {"unlearnt", learnt.unlearnt},
                      {"full", stats.opened.full},
                      {"untold", stats.opened.untold},
                      {"learnt", parts_.learnt ? parts_.learnt() : 0},
                      {"held_for", delays_json(held_for)}};
  result["config_generation"] = parts_.config.generation();
  result["zones"] = zones_json(parts_.config.zones(parts_.status));
  result["control"] = parts_.control_stats ? parts_.control_stats() : Json::object();
  const EventBus& events = parts_.events;
  if (parts_.ledger.has_store()) {
    const store::Store::Status store = parts_.ledger.status();
    result["store"] = {
        {"commits", store.commits},   {"changes", store.changes},
        {"failures", store.failures}, {"lost", store.lost},
        {"unfolded", store.unfolded}, {"longest_commit_us", store.longest_us},
    };
  }
  result["control"]["events"] = {
      {"seq", events.seq()},
      {"subscribers", events.subscribers()},
      {"overrun", events.counts().overrun},
      {"consumers", events.consumers()},
      {"kept", events.kept()},
      {"dropped", events.counts().dropped},
  };
  return with_generation(std::move(result));
}

Json Service::ports() const {
  Json list = Json::array();
  for (const dataplane::PortStatus& port : parts_.status.ports()) {
    list.push_back({
        {"name", port.name},
        {"link", port.link},
        {"role", port.role},
        {"driver", port.driver},
        {"mac", port.mac},
        {"up", port.up},
        {"speed_mbps", port.speed_mbps},
        {"mtu", port.mtu},
        {"queues", port.queues},
        {"rx_packets", port.rx_packets},
        {"rx_bytes", port.rx_bytes},
        {"rx_missed", port.rx_missed},
        {"rx_errors", port.rx_errors},
        {"tx_packets", port.tx_packets},
        {"tx_bytes", port.tx_bytes},
        {"tx_errors", port.tx_errors},
    });
  }
  return {{"ports", std::move(list)}};
}

Json Service::health() const {
  Json problems = Json::array();
  for (const dataplane::PortStatus& port : parts_.status.ports()) {
    if (port.up) continue;
    problems.push_back(
        problem(fmt::format("{} port {} of link {} is down", port.role, port.name, port.link),
                "check its cable and the device at the other end"));
  }
  for (const unsigned lcore : watch_.stuck(parts_.clock.boot_ns(), kStuckFor_ns)) {
    problems.push_back(
        problem(fmt::format("the worker on lcore {} has not moved for 1 s", lcore),
                "see that nothing else runs on its CPU; restart gate511 if it stays so"));
  }
  const dataplane::Stats stats = parts_.status.stats();
  if (std::uint64_t{stats.mbufs_in_use} * 10 > std::uint64_t{stats.mbufs_total} * 9) {
    problems.push_back(problem(
        fmt::format("{} of {} packet buffers are in use", stats.mbufs_in_use, stats.mbufs_total),
        "see in `port.list` which port does not send; restart gate511 if it stays so"));
  }
  const table::SessionTable& table = parts_.sessions.table();
  const std::size_t held = table.size() + table.in_limbo();
  if (held * 20 > table.capacity() * 19) {
    problems.push_back(
        problem(fmt::format("{} of {} sessions are held", held, table.capacity()),
                "revoke what is not needed, or raise sessions.capacity and restart"));
  }
  if (std::string audit = parts_.audit_problem ? parts_.audit_problem() : ""; !audit.empty()) {
    problems.push_back(
        problem(std::move(audit), "make room on its disk, or see that its folder can be written"));
  }
  if (std::string store = parts_.ledger.status().problem; !store.empty()) {
    problems.push_back(problem(std::move(store),
                               "make room on its disk; until then changes are refused, or, with "
                               "sessions.on_store_failure \"memory\", lost at a restart"));
  }
  if (std::string note = parts_.store_note ? parts_.store_note() : ""; !note.empty()) {
    problems.push_back(problem(std::move(note),
                               "see what the disk has done, add the sessions anew, "
                               "and restart to have this no more"));
  }
  const bool ok = problems.empty();
  return {{"status", ok ? "ok" : "degraded"}, {"problems", std::move(problems)}};
}

}  // namespace gate511::control
