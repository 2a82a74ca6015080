// SPDX-License-Identifier: BSD-3-Clause
//
// The registry of numbers and its renderings.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "control/numbers/board.hpp"
#include "control/numbers/metrics.hpp"
#include "control/numbers/prometheus.hpp"

namespace gate511::control::numbers {
namespace {

const Definition& definition(std::string_view name) {
  const auto all = definitions();
  const auto found = std::ranges::find(all, name, &Definition::name);
  EXPECT_NE(found, all.end()) << name;
  return *found;
}

Samples samples_of(std::string_view name, const Snapshot& snapshot) {
  Samples samples;
  definition(name).collect(snapshot, samples);
  return samples;
}

ZoneCounts zone(const std::string& link, const std::string& name, std::uint64_t pages) {
  ZoneCounts counts{name, link};
  counts.all.counted[static_cast<std::size_t>(policy::Verdict::kPage)] = pages;
  return counts;
}

dataplane::PortStatus access_port() {
  dataplane::PortStatus port;
  port.name = "p0";
  port.link = "venue";
  port.role = "access";
  return port;
}

/// The lines of the text that begin so.
std::vector<std::string> lines(const Snapshot& snapshot, const std::string& begin) {
  std::istringstream text{prometheus_text(snapshot)};
  std::vector<std::string> found;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with(begin)) found.push_back(line);
  }
  return found;
}

using Strings = std::vector<std::string>;

TEST(Metrics, NamesFollowPrometheusRules) {
  std::set<std::string_view> names;
  for (const Definition& one : definitions()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name << " twice";
    EXPECT_TRUE(one.name.starts_with("gate511_")) << one.name;
    EXPECT_TRUE(std::ranges::all_of(one.name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    })) << one.name;
    EXPECT_EQ(one.name.ends_with("_total"), one.kind == Kind::kCounter) << one.name;
    for (const char* unit : {"_ms", "_us", "_ns", "_mbps", "_kb", "_percent"})
      EXPECT_FALSE(one.name.ends_with(unit)) << one.name;
    EXPECT_TRUE(one.help.ends_with('.')) << one.name;
    EXPECT_EQ(one.help.find('\n'), one.help.npos) << one.name;
    EXPECT_EQ(one.help.find('\\'), one.help.npos) << one.name;
    EXPECT_EQ(one.kind == Kind::kHistogram, !one.bounds.empty()) << one.name;
    EXPECT_TRUE(std::ranges::is_sorted(one.bounds)) << one.name;
  }
}

TEST(Metrics, NoLabelIsAClients) {
  const std::set<std::string_view> allowed{"alarm",  "carrier", "enforce", "fate",     "kind",
                                           "lcore",  "link",    "outcome", "port",     "probe",
                                           "reason", "ring",    "role",    "severity", "size",
                                           "state",  "verdict", "version", "zone"};
  for (const Definition& one : definitions()) {
    for (const std::string_view label : one.labels)
      EXPECT_TRUE(allowed.contains(label)) << one.name << ": " << label;
  }
}

TEST(Metrics, EachSampleHasItsLabels) {
  Snapshot snapshot;
  snapshot.zones = {zone("venue", "default", 1)};
  snapshot.ports = {access_port()};
  snapshot.dataplane.workers = {{.lcore = 1}};
  snapshot.alarms = {{"port_down", "critical", 1}};
  snapshot.server.emplace();
  snapshot.server->records.emplace();
  snapshot.store.emplace();
  snapshot.store->shared = store::Store::SharedCounts{};
  for (const Family& family : families(snapshot)) {
    for (const Sample& sample : family.samples) {
      EXPECT_EQ(sample.labels.size(), family.definition->labels.size()) << family.definition->name;
      const std::size_t bounds = family.definition->bounds.size();
      EXPECT_EQ(sample.classes.size(), bounds == 0 ? 0 : bounds + 1) << family.definition->name;
    }
  }
}

TEST(Metrics, RecordsAreThereWhereTheyAreOn) {
  const auto snapshot = std::make_unique<Snapshot>();
  snapshot->server.emplace();
  EXPECT_TRUE(samples_of("gate511_records_written_total", *snapshot).empty());
  records::RecordsStatus& status = snapshot->server->records.emplace();
  status.written = 7;
  status.longest_us = 1'500'000;
  EXPECT_EQ(samples_of("gate511_records_written_total", *snapshot)[0].value, 7);
  EXPECT_EQ(samples_of("gate511_records_longest_write_seconds", *snapshot)[0].value, 1'500'000);
}

