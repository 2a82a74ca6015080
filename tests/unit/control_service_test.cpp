// SPDX-License-Identifier: BSD-3-Clause
//
// The methods as a client sees them, and their contract: docs/openrpc.json names exactly these,
// and its examples are accepted.
#include "control/service.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "control_service_fixture.hpp"

namespace gate511::control {
namespace {

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
    "expires_at":1750003600,"packets_up":0,"bytes_up":0,"packets_down":0,"bytes_down":0,
    "rate_up_bps":0,"rate_down_bps":0,"idle_s":0,"quota_bytes":0,"class":"","bind_ip":false,"first_seen":null,"last_seen":null})"));
  EXPECT_EQ(result("session.add", {{"mac", kMac}, {"state", "blocked"}})["created"], false);
  EXPECT_EQ(error("session.add", {{"mac", kMac}, {"only_new", true}, {"ttl_s", 1}}),
            "-32011 02:00:5e:00:53:01 has a session already; leave out `only_new` to change it");
  const Json got = result("session.get", {{"mac", kMac}});
  EXPECT_EQ(got["session"]["state"], "blocked");
  EXPECT_EQ(got["generation"], 2);
  EXPECT_EQ(result("session.list", {{"state", "blocked"}})["sessions"].size(), 1U);
  EXPECT_EQ(result("session.list", {{"tag", "x"}})["sessions"].size(), 0U);
  EXPECT_EQ(result("session.list", {{"user", "x"}})["sessions"].size(), 0U);
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
            "-32602 unknown parameter `ttl`; known are mac, vlan, link, state, ttl_s, expires_at, "
            "rate_up_bps, rate_down_bps, idle_s, quota_bytes, tag, user, class, bind_ip, only_new");
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
  const std::string choose =
      "-32602 give one of `mac` (with `vlan` and `link`), `tag`, `user` and `all`: true";
  for (const Json& params :
       {Json::object(), Json{{"all", false}}, Json{{"mac", kMac}, {"all", true}},
        Json{{"tag", "a"}, {"mac", kMac}}, Json{{"tag", "a"}, {"user", "b"}}, Json{{"tag", ""}},
        Json{{"user", ""}}})
    EXPECT_EQ(error("session.revoke", params), choose) << params;
  EXPECT_EQ(error("hello", {{"x", 1}}), "-32602 unknown parameter `x`; the method takes none");
  EXPECT_EQ(world_.table.size(), 0U);
}

