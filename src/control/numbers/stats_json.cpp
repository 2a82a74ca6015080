// SPDX-License-Identifier: BSD-3-Clause
#include "control/numbers/stats_json.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace gate511::control::numbers {
namespace {

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

/// Not summed up: each class holds what is in none before it; the last one what took longer.
Json delays_json(const dataplane::DelayCounts& counts) {
  constexpr std::size_t kShown = 8;
  Json classes = Json::array();
  for (std::size_t i = 0; i < kShown; ++i)
    classes.push_back({{"up_to_us", dataplane::kDelayBounds_us[i]}, {"count", counts.classes[i]}});
  const std::uint64_t longer =
      std::accumulate(counts.classes.begin() + kShown, counts.classes.end(), std::uint64_t{0});
  classes.push_back({{"up_to_us", nullptr}, {"count", longer}});
  return classes;
}

Json workers_json(const std::vector<dataplane::WorkerStatus>& workers) {
  Json list = Json::array();
  for (const dataplane::WorkerStatus& worker : workers) {
    Json shown = frames_json(worker.frames_in, worker.verdicts);
    shown["lcore"] = worker.lcore;
    shown["loops"] = worker.loops;
    shown["bursts"] = worker.bursts;
    shown["replies"] = worker.replies;
    shown["sightings_dropped"] = worker.ring_drops.clients;
    list.push_back(std::move(shown));
  }
  return list;
}

Json sessions_json(const SessionNumbers& sessions) {
  return {
      {"total", sessions.total},           {"authenticated", sessions.authenticated},
      {"restricted", sessions.restricted}, {"blocked", sessions.blocked},
      {"capacity", sessions.capacity},     {"in_limbo", sessions.in_limbo},
  };
}

Json garden_json(const Snapshot& snapshot) {
  const dataplane::WorkerStatus& all = snapshot.all;
  return {{"answers", all.learnt.answers},          {"refused", all.learnt.refused},
          {"unasked", all.learnt.unasked},          {"unlearnt", all.learnt.unlearnt},
          {"full", snapshot.dataplane.opened.full}, {"untold", snapshot.dataplane.opened.untold},
          {"learnt", snapshot.garden_learnt},       {"held_for", delays_json(all.held_for)}};
}

Json records_json(const records::RecordsStatus& status) {
  return {{"written", status.written},   {"lost", status.lost},
          {"failures", status.failures}, {"waiting", status.waiting},
          {"purged", status.purged},     {"longest_write_us", status.longest_us}};
}

Json server_json(const ServerNumbers& server) {
  Json json{{"clients", server.clients},
            {"refused", server.refused},
            {"too_slow", server.too_slow},
            {"tls_refused", server.tls_refused},
            {"audit",
             {{"written", server.audit_written},
              {"suppressed", server.audit_suppressed},
              {"lost", server.audit_lost}}},
            {"longest_slice_us", server.longest_slice_us}};
  if (server.records) json["records"] = records_json(*server.records);
  return json;
}

Json events_json(const EventNumbers& events) {
  return {
      {"seq", events.seq},         {"subscribers", events.subscribers},
      {"overrun", events.overrun}, {"consumers", events.consumers},
      {"kept", events.kept},       {"dropped", events.dropped},
  };
}

Json shared_json(const store::Store::SharedCounts& shared) {
  return {{"synced", shared.is_synced},  {"connects", shared.connects},
          {"failures", shared.failures}, {"syncs", shared.syncs},
          {"gaps", shared.gaps},         {"sent", shared.sent},
          {"received", shared.received}, {"conflicts", shared.conflicts},
          {"errors", shared.errors},     {"unreadable", shared.unreadable},
          {"forged", shared.forged},     {"waiting", shared.waiting},
          {"lost", shared.lost}};
}

Json store_json(const store::Store::Status& store) {
  return {
      {"commits", store.commits},   {"changes", store.changes},
      {"failures", store.failures}, {"lost", store.lost},
      {"unfolded", store.unfolded}, {"longest_commit_us", store.longest_us},
  };
}

}  // namespace

Json stats_json(const Snapshot& snapshot) {
  const dataplane::WorkerStatus& all = snapshot.all;
  Json result = frames_json(all.frames_in, all.verdicts);
  result["snapshot"] = {{"number", snapshot.number}, {"taken_ms", snapshot.taken_ms}};
  result["uptime_s"] = snapshot.dataplane.uptime_s;
  result["huge_pages"] = snapshot.dataplane.huge_pages;
  result["workers"] = workers_json(snapshot.dataplane.workers);
  result["sightings_dropped"] = all.ring_drops.clients;
  result["answers"] = answers_json(all.answers);
  result["probes"] = probes_json(all.answers);
  result["capport"] = capport_json(all.capport);
  result["mbufs"] = {{"total", snapshot.dataplane.mbufs_total},
                     {"in_use", snapshot.dataplane.mbufs_in_use}};
  result["sessions"] = sessions_json(snapshot.sessions);
  result["garden"] = garden_json(snapshot);
  result["config_generation"] = snapshot.config_generation;
  result["zones"] = zones_json(snapshot.zones);
  result["control"] = snapshot.server ? server_json(*snapshot.server) : Json::object();
  result["control"]["events"] = events_json(snapshot.events);
  if (snapshot.store) result["store"] = store_json(*snapshot.store);
  if (snapshot.store && snapshot.store->shared)
    result["store"]["shared"] = shared_json(*snapshot.store->shared);
  result["generation"] = snapshot.sessions.generation;
  return result;
}

}  // namespace gate511::control::numbers
