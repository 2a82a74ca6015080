// SPDX-License-Identifier: BSD-3-Clause
//
// All methods over stand-ins, called as a client calls them.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "control/capture.hpp"
#include "control/service.hpp"
#include "control/service_clients.hpp"
#include "control/service_config.hpp"
#include "control/service_garden.hpp"
#include "control/service_records.hpp"
#include "control/service_session_changes.hpp"
#include "control/service_subject.hpp"
#include "control_fakes.hpp"

namespace gate511::control {

class ServiceTest : public testing::Test {
 protected:
  explicit ServiceTest(KeyKind kind = KeyKind::kMac)
      : world_{4, kind},
        service_{{world_.sessions, world_.grace, world_.status, world_.time.clock, "0.1.0",
                  world_.keys, world_.events, config_, world_.jobs, world_.ledger, numbers_}},
        client_methods_{{world_.clients, world_.announcements, world_.sessions, world_.sightings,
                         world_.shared, world_.time.clock, world_.keys},
                        service_.dispatcher()},
        session_change_methods_{
            {world_.sessions, world_.time.clock,
             [this](std::string_view change) { return service_.not_seen(change); },
             [this](std::string_view change) { return service_.not_stored(change); }, world_.keys,
             [this] { return service_.backed_up(); }},
            service_.dispatcher()},
        garden_methods_{{config_, world_.grace, garden_permits_,
                         [this](std::string_view change) { return service_.not_seen(change); }},
                        service_.dispatcher()},
        capture_methods_{
            {config_, taps_, world_.status, world_.grace, world_.time.clock, world_.jobs,
             [this](const Caller&, const std::string& mac, std::uint64_t) {
               captures_.push_back("began " + mac);
             },
             [this](const CaptureMethods::Ended& ended) {
               captures_.push_back("ended " + ended.why + " " + std::to_string(ended.frames));
             }},
            service_.dispatcher()},
        config_methods_{{config_, world_.sessions, world_.grace, world_.events, world_.status,
                         [this](std::string_view change) { return service_.not_seen(change); },
                         [](const auto& work, const auto& then) {
                           work();
                           then();
                         }},
                        service_.dispatcher()} {
    auto snapshot = build_snapshot(*config_.config(), config_.numbers());
    if (snapshot) slot_.snapshot = std::move(*snapshot);
    config_methods_.publish_to(slot_);
    garden_methods_.publish_to(slot_);
  }

  /// A reload with `text` at the end of the file.
  void enable(const std::string& text) {
    file_.write(text);
    config_.replace(std::make_shared<const Config>(file_.load()), config_.numbers(), world_.status);
  }
  void send(const std::string& method, const Json& params, Json& answer) {
    const Json request{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    service_.dispatcher().handle(caller_, request.dump(), [&answer](const std::string& line) {
      answer = Json::parse(line);
    });
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

  World world_;
  ConfigFile file_;
  ConfigState config_{file_.load()};
  HandSlot slot_;
  numbers::Recorder numbers_{{world_.status, world_.time.clock, world_.sessions, config_,
                              world_.events, world_.ledger, world_.clients, "0.1.0"}};
  Service service_;
  ClientMethods client_methods_;
  SessionChangeMethods session_change_methods_;
  GardenPermits garden_permits_{config_};
  GardenMethods garden_methods_;
  HandTaps taps_;
  std::vector<std::string> captures_;  ///< what was told of them
  CaptureMethods capture_methods_;
  ConfigMethods config_methods_;
  RecordMethods record_methods_{service_.dispatcher()};
  SubjectMethods subject_methods_{
      {world_.sessions, world_.clients, world_.events, world_.ledger, world_.grace, world_.jobs,
       world_.keys, world_.shared, world_.time.clock, [] {},
       [](const auto& work, const auto& then) {
         work();
         then();
       },
       [this](std::string_view change) { return service_.not_seen(change); }},
      service_.dispatcher()};
  Caller caller_{.rights = Access::kRoot, .connection = 1, .user = "uid 0"};
};

class ServiceWithVlanTest : public ServiceTest {
 protected:
  ServiceWithVlanTest() : ServiceTest{KeyKind::kMacVlan} {}
};

inline constexpr const char* kMac = "02:00:5e:00:53:01";

}  // namespace gate511::control