TEST_F(ServiceTest, CallersDoWhatTheyMay) {
  const std::string hint =
      "; connect to control.socket, or have control.tls_clients give this name the right";
  caller_.rights = Access::kStatus;
  for (const char* method : {"hello", "health", "stats.get", "port.list"}) result(method);
  EXPECT_EQ(error("session.get", {{"mac", kMac}}),
            "-32005 `session.get` needs the right to read" + hint);
  EXPECT_EQ(error("shutdown", Json::object()),
            "-32005 `shutdown` needs the right to change" + hint);
  EXPECT_EQ(error("nothing", Json::object()), "-32601 unknown method `nothing`");
  EXPECT_FALSE(service_.shutdown_requested());
  caller_.rights = Access::kRead;
  EXPECT_EQ(error("session.get", {{"mac", kMac}}), "-32001 02:00:5e:00:53:01 has no session");
  EXPECT_EQ(error("session.add", {{"mac", kMac}}),
            "-32005 `session.add` needs the right to change" + hint);
  EXPECT_EQ(call("session.revoke", {{"all", true}})["error"]["data"]["reason"], "READ_ONLY");
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
  worker.answers.answers[static_cast<std::size_t>(http::AnswerKind::kRedirect)][0] = 2;
  worker.answers.answers[http::kHeadAnswer][1] = 1;
  worker.answers.probes[http::ProbeNumbers::of("nintendo")] = 2;
  world_.status.numbers = {.uptime_s = 5,
                           .mbufs_total = 10,
                           .mbufs_in_use = 2,
                           .huge_pages = true,
                           .opened = {},
                           .workers = {worker, worker}};
  result("session.add", {{"mac", kMac}});
  const Json stats = result("stats.get");
  EXPECT_EQ(stats["snapshot"], (Json{{"number", 1}, {"taken_ms", kUnixStart_s * 1'000}}));
  EXPECT_EQ(result("stats.get")["snapshot"]["number"], 2);
  EXPECT_EQ(stats["frames_in"], 12);
  EXPECT_EQ(stats["forwarded"], 6);
  EXPECT_EQ(stats["answered"], 4);
  EXPECT_EQ(stats["held"], 0);
  EXPECT_EQ(stats["dropped"], 2);
  EXPECT_EQ(stats["verdicts"]["guest_denied"], 2);
  EXPECT_EQ(stats["verdicts"].size(), policy::kVerdictCount);
  EXPECT_EQ(stats["answers"]["redirect"], Json::parse(R"({"full":4,"compact":0,"tiny":0})"));
  EXPECT_EQ(stats["answers"]["head"], Json::parse(R"({"full":0,"compact":2,"tiny":0})"));
  EXPECT_EQ(stats["answers"].size(), http::kCountedAnswers);
  EXPECT_EQ(stats["probes"], Json::parse(R"({"nintendo":4})"));
  EXPECT_EQ(stats["workers"][1]["forwarded"], 3);
  EXPECT_EQ(stats["mbufs"], Json::parse(R"({"total":10,"in_use":2})"));
  EXPECT_EQ(stats["sessions"], Json::parse(R"({"total":1,"authenticated":1,"restricted":0,
    "blocked":0,"capacity":4,"in_limbo":0})"));
  EXPECT_EQ(stats["uptime_s"], 5);
  EXPECT_EQ(stats["huge_pages"], true);
}

TEST_F(ServiceTest, ShutdownIsAnsweredThenSeen) {
  EXPECT_FALSE(service_.shutdown_requested());
  EXPECT_EQ(result("shutdown")["stopping"], true);
  EXPECT_TRUE(service_.shutdown_requested());
}

/// A disk that neither takes anything nor says that it does not.
class HungStore final : public store::Store {
 public:
  void scrub(Done /*done*/) override {}
  void write(store::Changes changes, std::uint64_t /*unix_ms*/, Failing /*failing*/,
             Done /*done*/) override {
    changes_ += changes.size();
  }
  [[nodiscard]] int fd() const override { return -1; }
  void finish() override {}
  [[nodiscard]] std::size_t owed() const override { return 1; }
  [[nodiscard]] std::size_t owed_changes() const override { return changes_; }
  [[nodiscard]] Status status() const override { return {}; }

  std::size_t changes_ = Ledger::kMaxWaiting - 1;
};

TEST_F(ServiceTest, IsBusyWhileTooMuchWaitsForADiskThatHangs) {
  HungStore store;
  world_.ledger.connect(store, 0, false);
  EXPECT_TRUE(call("session.add", {{"mac", kMac}}).is_null()) << "it waits";
  const std::string busy =
      "-32006 the store's disk does not answer, and 262144 changes wait for it; nothing was "
      "changed, ask again when it does";
  EXPECT_EQ(error("session.add", {{"mac", "02:00:5e:00:53:02"}}), busy);
  EXPECT_EQ(error("session.add", {{"sessions", Json::array({Json{{"mac", kMac}}})}}), busy);
  EXPECT_EQ(error("session.extend", {{"mac", kMac}, {"ttl_s", 9}}), busy);
  EXPECT_EQ(error("session.move", {{"mac", kMac}, {"to_mac", "02:00:5e:00:53:03"}}), busy);
  EXPECT_EQ(world_.table.size(), 1U);
  // What takes a right away is never refused.
  EXPECT_TRUE(call("session.revoke", {{"mac", kMac}}).is_null());
  EXPECT_EQ(world_.table.size() - world_.table.in_limbo(), 0U);
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
            "-32602 give one of `mac` (with `vlan` and `link`), `tag`, `user` and `all`: true");
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
  if (value.is_null() && schema["type"] == Json::array({"object", "null"})) return;
  ASSERT_TRUE(value.is_object()) << where;
  for (const Json& name : schema["required"])
    EXPECT_TRUE(value.contains(name.get<std::string>())) << where << "." << name;
  for (const auto& [name, member] : value.items()) {
    ASSERT_TRUE(schema["properties"].contains(name)) << where << "." << name;
    expect_shape(document, schema["properties"][name], member, fmt::format("{}.{}", where, name));
  }
}

TEST_F(ServiceTest, OpenRpcDocumentKnowsEveryEvent) {
  const Json document = Json::parse(std::ifstream{GATE511_OPENRPC});
  std::vector<std::string> documented;
  std::map<std::string, Json> schemas;
  for (const Json& notification : document["x-notifications"]) {
    const std::string type = notification["type"];
    documented.push_back(type);
    schemas[type] = notification["params"];
    expect_shape(document, notification["params"], notification["example"]["params"], type);
    EXPECT_EQ(notification["example"]["params"]["type"], type);
  }
  EXPECT_EQ(documented,
            (std::vector<std::string>{EventBus::kTypes.begin(), EventBus::kTypes.end()}));

  world_.status.numbers.workers = {{.lcore = 1, .loops = 7}};
  world_.status.port_list = {{"p0", "venue", "access", "net_af_packet", "", true}};
  result("events.subscribe");
  service_.tick();
  result("session.add", {{"mac", kMac}});
  result("session.add", {{"mac", kMac}, {"tag", "a"}});
  result("session.revoke", {{"mac", kMac}});
  for (const bool is_well : {false, true}) {
    world_.status.port_list[0].up = is_well;
    for (int i = 0; i < 20; ++i) {
      world_.status.numbers.workers[0].loops += is_well ? 1 : 0;
      world_.time.advance_ms(250);
      service_.tick();
    }
  }
  world_.settle();
  std::vector<std::string> happened;
  std::istringstream lines{world_.pushed[1]};
  for (std::string line; std::getline(lines, line);) {
    const Json params = Json::parse(line)["params"];
    happened.push_back(params["type"]);
    expect_shape(document, schemas[params["type"]], params, happened.back());
  }
  EXPECT_EQ(happened, (std::vector<std::string>{"session.added", "session.changed", "session.ended",
                                                "worker.stuck", "port.down", "alarm.raised",
                                                "alarm.raised", "worker.recovered", "port.up",
                                                "alarm.cleared", "alarm.cleared"}));
}

TEST_F(ServiceTest, SubscribesAndAcknowledges) {
  EXPECT_EQ(result("events.subscribe", {{"types", {"session.ended"}}, {"consumer", "billing"}}),
            Json::parse(R"({"seq":0,"oldest_seq":1,"missed":0,"kept":0,"dropped":0})"));
  result("session.add", {{"mac", kMac}});
  result("session.revoke", {{"mac", kMac}});
  const Json event = Json::parse(world_.pushed[1]);
  EXPECT_EQ(event["params"]["seq"], 2);
  EXPECT_EQ(result("events.subscribe", {{"since", 0}, {"consumer", "billing"}})["kept"], 1);
  EXPECT_EQ(result("events.acknowledge", {{"consumer", "billing"}, {"seq", 2}})["kept"], 0);
  EXPECT_EQ(result("stats.get")["control"]["events"],
            Json::parse(R"({"seq":2,"subscribers":1,"overrun":0,"consumers":1,"kept":0,
                            "dropped":0})"));
  EXPECT_EQ(error("events.acknowledge", {{"consumer", "other"}, {"seq", 2}}),
            "-32001 there is no consumer `other`");
  EXPECT_EQ(error("events.acknowledge", {{"consumer", "billing"}}),
            "-32602 give one of `seq` and `forget`: true");
  EXPECT_EQ(error("events.acknowledge", {{"seq", 1}}), "-32602 `consumer` is missing");
  EXPECT_EQ(error("events.subscribe", {{"consumer", ""}}),
            "-32602 `consumer` is empty; give a name");
  EXPECT_EQ(error("events.subscribe", {{"types", {"session.gone"}}}),
            "-32602 `types` holds what is none; types are session.added, session.changed, "
            "session.ended, config.reloaded, port.up, port.down, worker.stuck, worker.recovered, "
            "alarm.raised, alarm.cleared, client.refused, router.learnt, router.changed, "
            "router.lost, router.refused, guard.dropped, "
            "session.foreign_address, capport.inserted, capport.left_alone, client.seen");
  EXPECT_EQ(error("events.subscribe", {{"since", -1}}),
            "-32602 `since` must be an integer from 0 to 9223372036854775807");
  EXPECT_EQ(result("events.acknowledge", {{"consumer", "billing"}, {"forget", true}})["kept"], 0);
  caller_.rights = Access::kRead;
  result("events.subscribe");
  EXPECT_EQ(error("events.subscribe", {{"consumer", "billing"}}),
            "-32005 `consumer` needs the right to change, since what it has not acknowledged is "
            "kept for it; leave it out");
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
  enable("[capture]\nenabled = true\n");
  caller_.uid = 0;
  for (const Json& method : document["methods"]) {
    const std::string name = method["name"];
    ASSERT_FALSE(method["examples"].empty()) << name;
    for (const Json& example : method["examples"]) {
      result("session.add", {{"mac", kMac}, {"tag", "room-12"}});
      result("events.subscribe", {{"consumer", "billing"}});
      world_.clients.add(
          {.address = *net::parse_ip("192.0.2.100"), .client = *net::parse_mac(kMac)});
      Json params = Json::object();
      for (const Json& param : example["params"])
        params[param["name"].get<std::string>()] = param["value"];
      const Json& schema = method["result"]["schema"];
      if (name == "capture.read" || name == "capture.stop")
        result("capture.start", {{"mac", kMac}, {"seconds", 5}});
      if (name == "records.find") {
        // None are kept here; what is answered where they are, smoke/records and records_test see.
        EXPECT_TRUE(error(name, params).starts_with("-32001 no records are kept")) << name;
      } else {
        expect_shape(document, schema, result(name, params), name);
      }
      expect_shape(document, schema, example["result"]["value"], name + " example");
      capture_methods_.gone(caller_.connection);
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
