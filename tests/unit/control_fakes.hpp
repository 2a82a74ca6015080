// SPDX-License-Identifier: BSD-3-Clause
//
// What stands around the control plane in its tests: clocks that are set by hand, workers that
// pass a quiescent point when told to, and a real session table.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/clock.hpp"
#include "control/config.hpp"
#include "control/config_state.hpp"
#include "control/grace_queue.hpp"
#include "control/sessions.hpp"
#include "control/snapshot_builder.hpp"
#include "control/snapshot_slot.hpp"
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

/// What the daemon publishes by.
class HandSlot : public SnapshotSlot {
 public:
  std::shared_ptr<const policy::Snapshot> snapshot;
  int replaced = 0;

  [[nodiscard]] const policy::Snapshot& current() const override { return *snapshot; }
  void replace(std::shared_ptr<const policy::Snapshot> next) override {
    snapshot = std::move(next);
    ++replaced;
  }
};

/// A configuration in a file, with a secret beside it, both gone at the end.
class ConfigFile {
 public:
  ConfigFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gate511-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    write_secret('k');
    write("");
  }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  ~ConfigFile() { std::filesystem::remove_all(folder_); }

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
  std::filesystem::path folder_;
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
