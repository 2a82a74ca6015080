// SPDX-License-Identifier: BSD-3-Clause
//
// Alarms: what raises each, what keeps it raised, when it is over, and what is told of it.
#include "control/health.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "control_service_fixture.hpp"

namespace gate511::control {
namespace {

constexpr std::uint64_t kSecond = kNsPerSecond;

/// Names of the alarms in a report.
std::vector<std::string> names(const Json& report) {
  std::vector<std::string> list;
  for (const Json& problem : report["problems"]) list.push_back(problem["alarm"]);
  return list;
}
using Names = std::vector<std::string>;

TEST(Alarms, EachHasANameASentenceAndACureAndIsInTheManual) {
  std::ifstream file{GATE511_CONTROL_DOC};
  const std::string manual{std::istreambuf_iterator<char>{file}, {}};
  std::set<std::string_view> names;
  for (const AlarmInfo& info : kAlarms) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.sentence.empty()) << info.name;
    EXPECT_FALSE(info.cure.empty()) << info.name;
    EXPECT_NE(manual.find("| `" + std::string{info.name} + "` |"), std::string::npos)
        << info.name << " is not in docs/control.md";
  }
}

TEST(Alarms, OneIsOverOnlyWhenItIsQuiet) {
  Alarms alarms;
  const auto look = [&](bool found, std::uint64_t at_ns) {
    std::vector<Alarms::Found> list;
    if (found) list.push_back({Alarm::kPortDown, "p0", "p0 is down"});
    return alarms.look(std::move(list), at_ns, at_ns / kSecond);
  };
  EXPECT_TRUE(look(false, kSecond).empty());
  auto changes = look(true, 2 * kSecond);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_TRUE(changes[0].raised);
  EXPECT_EQ(changes[0].subject, "p0");
  EXPECT_EQ(changes[0].since_s, 2U);
  EXPECT_TRUE(look(true, 3 * kSecond).empty()) << "it was told of";
  EXPECT_TRUE(look(false, 4 * kSecond).empty());
  EXPECT_TRUE(look(true, 5 * kSecond).empty()) << "it flaps";
  EXPECT_TRUE(look(false, 5 * kSecond + Alarms::kQuiet_ns - 1).empty());
  EXPECT_TRUE(alarms.is_raised(Alarm::kPortDown, "p0"));
  changes = look(false, 5 * kSecond + Alarms::kQuiet_ns);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_FALSE(changes[0].raised);
  EXPECT_EQ(changes[0].since_s, 2U);
  EXPECT_FALSE(alarms.is_raised(Alarm::kPortDown, "p0"));
  EXPECT_TRUE(alarms.raised().empty());
}

TEST(Alarms, OneThatComesAndGoesIsToldOfNowAndThen) {
  Alarms alarms;
  std::uint64_t now = kSecond, raised = 0, cleared = 0, untold = 0;
  const auto flap = [&] {
    for (const bool found : {true, false}) {
      std::vector<Alarms::Found> list;
      if (found) list.push_back({Alarm::kMbufsLow, {}, "few"});
      for (const Alarms::Change& change : alarms.look(std::move(list), now, 0)) {
        ++(change.raised ? raised : cleared);
        untold += change.untold;
      }
      now += Alarms::kQuiet_ns;
    }
  };
  constexpr unsigned kTimes = 100;
  for (unsigned i = 0; i < kTimes; ++i) flap();
  const std::uint64_t may = Alarms::kAtOnce + (now - kSecond) / Alarms::kRefill_ns;
  EXPECT_GE(raised, may - 1);
  EXPECT_LE(raised, may);
  EXPECT_EQ(cleared, raised) << "who hears that it began hears that it is over";
  now += Alarms::kRefill_ns;
  flap();
  EXPECT_EQ(raised + untold, kTimes + 1) << "all were told or counted";
}

