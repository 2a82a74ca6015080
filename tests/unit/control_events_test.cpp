// SPDX-License-Identifier: BSD-3-Clause
//
// Events: who gets which, what is held for those who come late or must not miss any, and that no
// one is waited for.
#include "control/events.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "control_fakes.hpp"

namespace gate511::control {
namespace {

class Events : public testing::Test {
 protected:
  static constexpr EventBus::Limits kSmall{.recent = 8,
                                           .recent_bytes = 1 << 20,
                                           .kept = 4,
                                           .kept_bytes = 1 << 20,
                                           .consumers = 2,
                                           .owed = 1'000};

  Events() {
    bus_.connect({.push =
                      [this](std::uint64_t connection, std::string_view lines) {
                        (got_[connection] += lines) += '\n';
                        return true;
                      },
                  .owed = [this](std::uint64_t connection) -> std::optional<std::size_t> {
                    if (connection == gone_) return std::nullopt;
                    return owed_;
                  },
                  .keep = [](std::uint64_t /*connection*/) {},
                  .close = [this](std::uint64_t connection) { closed_.push_back(connection); }});
  }

  /// The numbers of the events that a connection got since it was last asked.
  std::vector<int> seqs(std::uint64_t connection) {
    do {
      bus_.pump();
    } while (bus_.has_work());
    std::vector<int> found;
    std::istringstream lines{std::exchange(got_[connection], {})};
    for (std::string line; std::getline(lines, line);)
      found.push_back(Json::parse(line)["params"]["seq"].get<int>());
    return found;
  }
  void happen(std::string_view type, int times = 1) {
    for (int i = 0; i < times; ++i) bus_.emit(type, Json::object());
  }

  HandClock time_;
  EventBus bus_{time_.clock, kSmall};
  std::map<std::uint64_t, std::string> got_;
  std::vector<std::uint64_t> closed_;
  std::size_t owed_ = 0;
  std::uint64_t gone_ = 0;
};

TEST_F(Events, NothingIsHeldForLongerThanItMay) {
  bus_.set_keep_s(86'400);
  ASSERT_TRUE(bus_.subscribe(1, {.consumer = "billing"}));
  bus_.unsubscribe(1);
  happen("session.ended", 2);
  time_.advance_ms(86'399'000);
  happen("session.ended");
  bus_.drop_old();
  EXPECT_EQ(bus_.kept(), 3U);
  time_.advance_ms(2'000);
  bus_.drop_old();
  EXPECT_EQ(bus_.kept(), 1U);
  EXPECT_EQ(bus_.counts().dropped, 2U);
  const auto again = bus_.subscribe(2, {.since = 0, .consumer = "billing"});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->dropped, 2U) << "it is told";
  EXPECT_EQ(seqs(2), std::vector<int>{3});
  const auto latest = bus_.subscribe(3, {.since = 0});
  ASSERT_TRUE(latest);
  EXPECT_EQ(latest->oldest, 3U) << "nor among the latest";
}

TEST_F(Events, AreMadeNameless) {
  ASSERT_TRUE(bus_.subscribe(1, {.consumer = "billing"}));
  bus_.unsubscribe(1);
  const std::string text = "02:00:5e:00:53:01";
  const net::MacAddress mac = *net::parse_mac(text);
  for (int i = 0; i < 3; ++i) {
    bus_.emit_end(1, R"("reason":"idle","session":{"id":1,"mac":"02:00:5e:00:53:01","user":"ann",)"
                     R"("bind_ip":["192.0.2.7"]})");
  }
  bus_.emit("session.added", {{"session", {{"mac", "02:00:5e:00:53:02"}}}});
  EventBus::Search told{.mac = mac};
  while (bus_.search_some(told)) {
  }
  EXPECT_EQ(told.count, 3U);
  EXPECT_EQ(told.lines.size(), 3U);
  EventBus::Search taken{.mac = mac, .anonymizes = true};
  while (bus_.search_some(taken)) {
  }
  EXPECT_EQ(taken.count, 3U);
  EventBus::Search left{.mac = mac};
  while (bus_.search_some(left)) {
  }
  EXPECT_EQ(left.count, 0U);
  ASSERT_TRUE(bus_.subscribe(2, {.since = 0, .consumer = "billing"}));
  do {
    bus_.pump();
  } while (bus_.has_work());
  EXPECT_EQ(got_[2].find(text), std::string::npos);
  EXPECT_EQ(got_[2].find("192.0.2.7"), std::string::npos);
  EXPECT_NE(got_[2].find(R"("user":"ann")"), std::string::npos) << got_[2];
  EXPECT_NE(got_[2].find("02:00:5e:00:53:02"), std::string::npos);
}

TEST_F(Events, AreNotificationsWithNumberTypeAndTime) {
  ASSERT_TRUE(bus_.subscribe(1, {}));
  bus_.emit("port.down", {{"name", "net_tap0"}});
  bus_.emit("no.such.type", {});
  bus_.pump();
  EXPECT_EQ(got_[1], R"({"jsonrpc":"2.0","method":"event","params":{"seq":1,"time":1750000000,)"
                     R"("type":"port.down","name":"net_tap0"}})"
                     "\n");
}

TEST_F(Events, ReachThoseWhoWantThem) {
  ASSERT_TRUE(bus_.subscribe(1, {}));
  ASSERT_TRUE(bus_.subscribe(2, {.types = *EventBus::mask_of("port.up")}));
  happen("port.down");
  happen("port.up");
  EXPECT_EQ(seqs(1), (std::vector{1, 2}));
  EXPECT_EQ(seqs(2), (std::vector{2}));
  bus_.unsubscribe(1);
  happen("port.up");
  EXPECT_EQ(seqs(1), std::vector<int>{});
  EXPECT_EQ(seqs(2), std::vector{3});
}

TEST_F(Events, LateComersGetWhatIsHeldAndAreToldWhatTheyMissed) {
  happen("port.up", 10);
  const auto from_3 = bus_.subscribe(1, {.since = 3});
  ASSERT_TRUE(from_3);
  EXPECT_EQ(from_3->seq, 10U);
  EXPECT_EQ(from_3->oldest, 3U);
  EXPECT_EQ(from_3->missed, 0U);
  EXPECT_EQ(seqs(1), (std::vector{4, 5, 6, 7, 8, 9, 10}));
  const auto from_0 = bus_.subscribe(2, {.since = 0});
  EXPECT_EQ(from_0->missed, 2U);
  EXPECT_EQ(seqs(2).size(), 8U);
  const auto ahead = bus_.subscribe(3, {.since = 99});
  EXPECT_EQ(ahead->missed, 0U);
  EXPECT_EQ(seqs(3), std::vector<int>{});
}

TEST_F(Events, OneWhoIsOvertakenIsClosed) {
  ASSERT_TRUE(bus_.subscribe(1, {}));
  ASSERT_TRUE(bus_.subscribe(2, {}));
  owed_ = 1'001;
  happen("port.up", 8);
  EXPECT_EQ(seqs(1), std::vector<int>{});
  EXPECT_TRUE(closed_.empty());
  happen("port.up");
  bus_.pump();
  EXPECT_EQ(closed_, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(bus_.counts().overrun, 2U);
  EXPECT_EQ(bus_.subscribers(), 0U);
}

TEST_F(Events, OneWhoHasGoneIsForgotten) {
  ASSERT_TRUE(bus_.subscribe(1, {}));
  gone_ = 1;
  bus_.pump();
  EXPECT_EQ(bus_.subscribers(), 0U);
}

TEST_F(Events, EndsComeAgainUntilTheyAreAcknowledged) {
  ASSERT_TRUE(bus_.subscribe(1, {.consumer = "billing"}));
  happen("session.ended");
  happen("port.up");
  happen("session.ended");
  EXPECT_EQ(seqs(1), (std::vector{1, 2, 3}));
  bus_.unsubscribe(1);
  happen("session.ended");
  const auto again = bus_.subscribe(2, {.consumer = "billing"});
  EXPECT_EQ(again->kept, 3U);
  EXPECT_EQ(seqs(2), (std::vector{1, 3, 4}));
  EXPECT_EQ(bus_.acknowledge("billing", 3), 1U);
  EXPECT_EQ(bus_.acknowledge("billing", 1), 1U);
  EXPECT_EQ(bus_.acknowledge("other", 1), std::nullopt);
  bus_.unsubscribe(2);
  ASSERT_TRUE(bus_.subscribe(3, {.since = 1, .consumer = "billing"}));
  EXPECT_EQ(seqs(3), (std::vector{2, 4}));
  EXPECT_EQ(bus_.acknowledge("billing", 99), 0U);
  EXPECT_EQ(bus_.kept(), 0U);
}

TEST_F(Events, ANewConsumerGetsEndsFromBeforeIt) {
  happen("session.ended", 2);
  happen("port.up");
  ASSERT_TRUE(bus_.subscribe(1, {.since = 1, .consumer = "a"}));
  EXPECT_EQ(seqs(1), (std::vector{2, 3}));
  ASSERT_TRUE(bus_.subscribe(2, {.since = 0, .consumer = "b"}));
  EXPECT_EQ(seqs(2), (std::vector{1, 2, 3}));
  EXPECT_EQ(bus_.kept(), 2U);
  EXPECT_EQ(bus_.acknowledge("b", 2), 0U);
  EXPECT_EQ(bus_.kept(), 1U);
  EXPECT_EQ(bus_.subscribe(3, {.consumer = "c"}), std::nullopt);
  EXPECT_TRUE(bus_.forget("a"));
  EXPECT_FALSE(bus_.forget("a"));
  EXPECT_EQ(bus_.kept(), 0U);
  EXPECT_TRUE(bus_.subscribe(3, {.consumer = "c"}));
}

TEST_F(Events, WhatIsKeptIsBoundedAndTheLossIsTold) {
  ASSERT_TRUE(bus_.subscribe(1, {.consumer = "a"}));
  bus_.unsubscribe(1);
  happen("session.ended", 6);
  const auto again = bus_.subscribe(2, {.consumer = "a"});
  EXPECT_EQ(again->dropped, 2U);
  EXPECT_EQ(again->kept, 4U);
  EXPECT_EQ(bus_.counts().dropped, 2U);
  EXPECT_EQ(seqs(2), (std::vector{3, 4, 5, 6}));
}

TEST_F(Events, AConsumerHasOneConnection) {
  ASSERT_TRUE(bus_.subscribe(1, {.consumer = "a"}));
  ASSERT_TRUE(bus_.subscribe(2, {.consumer = "a"}));
  EXPECT_EQ(closed_, std::vector<std::uint64_t>{1});
  EXPECT_EQ(bus_.subscribers(), 1U);
}

class SessionEventsTest : public testing::Test {
 protected:
  std::vector<Json> events() {
    world_.settle();
    std::vector<Json> found;
    std::istringstream lines{std::exchange(world_.pushed[1], {})};
    for (std::string line; std::getline(lines, line);) found.push_back(Json::parse(line)["params"]);
    return found;
  }
  World world_;
  table::Key key_{net::MacAddress{0x02005e005301}, 0};
};

TEST_F(SessionEventsTest, TellASessionsLife) {
  ASSERT_TRUE(world_.events.subscribe(1, {}));
  const auto done = [](const Sessions::Revoked& /*revoked*/) {};
  ASSERT_TRUE(world_.add(key_, {.ttl_s = 10, .tag = "a \"b\" \\"}));
  ASSERT_TRUE(world_.add(key_, {.user = "ann"}));
  const std::uint32_t index = world_.table.look_up(key_).index;
  world_.workers.stuck = true;
  world_.sessions.revoke(key_, done);
  const auto before = events();
  ASSERT_EQ(before.size(), 2U);
  EXPECT_EQ(before[0]["type"], "session.added");
  EXPECT_EQ(before[0]["session"]["tag"], "a \"b\" \\");
  EXPECT_EQ(before[0]["session"]["ttl_s"], 10);
  EXPECT_EQ(before[1]["type"], "session.changed");
  EXPECT_EQ(before[1]["session"]["user"], "ann");
  // What a worker still counted before it saw the end is in the final counters.
  world_.status.traffic[index] = {7, 700, 8, 800};
  world_.workers.stuck = false;
  const auto after = events();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0], Json::parse(R"({"seq":3,"time":1750000000,"type":"session.ended",
    "reason":"revoked","session":{"id":1,"mac":"02:00:5e:00:53:01","state":"authenticated",
    "tag":"a \"b\" \\","user":"ann","created_at":1750000000,"packets_up":7,"bytes_up":700,
    "packets_down":8,"bytes_down":800,"rate_up_bps":0,"rate_down_bps":0,
    "idle_s":0,"quota_bytes":0,"class":"","bind_ip":false,"first_seen":1750000000,"last_seen":1750000000}})"));
}

TEST_F(SessionEventsTest, TellWhyASessionEnded) {
  ASSERT_TRUE(world_.add(key_, {.ttl_s = 10}));
  ASSERT_TRUE(world_.add({net::MacAddress{0x02005e005302}, 0}, {.ttl_s = 0}));
  ASSERT_TRUE(world_.events.subscribe(1, {}));
  world_.time.advance_ms(10'000);
  auto found = events();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["reason"], "expired");
  world_.sessions.revoke_matching({}, [](const Sessions::Revoked& /*revoked*/) {});
  found = events();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["reason"], "revoked");
  EXPECT_EQ(found[0]["session"]["mac"], "02:00:5e:00:53:02");
}

}  // namespace
}  // namespace gate511::control
