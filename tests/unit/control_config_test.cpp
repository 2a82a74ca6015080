// SPDX-License-Identifier: BSD-3-Clause
//
// Another configuration for a daemon that runs: what is taken, what is refused, and that a refused
// one leaves everything as it was.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <thread>

#include "control/background.hpp"
#include "control/service_config.hpp"
#include "control_fakes.hpp"

namespace gate511::control {
namespace {

class ConfigMethodsTest : public testing::Test {
 protected:
  ConfigMethodsTest() {
    auto snapshot = build_snapshot(*state_.config(), state_.numbers());
    EXPECT_TRUE(snapshot);
    if (snapshot) slot_.snapshot = std::move(*snapshot);
    methods_.publish_to(slot_);
  }

  void send(const std::string& method, const Json& params, Json& answer) {
    const Json request{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    dispatcher_.handle(caller_, request.dump(),
                       [&answer](const std::string& line) { answer = Json::parse(line); });
  }
  Json call(const std::string& method, const Json& params = Json::object()) {
    Json answer;
    send(method, params, answer);
    while (!aside_.empty()) run_one();
    world_.settle();
    return answer;
  }
  Json result(const std::string& method, const Json& params = Json::object()) {
    const Json answer = call(method, params);
    EXPECT_TRUE(answer.contains("result")) << answer;
    return answer.value("result", Json{});
  }
  Json error(const std::string& method, const Json& params = Json::object()) {
    const Json answer = call(method, params);
    EXPECT_TRUE(answer.contains("error")) << answer;
    return answer.value("error", Json{});
  }
  void run_one() {
    const auto job = std::move(aside_.front());
    aside_.pop_front();
    job.first();
    job.second();
  }

  World world_;
  ConfigFile file_;
  ConfigState state_{file_.load()};
  HandSlot slot_;
  Dispatcher dispatcher_;
  std::deque<std::pair<std::function<void()>, std::function<void()>>> aside_;
  ConfigMethods methods_{{state_, world_.sessions, world_.grace, world_.events, world_.status,
                          [](std::string_view change) { return rpc::busy(std::string{change}); },
                          [this](std::function<void()> work, std::function<void()> then) {
                            aside_.emplace_back(std::move(work), std::move(then));
                          }},
                         dispatcher_};
  Caller caller_{.rights = Access::kChange, .connection = 1, .user = "uid 0"};
};

constexpr const char* kStaff = "[[zone]]\nname = \"staff\"\nlink = \"venue\"\nvlans = [20]\n";
constexpr const char* kHall = "[[zone]]\nname = \"hall\"\nlink = \"venue\"\nvlans = [30]\n";

TEST_F(ConfigMethodsTest, ReloadTakesWhatHasChanged) {
  file_.write("[guest]\nresolvers = [\"192.0.2.53\"]\n[sessions]\ndefault_ttl_s = 60\n" +
              std::string{kStaff});
  EXPECT_EQ(result("config.reload"), Json::parse(R"({"generation":1,"config_generation":2,
    "changed":["sessions.default_ttl_s","guest.resolvers"],
    "zones":{"added":["staff"],"removed":[],"changed":[]},"warnings":[]})"));
  EXPECT_EQ(slot_.replaced, 1);
  EXPECT_TRUE(slot_.snapshot->zones[0].guest.resolvers.contains(*net::parse_ip("192.0.2.53")));
  EXPECT_EQ(slot_.snapshot->links[0].zone_of_vlan[20].number, 1);
  EXPECT_EQ(state_.generation(), 2U);
  ASSERT_TRUE(world_.add({*net::parse_mac("02:00:5e:00:53:01"), 0}, {}));
  EXPECT_EQ(world_.sessions.find({*net::parse_mac("02:00:5e:00:53:01"), 0})->ttl_s, 60U);

  file_.write("[guest]\nresolvers = [\"192.0.2.54\"]\n[sessions]\ndefault_ttl_s = 60\n" +
              std::string{kHall});
  const Json second = result("config.reload");
  EXPECT_EQ(second["changed"], Json::parse(R"(["guest.resolvers"])"));
  EXPECT_EQ(second["zones"], Json::parse(R"({"added":["hall"],"removed":["staff"],"changed":[]})"));
  EXPECT_EQ(slot_.snapshot->links[0].zone_of_vlan[20].number, 0);
  EXPECT_EQ(slot_.snapshot->links[0].zone_of_vlan[30].number, 2);
}

TEST_F(ConfigMethodsTest, ReloadOfTheSameChangesNothing) {
  const auto before = slot_.snapshot;
  const Json same = result("config.reload");
  EXPECT_EQ(same["changed"], Json::array());
  EXPECT_EQ(same["config_generation"], 1);
  EXPECT_EQ(same["generation"], 0);
  EXPECT_EQ(slot_.snapshot, before);
  // Set to its default is no change either.
  file_.write("[dpdk]\nlcores = \"0-1\"\n[sessions]\ncapacity = 1048576\n");
  EXPECT_EQ(result("config.reload")["config_generation"], 1);
}

TEST_F(ConfigMethodsTest, ReloadReadsTheSecretAnew) {
  file_.write_secret('l');
  EXPECT_EQ(result("config.reload")["changed"], Json::parse(R"(["portal.secret_file"])"));
  EXPECT_EQ(slot_.snapshot->link_key, http::LinkKey{net::as_bytes(std::string(32, 'l'))});
  EXPECT_EQ(result("config.reload")["changed"], Json::array());
}

TEST_F(ConfigMethodsTest, RefusedReloadChangesNothing) {
  const auto snapshot = slot_.snapshot;
  const auto config = state_.config();
  file_.write(
      "[dpdk]\nlcores = \"0-2\"\n[sessions]\ncapacity = 5\nkey = \"mac+vlan\"\n"
      "default_ttl_s = 1\n[control]\nsocket = \"/tmp/other.sock\"\ngroup = \"\"\n"
      "[garden]\ncidrs = [\"198.51.100.0/24\"]\n" +
      std::string{kStaff});
  const Json refused = error("config.reload");
  EXPECT_EQ(refused["code"], -32009);
  EXPECT_EQ(
      refused["message"],
      "dpdk.lcores, sessions.capacity, sessions.key, control.socket, control.group cannot "
      "change while the gateway runs; nothing was changed: restart gate511, or set them back");
  EXPECT_EQ(refused["data"], Json::parse(R"({"reason":"NEEDS_RESTART","keys":["dpdk.lcores",
    "sessions.capacity","sessions.key","control.socket","control.group"]})"));
  EXPECT_EQ(slot_.replaced, 0);
  EXPECT_EQ(slot_.snapshot, snapshot);
  EXPECT_EQ(state_.config(), config);
  EXPECT_EQ(state_.generation(), 1U);
  EXPECT_EQ(state_.numbers().of("staff"), 0);
  EXPECT_EQ(world_.sessions.generation(), 0U);
  ASSERT_TRUE(world_.add({*net::parse_mac("02:00:5e:00:53:01"), 0}, {}));
  EXPECT_EQ(world_.sessions.find({*net::parse_mac("02:00:5e:00:53:01"), 0})->ttl_s, 86'400U);
}

TEST_F(ConfigMethodsTest, LinksKeepTheirPorts) {
  Config before = file_.load();
  Config after = before;
  after.links[0].access = "c";
  after.links[0].name = "hall";
  after.links[0].multicast_all = true;
  after.links[0].offloads = false;
  const ConfigDiff ports = compare(before, after);
  EXPECT_EQ(ports.needs_restart,
            (std::vector<std::string>{"link[0].name", "link[0].access", "link[0].offloads"}));
  EXPECT_EQ(ports.changed, std::vector<std::string>{"link[0].multicast"});
  after.links[0].routers = {{.address = *net::parse_ip("192.0.2.1")}};
  EXPECT_EQ(compare(before, after).changed,
            (std::vector<std::string>{"link[0].multicast", "link[0].routers"}));
  after.links.push_back({.name = "x", .access = "y", .uplink = "z", .routers = {}});
  EXPECT_EQ(compare(before, after).needs_restart, std::vector<std::string>{"link"});
}

TEST_F(ConfigMethodsTest, BadFileIsToldAndChangesNothing) {
  file_.write("[sessions]\ncapasity = 5\n");
  const Json bad = error("config.reload");
  EXPECT_EQ(bad["code"], -32008);
  EXPECT_EQ(
      bad["message"].get<std::string>(),
      file_.path() +
          ":9: unknown key `sessions.capasity`; did you mean `capacity`? sessions "
          "takes capacity, key, default_ttl_s, default_idle_s, on_quota, store, on_store_failure, "
          "keep_ends_days, copy, gateway, store_prefix, store_ca");
  EXPECT_EQ(bad["data"]["reason"], "BAD_CONFIG");
  EXPECT_EQ(bad["data"]["where"], file_.path() + ":9");
  EXPECT_EQ(slot_.replaced, 0);
  std::filesystem::remove(file_.path());
  EXPECT_EQ(error("config.reload")["code"], -32008);
  file_.write("");
  EXPECT_EQ(result("config.reload")["config_generation"], 1);
}

TEST_F(ConfigMethodsTest, CheckSaysWhatAReloadWouldDo) {
  file_.write("[sessions]\ncapacity = 5\n" + std::string{kStaff});
  EXPECT_EQ(
      result("config.check"),
      Json::parse(
          R"({"changed":[],
    "needs_restart":["sessions.capacity"],"zones":{"added":["staff"],"removed":[],"changed":[]},
    "warnings":[")" +
          file_.path() +
          R"(: guests have no resolver, so that most never ask for a page; )"
          R"(set `guest.resolvers` to the addresses that DHCP gives them, or to [\"any\"]"]})"));
  EXPECT_EQ(slot_.replaced, 0);
}

TEST_F(ConfigMethodsTest, CheckTakesAText) {
  const Json good =
      result("config.check", {{"text", file_.text("[guest]\nresolvers = [\"any\"]\n")}});
  EXPECT_EQ(good["changed"], Json::parse(R"(["guest.resolvers"])"));
  EXPECT_EQ(good["warnings"], Json::array());
  EXPECT_EQ(error("config.check", {{"text", "x"}, {"source", "new.toml"}})["data"]["where"],
            "new.toml:1");
  EXPECT_EQ(error("config.check", {{"text", ""}})["data"]["where"], "config:1");
  // Of the files that it names none is opened.
  std::string elsewhere = file_.text("");
  elsewhere.replace(elsewhere.find("key\""), 4, "none\"");
  EXPECT_EQ(result("config.check", {{"text", elsewhere}})["changed"],
            Json::parse(R"(["portal.secret_file"])"));
  EXPECT_EQ(error("config.check", {{"text", 1}})["message"],
            "`text` must be a string: the configuration");
  EXPECT_EQ(error("config.check", {{"source", "a"}})["message"],
            "`source` names the `text`, which is not given");
}

TEST_F(ConfigMethodsTest, RequestsWaitForEachOther) {
  Json first, second;
  file_.write(kStaff);
  send("config.reload", Json::object(), first);
  send("config.check", Json::object(), second);
  ASSERT_EQ(aside_.size(), 1U);
  run_one();
  EXPECT_TRUE(aside_.empty()) << "the first is not yet seen by the workers";
  world_.settle();
  EXPECT_EQ(first["result"]["zones"]["added"], Json::parse(R"(["staff"])"));
  ASSERT_EQ(aside_.size(), 1U);
  run_one();
  EXPECT_EQ(second["result"]["zones"]["added"], Json::array()) << "compared with what is in force";
}

TEST_F(ConfigMethodsTest, TooManyRequestsAreTurnedAway) {
  std::vector<Json> answers(ConfigMethods::kMaxWaiting + 2);
  for (Json& answer : answers) send("config.check", Json::object(), answer);
  EXPECT_EQ(answers.back()["error"]["data"]["reason"], "BUSY");
  while (!aside_.empty()) run_one();
  EXPECT_TRUE(std::all_of(answers.begin(), answers.end() - 1,
                          [](const Json& answer) { return answer.contains("result"); }));
}

TEST_F(ConfigMethodsTest, AStuckWorkerDoesNotHoldUpTheNext) {
  world_.workers.stuck = true;
  file_.write(kStaff);
  Json first, second;
  send("config.reload", Json::object(), first);
  run_one();
  send("config.check", Json::object(), second);
  world_.time.advance_ms(1'000);
  world_.settle();
  EXPECT_EQ(first["error"]["data"]["reason"], "BUSY");
  ASSERT_EQ(aside_.size(), 1U);
  run_one();
  EXPECT_EQ(second["result"]["zones"]["added"], Json::array());
}

TEST_F(ConfigMethodsTest, CountsStayWithTheirZone) {
  file_.write(std::string{kStaff} + kHall);
  result("config.reload");
  const auto count = [](std::uint8_t zone, std::uint64_t sessions) {
    dataplane::ZoneStatus one{.lcore = 1, .link = 0, .zone = zone};
    one.counted[0] = sessions;
    return one;
  };
  world_.status.zone_list = {count(0, 5), count(1, 7), count(1, 1), count(2, 9)};
  const auto names = [&] {
    std::string text;
    for (const ZoneCounts& zone : state_.zones(world_.status))
      text += zone.name + "=" + std::to_string(zone.all.counted[0]) + " ";
    return text;
  };
  EXPECT_EQ(names(), "default=5 staff=8 hall=9 ");
  file_.write(kHall);
  result("config.reload");
  EXPECT_EQ(names(), "default=5 hall=9 ");
  file_.write(std::string{kHall} + kStaff);
  result("config.reload");
  EXPECT_EQ(names(), "default=5 hall=9 staff=8 ");
}

TEST_F(ConfigMethodsTest, CountsOfAZoneAreByWorker) {
  file_.write(kStaff);
  result("config.reload");
  for (const auto& [lcore, sessions] : {std::pair{1U, 5ULL}, {2U, 7ULL}, {2U, 1ULL}}) {
    dataplane::ZoneStatus one{.lcore = lcore, .link = 0, .zone = 1};
    one.counted[0] = sessions;
    world_.status.zone_list.push_back(one);
  }
  const ZoneCounts staff = state_.zones(world_.status)[1];
  EXPECT_EQ(staff.all.counted[0], 13U);
  ASSERT_EQ(staff.workers.size(), 2U);
  EXPECT_EQ(staff.workers.at(1).counted[0], 5U);
  EXPECT_EQ(staff.workers.at(2).counted[0], 8U);
}

TEST_F(ConfigMethodsTest, WhoTakesANumberOverStartsAtZero) {
  for (const char* prefix : {"a", "b"}) {
    std::string zones;
    for (int i = 1; i <= 255; ++i) {
      zones += "[[zone]]\nname = \"" + (prefix + std::to_string(i)) +
               "\"\nlink = \"venue\"\nvlans = [" + std::to_string(i) + "]\n";
    }
    file_.write(zones);
    EXPECT_EQ(result("config.reload")["zones"]["added"].size(), 255U);
    dataplane::ZoneStatus one{.lcore = 1, .link = 0, .zone = 9};
    one.counted[0] = 7;
    world_.status.zone_list = {one};
  }
  for (const ZoneCounts& zone : state_.zones(world_.status)) EXPECT_EQ(zone.all.counted[0], 0U);
  world_.status.zone_list[0].counted[0] = 10;
  std::uint64_t sum = 0;
  for (const ZoneCounts& zone : state_.zones(world_.status)) sum += zone.all.counted[0];
  EXPECT_EQ(sum, 3U);
}

TEST(BackgroundTest, FinishesOnThisThreadInOrder) {
  auto background = Background::start();
  ASSERT_TRUE(background);
  std::vector<int> order;
  const auto here = std::this_thread::get_id();
  for (int i = 0; i < 3; ++i) {
    (*background)
        ->run([&, here] { EXPECT_NE(std::this_thread::get_id(), here); },
              [&order, i, here] {
                EXPECT_EQ(std::this_thread::get_id(), here);
                order.push_back(i);
              });
  }
  for (int tries = 0; order.size() < 3 && tries < 5'000; ++tries) {
    (*background)->finish();
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

}  // namespace
}  // namespace gate511::control
