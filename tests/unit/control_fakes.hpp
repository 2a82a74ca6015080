// SPDX-License-Identifier: BSD-3-Clause
//
// What stands around the control plane in its tests: clocks that are set by hand, workers that
// pass a quiescent point when told to, and a real session table.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/announcements.hpp"
#include "control/clients.hpp"
#include "control/clock.hpp"
#include "control/config.hpp"
#include "control/config_state.hpp"
#include "control/events.hpp"
#include "control/grace_queue.hpp"
#include "control/jobs.hpp"
#include "control/session_events.hpp"
#include "control/sessions.hpp"
#include "control/snapshot_builder.hpp"
#include "control/snapshot_slot.hpp"
#include "dataplane/sighting_source.hpp"
#include "dataplane/status.hpp"
#include "dataplane/tap_source.hpp"
#include "pipeline/pipeline.hpp"
#include "support/temp_folder.hpp"
#include "table/grace_period.hpp"
#include "table/session_table.hpp"

namespace gate511::control {

inline constexpr std::uint64_t kUnixStart_s = 1'750'000'000;

/// Both clocks by hand.
struct HandClock {
  std::uint64_t boot_ns = 1'000 * kNsPerSecond;
  std::uint64_t unix_ns = kUnixStart_s * kNsPerSecond;
  std::uint64_t step_ns = 0;  ///< that each look at the first takes
  Clock clock{[this] { return boot_ns += step_ns; }, [this] { return unix_ns; }};

  void advance_ms(std::uint64_t ms) {
    boot_ns += ms * 1'000'000;
    unix_ns += ms * 1'000'000;
  }
};

/// Workers that pass a quiescent point at once, or only when they are told to.
class HandGrace : public table::GracePeriod {
 public:
  bool stuck = false;
  std::function<void()> on_start{};

  Token start() override {
    if (on_start) on_start();
    return ++started_;
  }
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

/// What the daemon publishes by.
class HandSlot : public SnapshotSlot {
 public:
  std::shared_ptr<const policy::Snapshot> snapshot;
  std::shared_ptr<const policy::Infrastructure> known;
  std::shared_ptr<const policy::OpenedGarden> opened;
  std::vector<net::IpAddress> servers;
  policy::Permits allowed{{1, 2}};
  int replaced = 0;

  [[nodiscard]] const policy::Snapshot& current() const override { return *snapshot; }
  void replace(std::shared_ptr<const policy::Snapshot> next) override {
    snapshot = std::move(next);
    ++replaced;
  }
  void replace(std::shared_ptr<const policy::Infrastructure> next) override {
    known = std::move(next);
  }
  void replace(std::shared_ptr<const policy::OpenedGarden> next) override {
    opened = std::move(next);
  }
  [[nodiscard]] policy::Permits& permits() override { return allowed; }
  void learn_dhcp_server(std::uint8_t, const net::IpAddress& server) override {
    servers.push_back(server);
  }
};

/// A configuration in a file, with a secret beside it, both gone at the end.
class ConfigFile {
 public:
  ConfigFile() {
    write_secret('k');
    write("");
  }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;

  void write_secret(char letter) const {
    std::ofstream{folder_ / "key"} << std::string(32, letter);
    ::chmod((folder_ / "key").c_str(), 0600);
  }
  /// A whole one with `more` behind it.
  [[nodiscard]] std::string text(const std::string& more) const {
    return "[[link]]\nname = \"venue\"\naccess = \"a\"\nuplink = \"b\"\n[portal]\nurl = "
           "\"http://192.0.2.10/login\"\nsecret_file = \"" +
           (folder_ / "key").string() + "\"\n" + more;
  }
  void write(const std::string& more) const { std::ofstream{path()} << text(more); }
  [[nodiscard]] std::string path() const { return (folder_ / "gate511.toml").string(); }
  [[nodiscard]] Config load() const {
    auto config = load_config(path());
    EXPECT_TRUE(config) << config.error().text();
    return config ? std::move(*config) : Config{};
  }

 private:
  test::TempFolder folder_;
};

class HandSightings : public dataplane::SightingSource {
 public:
  using Waiting = std::deque<pipeline::Sighting>;
  Waiting waiting, uplink, guarded;
  std::deque<pipeline::Learnt> learnt;
  std::deque<pipeline::Announced> announced;

  [[nodiscard]] std::size_t take_sightings(std::span<pipeline::Sighting> out) noexcept override {
    return take(waiting, out);
  }
  [[nodiscard]] std::size_t take_uplink(std::span<pipeline::Sighting> out) noexcept override {
    return take(uplink, out);
  }
  [[nodiscard]] std::size_t take_learnt(std::span<pipeline::Learnt> out) noexcept override {
    return take(learnt, out);
  }
  [[nodiscard]] std::size_t take_announced(std::span<pipeline::Announced> out) noexcept override {
    return take(announced, out);
  }
  [[nodiscard]] std::size_t take_guarded(std::span<pipeline::Sighting> out) noexcept override {
    return take(guarded, out);
  }