TEST(Alarms, OneThatStaysIsToldOfInTheEnd) {
  Alarms alarms;
  std::uint64_t now = kSecond;
  const auto look = [&](bool found) {
    std::vector<Alarms::Found> list;
    if (found) list.push_back({Alarm::kPortDown, "p0", "no carrier"});
    return alarms.look(std::move(list), now, now / kSecond);
  };
  for (unsigned i = 0; i < Alarms::kAtOnce + 2; ++i) {
    look(true);
    now += Alarms::kQuiet_ns;
    look(false);
  }
  const std::uint64_t since_s = now / kSecond;
  EXPECT_TRUE(look(true).empty()) << "not yet";
  std::vector<Alarms::Change> changes;
  for (; changes.empty() && now < kSecond + 2 * Alarms::kRefill_ns; now += kSecond)
    changes = look(true);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_TRUE(changes[0].raised);
  EXPECT_EQ(changes[0].since_s, since_s);
  EXPECT_EQ(changes[0].untold, 2U) << "those before it";
  EXPECT_TRUE(look(true).empty()) << "once";
  now += Alarms::kQuiet_ns;
  ASSERT_EQ(look(false).size(), 1U);
}

TEST_F(ServiceTest, HealthNamesProblemAndCure) {
  world_.status.numbers.mbufs_total = 100;
  EXPECT_EQ(result("health"), Json::parse(R"({"status":"ok","problems":[]})"));
  world_.status.port_list = {{"p0", "venue", "access", "net_af_packet", ""}};
  world_.status.numbers.mbufs_in_use = 91;
  for (int i = 1; i <= 4; ++i)
    result("session.add", {{"mac", "02:00:5e:00:53:0" + std::to_string(i)}});
  const Json health = result("health");
  EXPECT_EQ(health["status"], "degraded");
  ASSERT_EQ(names(health), (Names{"port_down", "mbufs_low", "table_nearly_full"}));
  EXPECT_EQ(health["problems"][0],
            Json::parse(R"({"alarm":"port_down","severity":"critical","subject":"p0",
      "what":"access port p0 of link venue is down","since":1750000000,
      "cure":"check its cable and the device at the other end"})"));
  EXPECT_EQ(health["problems"][1]["what"], "91 of 100 packet buffers are in use");
  EXPECT_EQ(health["problems"][2]["what"], "4 of 4 sessions are held");
  EXPECT_EQ(health["problems"][2]["severity"], "warning");
  EXPECT_EQ(service_.health().alarms().count(Alarm::kPortDown), 1U);
  EXPECT_EQ(service_.health().alarms().count(Alarm::kWorkerStalled), 0U);
}