TEST(Metrics, VerdictsThatAreZeroAreLeftOut) {
  Snapshot snapshot;
  snapshot.zones = {zone("venue", "default", 0), zone("venue", "hall", 3)};
  const Samples samples = samples_of("gate511_frames_total", snapshot);
  ASSERT_EQ(samples.size(), 1);
  EXPECT_EQ(samples[0].labels, (Strings{"venue", "hall", "answered", "page"}));
  EXPECT_EQ(samples[0].value, 3);
}

TEST(Metrics, SeriesAreBoundedByTheConfiguration) {
  Snapshot snapshot;
  for (int i = 0; i < 255; ++i) {
    snapshot.zones.push_back(zone("venue", "zone" + std::to_string(i), 1));
    snapshot.zones.back().all.counted.fill(1);
    snapshot.zones.back().all.would_have.fill(1);
  }
  std::size_t series = 0;
  for (const Family& family : families(snapshot)) series += family.samples.size();
  EXPECT_LE(series, snapshot.zones.size() * (2 * policy::kVerdictCount + 1) + 150);
}

TEST(Metrics, MissedFramesAndThoseWithoutMbufAreApart) {
  Snapshot snapshot;
  snapshot.ports = {access_port()};
  snapshot.ports[0].rx_missed = 7;
  snapshot.ports[0].rx_no_mbuf = 2;
  EXPECT_EQ(samples_of("gate511_port_missed_frames_total", snapshot)[0].value, 5);
  EXPECT_EQ(samples_of("gate511_port_no_mbuf_total", snapshot)[0].value, 2);
}

TEST(Metrics, BurstsAreClassedByTheirFrames) {
  EXPECT_EQ(dataplane::fill_class(1), 0);
  EXPECT_EQ(dataplane::fill_class(2), 1);
  EXPECT_EQ(dataplane::fill_class(3), 2);
  EXPECT_EQ(dataplane::fill_class(4), 2);
  EXPECT_EQ(dataplane::fill_class(5), 3);
  EXPECT_EQ(dataplane::fill_class(33), 6);
  EXPECT_EQ(dataplane::fill_class(64), 6);
}

TEST(Prometheus, EscapesLabels) {
  Snapshot snapshot;
  snapshot.zones = {zone("a\\b", "say \"no\"\ncaf\u00e9", 1)};
  EXPECT_EQ(lines(snapshot, "gate511_frames_total{"),
            (Strings{"gate511_frames_total{link=\"a\\\\b\",zone=\"say \\\"no\\\"\\ncaf\u00e9\","
                     "fate=\"answered\",verdict=\"page\"} 1"}));
}

TEST(Prometheus, TellsHelpAndType) {
  const Snapshot snapshot;
  const std::string text = prometheus_text(snapshot);
  EXPECT_NE(text.find("# HELP gate511_sessions_capacity Sessions that there is room for.\n"
                      "# TYPE gate511_sessions_capacity gauge\n"
                      "gate511_sessions_capacity 0\n"),
            text.npos)
      << text;
  // Without a sample nothing is said.
  EXPECT_EQ(text.find("gate511_store"), text.npos);
  EXPECT_EQ(text.find("gate511_shared"), text.npos);
}

TEST(Prometheus, CountersAreExactAsFarAsDoublesAre) {
  Snapshot snapshot;
  snapshot.zones = {zone("venue", "default", (std::uint64_t{1} << 53U) - 1)};
  EXPECT_TRUE(lines(snapshot, "gate511_frames_total{")[0].ends_with("} 9007199254740991"));
}

