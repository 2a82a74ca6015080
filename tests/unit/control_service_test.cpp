// SPDX-License-Identifier: BSD-3-Clause
//
// The methods as a client sees them, and their contract: docs/openrpc.json names exactly these,
// and its examples are accepted.
#include "control/service.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "control/service_config.hpp"
#include "control_fakes.hpp"

namespace gate511::control {
namespace {

class ServiceTest : public testing::Test {
 protected:
  explicit ServiceTest(bool key_has_vlan = false)
      : service_{{world_.sessions, world_.grace, world_.status, world_.time.clock, "0.1.0",
                  key_has_vlan, config_}} {
    auto snapshot = build_snapshot(*config_.config(), config_.numbers());
    if (snapshot) slot_.snapshot = std::move(*snapshot);
    config_methods_.publish_to(slot_);
  }

  void send(const std::string& method, const Json& params, Json& answer) {
    const Json request{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    service_.dispatcher().handle(
        request.dump(), [&answer](const std::string& line) { answer = Json::parse(line); });
  }
  Json call(const std::string& method, const Json& params = Json::object()) {
    Json answer;
    send(method, params, answer);
    world_.settle();
    return answer;
  }
  Json result(const std::string& method, const Json& params = Json::object()) {
    const Json answer = call(method, params);
    EXPECT_TRUE(answer.contains("result")) << answer;
    return answer.value("result", Json{});
  }
  /// Code and message.
  std::string error(const std::string& method, const Json& params) {
    const Json answer = call(method, params);
    if (!answer.contains("error")) return "no error: " + answer.dump();
    return std::to_string(answer["error"]["code"].get<int>()) + " " +
           answer["error"]["message"].get<std::string>();
  }

  World world_{4};
  ConfigFile file_;
  ConfigState config_{file_.load()};
  HandSlot slot_;
  Service service_;
  ConfigMethods config_methods_{service_.dispatcher(),
                                {config_, world_.sessions, world_.grace, world_.status,
                                 [](const auto& work, const auto& then) {
                                   work();
                                   then();
                                 }}};
};

class ServiceWithVlanTest : public ServiceTest {
 protected:
  ServiceWithVlanTest() : ServiceTest{true} {}
};

const char* const kMac = "02:00:5e:00:53:01";

TEST_F(ServiceTest, Hello) {
  const Json hello = result("hello");
  EXPECT_EQ(hello["program"], "gate511");
  EXPECT_EQ(hello["version"], "0.1.0");
  EXPECT_EQ(hello["protocol"], "1.0");
  EXPECT_EQ(hello["features"], Json::array());
}

TEST_F(ServiceTest, ASessionsLife) {
  const Json added =
      result("session.add",
             {{"mac", "02-00-5E-00-53-01"}, {"ttl_s", 3600}, {"tag", "room-12"}, {"user", "ann"}});
  EXPECT_EQ(added["created"], true);
  EXPECT_EQ(added["generation"], 1);
  EXPECT_EQ(added["session"], Json::parse(R"({"id":1,"mac":"02:00:5e:00:53:01",
    "state":"authenticated","tag":"room-12","user":"ann","created_at":1750000000,"ttl_s":3600,
    "expires_at":1750003600,"packets_up":0,"bytes_up":0,"packets_down":0,"bytes_down":0})"));
  EXPECT_EQ(result("session.add", {{"mac", kMac}, {"state", "blocked"}})["created"], false);
  const Json got = result("session.get", {{"mac", kMac}});
  EXPECT_EQ(got["session"]["state"], "blocked");
  EXPECT_EQ(got["generation"], 2);
  EXPECT_EQ(result("session.list", {{"state", "blocked"}})["sessions"].size(), 1U);
  EXPECT_EQ(result("session.list", {{"tag", "x"}})["sessions"].size(), 0U);
  const Json revoked = result("session.revoke", {{"mac", kMac}});
  EXPECT_EQ(revoked["existed"], true);
  EXPECT_EQ(revoked["revoked"], 1);
  EXPECT_EQ(revoked["session"]["tag"], "room-12");
  EXPECT_EQ(error("session.get", {{"mac", kMac}}), "-32001 02:00:5e:00:53:01 has no session");
  EXPECT_EQ(result("session.revoke", {{"mac", kMac}}),
            Json::parse(R"({"existed":false,"revoked":0,"generation":3})"));
}

TEST_F(ServiceTest, AddsManyEachForItself) {
  const Json many = result("session.add", {{"sessions",
                                            {{{"mac", kMac}},
                                             {{"mac", "ff:ff:ff:ff:ff:ff"}},
                                             {{"mac", "02:00:5e:00:53:02"}, {"ttl", 1}},
                                             {{"mac", "02:00:5e:00:53:03"}},
                                             7}}});
  const Json& results = many["results"];
  ASSERT_EQ(results.size(), 5U);
  EXPECT_EQ(results[0]["created"], true);
  EXPECT_EQ(results[1]["error"]["data"]["reason"], "BAD_MAC");
  EXPECT_EQ(results[2]["error"]["code"], -32602);
  EXPECT_EQ(results[3]["session"]["mac"], "02:00:5e:00:53:03");
  EXPECT_EQ(results[4]["error"]["message"], "must be an object");
}

TEST_F(ServiceTest, SaysWhatIsWrong) {
  EXPECT_EQ(error("session.add", Json::object()), "-32602 `mac` is missing");
  EXPECT_EQ(error("session.add", {{"mac", "room-12"}}),
            "-32003 `room-12` is no MAC address; write it like 02:00:5e:00:53:01");
  EXPECT_EQ(error("session.add", {{"mac", "01:00:5e:00:53:01"}}),
            "-32003 01:00:5e:00:53:01 is a group address; give the address of a station");
  EXPECT_EQ(error("session.add", {{"mac", "00:00:00:00:00:00"}}),
            "-32003 00:00:00:00:00:00 is zero; give the address of a station");
  EXPECT_EQ(error("session.add", {{"mac", kMac}, {"ttl", 1}}),
            "-32602 unknown parameter `ttl`; known are mac, vlan, state, ttl_s, expires_at, tag, "
            "user");
  EXPECT_EQ(error("session.add", {{"mac", kMac}, {"ttl_s", 1}, {"expires_at", kUnixStart_s + 1}}),
            "-32602 `ttl_s` and `expires_at` are given; give one of them");
  EXPECT_EQ(error("session.add", {{"mac", kMac}, {"expires_at", kUnixStart_s}}),
            "-32602 `expires_at` 1750000000 is past: it is 1750000000 now");
  EXPECT_EQ(error("session.add", {{"mac", kMac}, {"vlan", 5}}),
            "-32602 `vlan` is no part of a session's key here; leave it out, or set sessions.key "
            "= \"mac+vlan\" in the configuration");
  EXPECT_EQ(error("session.add", {{"mac", kMac}, {"sessions", Json::array()}}),
            "-32602 unknown parameter `mac`; known are sessions");
  EXPECT_EQ(error("session.list", {{"limit", 501}}),
            "-32602 `limit` must be an integer from 1 to 500");
  const std::string choose = "-32602 give one of `mac` (with `vlan`), `tag` and `all`: true";
  for (const Json& params :
       {Json::object(), Json{{"all", false}}, Json{{"mac", kMac}, {"all", true}},
        Json{{"tag", "a"}, {"mac", kMac}}, Json{{"tag", ""}}})
    EXPECT_EQ(error("session.revoke", params), choose) << params;
  EXPECT_EQ(error("hello", {{"x", 1}}), "-32602 unknown parameter `x`; the method takes none");
  EXPECT_EQ(world_.table.size(), 0U);
}

TEST_F(ServiceTest, FullTableIsSaid) {
  for (int i = 1; i <= 4; ++i)
    result("session.add", {{"mac", "02:00:5e:00:53:0" + std::to_string(i)}});
  EXPECT_EQ(error("session.add", {{"mac", "02:00:5e:00:53:09"}}),
            "-32002 4 sessions are held, which is sessions.capacity; revoke some, or raise it in "
            "the configuration");
  EXPECT_EQ(result("session.revoke", {{"all", true}})["revoked"], 4);
}

TEST_F(ServiceTest, AStuckWorkerIsNamed) {
  world_.status.numbers.workers = {{.lcore = 1, .loops = 7}, {.lcore = 2, .loops = 7}};
  result("session.add", {{"mac", kMac}});
  world_.workers.stuck = true;
  Json answer;
  send("session.revoke", {{"mac", kMac}}, answer);
  for (int i = 0; i < 4; ++i) {
    service_.tick();
    ++world_.status.numbers.workers[0].loops;
    world_.time.advance_ms(250);
    world_.settle();
  }
  ASSERT_TRUE(answer.contains("error"));
  EXPECT_EQ(answer["error"]["message"],
            "worker on lcore 2 has not passed a quiescent point for 1 s; the revocation stands, "
            "but that worker may not have seen it yet");
  EXPECT_EQ(answer["error"]["data"],
            Json::parse(R"({"reason":"BUSY","lcores":[2],"generation":2})"));
  // Another client is served meanwhile.
  EXPECT_EQ(result("session.list")["sessions"].size(), 0U);
  EXPECT_EQ(result("health")["problems"][0]["what"], "the worker on lcore 2 has not moved for 1 s");
}

TEST_F(ServiceTest, StatsShowTheInvariant) {
  dataplane::WorkerStatus worker{.lcore = 1, .loops = 100, .bursts = 3, .frames_in = 6};
  worker.verdicts[static_cast<std::size_t>(policy::Verdict::kSession)] = 3;
  worker.verdicts[static_cast<std::size_t>(policy::Verdict::kPage)] = 2;
  worker.verdicts[static_cast<std::size_t>(policy::Verdict::kGuestDenied)] = 1;
  world_.status.numbers = {.uptime_s = 5,
                           .mbufs_total = 10,
                           .mbufs_in_use = 2,
                           .huge_pages = true,
                           .workers = {worker, worker}};
  result("session.add", {{"mac", kMac}});
  const Json stats = result("stats.get");
  EXPECT_EQ(stats["frames_in"], 12);
  EXPECT_EQ(stats["forwarded"], 6);
  EXPECT_EQ(stats["answered"], 4);
  EXPECT_EQ(stats["held"], 0);
  EXPECT_EQ(stats["dropped"], 2);
  EXPECT_EQ(stats["verdicts"]["guest_denied"], 2);
  EXPECT_EQ(stats["verdicts"].size(), policy::kVerdictCount);
  EXPECT_EQ(stats["workers"][1]["forwarded"], 3);
  EXPECT_EQ(stats["mbufs"], Json::parse(R"({"total":10,"in_use":2})"));
  EXPECT_EQ(stats["sessions"], Json::parse(R"({"total":1,"authenticated":1,"restricted":0,
    "blocked":0,"capacity":4,"in_limbo":0})"));
  EXPECT_EQ(stats["uptime_s"], 5);
  EXPECT_EQ(stats["huge_pages"], true);
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
  ASSERT_EQ(health["problems"].size(), 3U);
  EXPECT_EQ(health["problems"][0]["what"], "access port p0 of link venue is down");
  EXPECT_EQ(health["problems"][1]["what"], "91 of 100 packet buffers are in use");
  EXPECT_EQ(health["problems"][2]["what"], "4 of 4 sessions are held");
  for (const Json& problem : health["problems"])
    EXPECT_FALSE(problem["cure"].get<std::string>().empty());
}

TEST_F(ServiceTest, ShutdownIsAnsweredThenSeen) {
  EXPECT_FALSE(service_.shutdown_requested());
  EXPECT_EQ(result("shutdown")["stopping"], true);
  EXPECT_TRUE(service_.shutdown_requested());
}

TEST_F(ServiceWithVlanTest, VlanIsPartOfTheKey) {
  EXPECT_EQ(result("hello")["features"], Json::array({"session.vlan"}));
  EXPECT_EQ(result("session.add", {{"mac", kMac}, {"vlan", 20}})["session"]["vlan"], 20);
  EXPECT_EQ(result("session.add", {{"mac", kMac}})["created"], true);
  EXPECT_EQ(result("session.list", {{"vlan", 20}})["sessions"].size(), 1U);
  EXPECT_EQ(result("session.revoke", {{"mac", kMac}, {"vlan", 30}})["existed"], false);
  EXPECT_EQ(result("session.revoke", {{"mac", kMac}, {"vlan", 20}})["existed"], true);
  EXPECT_EQ(result("session.get", {{"mac", kMac}})["session"]["vlan"], 0);
  EXPECT_EQ(error("session.revoke", {{"tag", "a"}, {"vlan", 20}}),
            "-32602 give one of `mac` (with `vlan`), `tag` and `all`: true");
  EXPECT_EQ(error("session.get", {{"mac", kMac}, {"vlan", 4095}}),
            "-32602 `vlan` must be an integer from 0 to 4094");
}

/// Whether `value` has the members that `schema` requires, and no others.
void expect_shape(const Json& document, Json schema, const Json& value, const std::string& where) {
  if (schema.contains("$ref")) {
    const std::string pointer = schema["$ref"].get<std::string>().substr(1);
    schema = document.at(Json::json_pointer{pointer});
  }
  if (schema.contains("oneOf")) {
    const Json& shapes = schema["oneOf"];
    for (const Json& shape : shapes) {
      if (value.contains(shape["required"][0].get<std::string>()))
        return expect_shape(document, shape, value, where);
    }
    FAIL() << where << ": fits no shape: " << value;
  }
  if (schema.value("type", Json{}) == "array") {
    ASSERT_TRUE(value.is_array()) << where;
    for (const Json& item : value) expect_shape(document, schema["items"], item, where + "[]");
  }
  if (!schema.contains("properties")) return;
  ASSERT_TRUE(value.is_object()) << where;
  for (const Json& name : schema["required"])
    EXPECT_TRUE(value.contains(name.get<std::string>())) << where << "." << name;
  for (const auto& [name, member] : value.items()) {
    ASSERT_TRUE(schema["properties"].contains(name)) << where << "." << name;
    expect_shape(document, schema["properties"][name], member, where + "." + name);
  }
}

TEST_F(ServiceTest, OpenRpcDocumentIsTheContract) {
  const Json document = Json::parse(std::ifstream{GATE511_OPENRPC});
  EXPECT_EQ(document["info"]["version"], kProtocolVersion);
  std::set<std::string> documented;
  for (const Json& method : document["methods"]) documented.insert(method["name"]);
  const auto methods = service_.dispatcher().methods();
  EXPECT_EQ(documented, (std::set<std::string>{methods.begin(), methods.end()}));

  world_.status.numbers.workers.resize(1);
  world_.status.port_list.resize(1);
  for (const Json& method : document["methods"]) {
    const std::string name = method["name"];
    ASSERT_FALSE(method["examples"].empty()) << name;
    for (const Json& example : method["examples"]) {
      result("session.add", {{"mac", kMac}, {"tag", "room-12"}});
      Json params = Json::object();
      for (const Json& param : example["params"])
        params[param["name"].get<std::string>()] = param["value"];
      const Json got = result(name, params);
      const Json& schema = method["result"]["schema"];
      expect_shape(document, schema, got, name);
      expect_shape(document, schema, example["result"]["value"], name + " example");
    }
    // Parameters that are documented are known, and no others.
    Json unknown{{"unknown", 1}};
    EXPECT_TRUE(error(name, unknown).starts_with("-32602 unknown parameter `unknown`")) << name;
    for (const Json& param : method["params"]) {
      const std::string param_name = param["name"];
      if (param_name == "sessions") continue;
      EXPECT_NE(error(name, unknown).find(param_name), std::string::npos) << name << param_name;
    }
  }
}

}  // namespace
}  // namespace gate511::control