TEST_F(ServiceTest, BuffersAreLowUntilThereAreEnough) {
  world_.status.numbers.mbufs_total = 100;
  const auto at = [this](std::uint32_t in_use) {
    world_.status.numbers.mbufs_in_use = in_use;
    world_.time.advance_ms(5'000);
    return names(result("health"));
  };
  EXPECT_EQ(at(90), Names{});
  EXPECT_EQ(at(91), Names{"mbufs_low"});
  EXPECT_EQ(at(81), Names{"mbufs_low"}) << "not yet";
  EXPECT_EQ(at(80), Names{});
  EXPECT_EQ(at(90), Names{});
}

TEST_F(ServiceTest, WhatIsLostIsAnAlarmFromAPaceOn) {
  world_.status.numbers.workers = {{.lcore = 1}};
  world_.status.port_list = {{"p0", "venue", "access", "net_af_packet", "", true}};
  const auto after_s = [this](std::uint64_t missed, std::uint64_t dropped) {
    world_.status.port_list[0].rx_missed += missed;
    world_.status.numbers.workers[0].ring_drops.clients += dropped;
    ++world_.status.numbers.workers[0].loops;
    world_.time.advance_ms(1'000);
    return names(result("health"));
  };
  EXPECT_EQ(after_s(5'000, 0), Names{}) << "what was before the first look is not of this second";
  EXPECT_EQ(after_s(99, 99), Names{});
  EXPECT_EQ(after_s(100, 0), Names{"frames_missed"});
  EXPECT_EQ(after_s(10, 100), (Names{"frames_missed", "ring_drops"}));
  const Json problems = result("health")["problems"];
  EXPECT_EQ(problems[0]["what"],
            "10 frames a second came to access port p0 of link venue faster than they were taken");
  EXPECT_EQ(problems[1]["subject"], "clients");
  for (int i = 0; i < 3; ++i) after_s(9, 9);
  EXPECT_EQ(after_s(9, 9), Names{});
  for (auto ring : {&dataplane::RingDrops::uplink, &dataplane::RingDrops::guards,
                    &dataplane::RingDrops::capport}) {
    world_.status.numbers.workers[0].ring_drops.*ring += 100;
    EXPECT_EQ(after_s(0, 0), Names{"ring_drops"});
    for (int i = 0; i < 4; ++i) after_s(0, 0);
  }
}

TEST_F(ServiceTest, AnAlarmIsAnEventWhenItBeginsAndWhenItIsOver) {
  result("events.subscribe", {{"types", {"alarm.raised", "alarm.cleared"}}});
  world_.status.port_list = {{"p0", "venue", "access", "net_af_packet", ""}};
  service_.tick();
  world_.status.port_list[0].up = true;
  for (int i = 0; i < 20; ++i) {
    world_.time.advance_ms(250);
    service_.tick();
  }
  world_.settle();
  std::istringstream lines{world_.pushed[1]};
  Json told = Json::array();
  for (std::string line; std::getline(lines, line);) told.push_back(Json::parse(line)["params"]);
  ASSERT_EQ(told.size(), 2U) << told;
  EXPECT_EQ(told[0]["type"], "alarm.raised");
  EXPECT_EQ(told[0]["alarm"], "port_down");
  EXPECT_EQ(told[0]["untold"], 0);
  EXPECT_EQ(told[1]["type"], "alarm.cleared");
  EXPECT_EQ(told[1]["since"], told[0]["since"]);
  EXPECT_EQ(told[1]["time"].get<std::uint64_t>() - told[0]["time"].get<std::uint64_t>(), 3U);
}

/// A disk that takes nothing, and does not say so.
class SilentStore final : public store::Store {
 public:
  void scrub(Done /*done*/) override {}
  void write(store::Changes changes, std::uint64_t /*unix_ms*/, Failing /*failing*/,
             Done /*done*/) override {
    owed_ += changes.size();
  }
  [[nodiscard]] int fd() const override { return -1; }
  void finish() override {}
  [[nodiscard]] std::size_t owed() const override { return owed_; }
  [[nodiscard]] std::size_t owed_changes() const override { return owed_; }
  [[nodiscard]] Status status() const override { return status_; }

  Status status_;
  std::size_t owed_ = 0;
};

TEST_F(ServiceTest, AStoreThatTakesNothingIsBehind) {
  SilentStore store;
  world_.ledger.connect(store, 0, false);
  EXPECT_EQ(names(result("health")), Names{});
  world_.time.advance_ms(60'000);
  EXPECT_EQ(names(result("health")), Names{}) << "nothing waits";
  store.owed_ = 7;
  world_.time.advance_ms(1'999);
  EXPECT_EQ(names(result("health")), Names{});
  world_.time.advance_ms(1);
  ASSERT_EQ(names(result("health")), Names{"store_behind"});
  EXPECT_EQ(result("health")["problems"][0]["what"],
            "the store's disk has taken nothing for 2 s; changes that wait for it: 7");
  store.status_.commits = 1;
  world_.time.advance_ms(3'000);
  EXPECT_EQ(names(result("health")), Names{}) << "it has taken some";
  store.status_.problem = "the store cannot be written: disk I/O error";
  EXPECT_EQ(names(result("health")), Names{"store_failing"});
}

TEST_F(ServiceTest, AServerThatGatewaysShareTellsTheTimeAndWhatHasNoRoom) {
  SilentStore store;
  world_.ledger.connect(store, 0, false);
  store.status_.shared.emplace(store::Store::SharedCounts{});
  EXPECT_EQ(names(result("health")), Names{}) << "its time is not known";
  auto& shared = *store.status_.shared;
  const auto is_off = [&](std::int64_t ahead_ms) {
    shared.server_ms =
        static_cast<std::uint64_t>(static_cast<std::int64_t>(world_.ledger.now_ms()) - ahead_ms);
    const Json health = result("health");
    auto what = names(health) == Names{"clock_off"}
                    ? health["problems"][0]["what"].get<std::string>()
                    : std::string{};
    world_.time.advance_ms(3'000);
    return what;
  };
  EXPECT_EQ(is_off(2'000), "");
  EXPECT_EQ(is_off(2'100), "this gateway's time is 2.1 s ahead of that of the server");
  shared.server_ms = 0;
  EXPECT_EQ(names(result("health")), Names{});
  EXPECT_EQ(is_off(-3'600'000), "this gateway's time is 3600.0 s behind that of the server");
  shared.server_ms = 0;
  shared.missing = 6;
  EXPECT_EQ(names(result("health")), Names{"sessions_missing"});
  EXPECT_EQ(result("health")["problems"][0]["what"],
            "sessions of other gateways that have no room: 6");
}

}  // namespace
}  // namespace gate511::control