TEST(Prometheus, HistogramsAreSummedUpInSeconds) {
  Snapshot snapshot;
  snapshot.revokes.to_effect.count(40'000);         // 40 us
  snapshot.revokes.to_effect.count(1'000'000);      // 1 ms, which is a bound
  snapshot.revokes.to_effect.count(3'000'000'000);  // above all bounds
  const Strings text = lines(snapshot, "gate511_revoke_effect_seconds");
  ASSERT_EQ(text.size(), dataplane::kDelayBounds_us.size() + 3);
  EXPECT_EQ(text[0], "gate511_revoke_effect_seconds_count 3");
  EXPECT_EQ(text[1], "gate511_revoke_effect_seconds_sum 3.00104");
  EXPECT_EQ(text[2], "gate511_revoke_effect_seconds_bucket{le=\"5e-05\"} 1");
  EXPECT_EQ(text[5], "gate511_revoke_effect_seconds_bucket{le=\"0.0005\"} 1");
  EXPECT_EQ(text[6], "gate511_revoke_effect_seconds_bucket{le=\"0.001\"} 2");
  EXPECT_EQ(text[text.size() - 2], "gate511_revoke_effect_seconds_bucket{le=\"1\"} 2");
  EXPECT_EQ(text.back(), "gate511_revoke_effect_seconds_bucket{le=\"+Inf\"} 3");
}

TEST(Points, AreWhatPrometheusShows) {
  const Definition& histogram = definition("gate511_revoke_effect_seconds");
  Snapshot snapshot;
  snapshot.revokes.to_effect.count(60'000);
  const auto list = points(histogram, samples_of(histogram.name, snapshot).at(0));
  ASSERT_EQ(list.size(), histogram.bounds.size() + 3);
  EXPECT_EQ(list[0].labels.back().second, "5e-05");
  EXPECT_EQ(list[0].value, 0);
  EXPECT_EQ(list[1].value, 1);
  EXPECT_EQ(list[histogram.bounds.size()].labels.back().second, "+Inf");
  EXPECT_EQ(list[list.size() - 2].suffix, "_sum");
  EXPECT_EQ(list[list.size() - 2].value, 60'000);
  EXPECT_EQ(list[list.size() - 2].scale, 1'000'000'000);
  EXPECT_EQ(list.back().suffix, "_count");
  EXPECT_EQ(list.back().value, 1);
}

// ---- docs/metrics.md ----

std::string row_of(const Definition& one) {
  std::string labels;
  for (const std::string_view label : one.labels)
    labels += (labels.empty() ? "`" : " `") + std::string{label} + "`";
  return "| `" + std::string{one.name} + "` | " + std::string{name_of(one.kind)} + " | " + labels +
         " | " + std::string{one.help} + " |";
}

TEST(Metrics, AreDocumented) {
  std::ifstream file{GATE511_METRICS_MD};
  ASSERT_TRUE(file) << GATE511_METRICS_MD;
  Strings told;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| `gate511_")) told.push_back(line);
  }
  Strings wanted;
  std::string text;
  for (const Definition& one : definitions()) text += wanted.emplace_back(row_of(one)) + "\n";
  EXPECT_EQ(told, wanted) << "the table of docs/metrics.md is to be:\n" << text;
}

// ---- the board ----

class BoardTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = Board::make();
    ASSERT_TRUE(made);
    board_ = std::move(*made);
  }
  static std::shared_ptr<const Snapshot> numbered(std::uint64_t number) {
    auto made = std::make_shared<Snapshot>();
    made->number = number;
    return made;
  }
  std::unique_ptr<Board> board_;
};

TEST_F(BoardTest, WhoAsksGetsWhatIsPutThen) {
  std::jthread control{[this] {
    while (!board_->take_request()) std::this_thread::yield();
    board_->put(numbered(7));
  }};
  const auto got = board_->latest();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->number, 7);
}

TEST_F(BoardTest, OneThatIsFreshIsGivenToAll) {
  board_->put(numbered(1));
  EXPECT_EQ(board_->latest()->number, 1);
  EXPECT_FALSE(board_->take_request()) << "nobody made the control thread work";
  board_->put(numbered(2));
  EXPECT_EQ(board_->latest()->number, 2);
}

TEST_F(BoardTest, AnOldOneIsBetterThanNone) {
  EXPECT_EQ(board_->latest(), nullptr);
  board_->put(numbered(1));
  std::this_thread::sleep_for(Board::kFresh);
  const auto began = Board::Steady::now();
  EXPECT_EQ(board_->latest()->number, 1);
  EXPECT_GE(Board::Steady::now() - began, Board::kPatience);
  EXPECT_TRUE(board_->take_request()) << "it was asked for";
}

TEST_F(BoardTest, NobodyWaitsOnceItIsClosed) {
  std::jthread control{[this] {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    board_->close();
  }};
  const auto began = Board::Steady::now();
  EXPECT_EQ(board_->latest(), nullptr);
  EXPECT_LT(Board::Steady::now() - began, Board::kPatience);
}

}  // namespace
}  // namespace gate511::control::numbers