 private:
  template <class Seen>
  static std::size_t take(std::deque<Seen>& from, std::span<Seen> out) {
    std::size_t count = 0;
    for (; count < out.size() && !from.empty(); from.pop_front()) out[count++] = from.front();
    return count;
  }
};

/// Two workers that copy what a test puts into their taps.
class HandTaps : public dataplane::TapSource {
 public:
  std::array<pipeline::Tap*, 2> taps{};
  std::uint64_t now_ns = 7 * kNsPerSecond;

  [[nodiscard]] std::size_t tappable() const override { return taps.size(); }
  void set_tap(std::size_t worker, pipeline::Tap* tap) override { taps.at(worker) = tap; }
  [[nodiscard]] std::uint64_t tap_clock_ns() const override { return now_ns; }

  /// As a worker does with a burst of one frame.
  void frame(std::size_t worker, net::ByteView bytes, std::uint64_t at_ns,
             policy::Verdict verdict) {
    pipeline::Burst burst;
    burst.count = 1;
    burst.frame[0] = bytes;
    burst.verdict[0] = verdict;
    taps.at(worker)->take(burst, at_ns);
    taps.at(worker)->publish(burst);
  }
};

/// Two links and two zones: `staff` is VLAN 20 of the second link.
inline policy::Snapshot hand_snapshot() {
  auto answers = http::Answers::render({"http://192.0.2.10/login", "Example Wi-Fi"});
  const auto set = [](std::string_view cidr) { return net::IpSet{{*net::parse_cidr(cidr)}}; };
  policy::Zone zone{.name = "default",
                    .http_ports = {80},
                    .https = policy::HttpsPolicy::kReset,
                    .guest = {},
                    .answers = std::move(*answers)};
  zone.guest.resolvers = set("192.0.2.53");
  zone.guest.ntp = set("192.0.2.123");
  zone.guest.garden = policy::GardenSet{{{*net::parse_cidr("192.0.2.10")}}};
  policy::Snapshot snapshot{.links = {},
                            .zones = {zone, zone},
                            .link_key = http::LinkKey{net::as_bytes(std::string(32, 'k'))}};
  snapshot.zones[1].name = "staff";
  snapshot.zones[1].https = policy::HttpsPolicy::kDrop;
  snapshot.links.resize(2);
  snapshot.links[0].name = "venue";
  snapshot.links[1].name = "annex";
  snapshot.links[1].zone_of_vlan[20].number = 1;
  snapshot.zones[1].number = snapshot.place_of_zone[1] = 1;
  return snapshot;
}

struct World {
  explicit World(std::size_t capacity = 64, KeyKind kind = KeyKind::kMac)
      : keys{kind, {"venue", "annex"}},
        buckets(table::SessionTable::buckets_for(capacity)),
        table{buckets, capacity, {0x0123456789abcdef, 0xfedcba9876543210}},
        snapshot{hand_snapshot()},
        clients{table, keys, time.clock, {.capacity = 8}} {
    shared.snapshot = &snapshot;
    sessions.set_listener(&session_events);
    sessions.set_leases([this](table::Key key) { return clients.leased_v4(keys.client_of(key)); });
    events.connect({.push =
                        [this](std::uint64_t connection, std::string_view lines) {
                          (pushed[connection] += lines) += '\n';
                          return true;
                        },
                    .owed = [](std::uint64_t /*connection*/) { return std::size_t{0}; },
                    .keep = [](std::uint64_t /*connection*/) {},
                    .close = [](std::uint64_t /*connection*/) {}});
  }

  HandClock time;
  HandGrace workers;
  HandStatus status;
  SessionKeys keys;
  std::vector<table::Bucket> buckets;
  table::SessionTable table;
  GraceQueue grace{workers, time.clock};
  Ledger ledger{time.clock, keys};
  std::vector<table::Policer> policers = std::vector<table::Policer>(table.slots());
  std::vector<table::BindingPlace> bindings = std::vector<table::BindingPlace>(table.slots());
  Sessions sessions{{table, grace, status, time.clock, ledger, policers, bindings},
                    {.ttl_s = 86'400}};
  EventBus events{time.clock};
  SessionEvents session_events{events, keys};
  Jobs jobs;

  std::map<std::uint64_t, std::string> pushed;  ///< what the bus has sent, by connection
  policy::Snapshot snapshot;
  pipeline::Shared shared{table, net::SipKey{3, 4}};
  HandSightings sightings;
  Clients clients;
  Announcements announcements{{clients, events, time.clock,
                               [this](std::uint8_t link) { return snapshot.links[link].name; }}};

  /// A batch of one.
  std::optional<Sessions::Added> add(table::Key key, const SessionFields& fields) {
    Sessions::Batch batch;
    auto added = sessions.upsert(key, fields, batch);
    sessions.commit(std::move(batch), [](Sessions::Settled /*settled*/) {});
    return added;
  }

  /// Lets the control thread do what it has to do.
  void settle() {
    bool more = false;
    do {
      jobs.work(std::chrono::seconds{1});
      sessions.work();
      more = grace.poll();
      events.pump();
    } while (more || sessions.has_work() || !jobs.empty());
  }
};

}  // namespace gate511::control
