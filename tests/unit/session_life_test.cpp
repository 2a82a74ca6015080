// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions that end by silence, and by what they have used.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "control/session_json.hpp"
#include "control_fakes.hpp"

namespace gate511::control {
namespace {

using table::State;

class Told : public SessionListener {
 public:
  std::vector<std::string> all;

  void session_added(const SessionRef& /*session*/) override { all.emplace_back("added"); }
  void session_changed(const SessionRef& session) override {
    all.emplace_back("changed " + std::string{state_name(session.record.state)});
  }
  void session_ended(const SessionRef& session, EndReason reason) override {
    all.emplace_back("ended " + std::string{reason_name(reason)} + " after " +
                     std::to_string(session.traffic.bytes_up + session.traffic.bytes_down));
  }
};

class SessionLifeTest : public testing::Test {
 protected:
  SessionLifeTest() { world_.sessions.set_listener(&told_); }

  static table::Key key() { return {net::MacAddress{0x02005e005301}, 0}; }
  void add(const SessionFields& fields) {
    ASSERT_TRUE(world_.add(key(), fields));
    world_.settle();
    told_.all.clear();
  }
  /// Of a session that has counted 600 bytes, by workers that do not come round.
  void begin_move(table::Key to) {
    add({});
    send(600);
    world_.workers.stuck = true;
    ASSERT_EQ(world_.sessions.move(key(), to, [](Sessions::Settled /*settled*/) {}),
              Sessions::Refusal::kNone);
  }
  void send(std::uint64_t bytes) {
    table::TrafficCounts& counts = world_.status.traffic[world_.sessions.find(key())->record.index];
    ++counts.packets_up;
    counts.bytes_up += bytes;
  }
  /// In steps of 100 ms, as the control thread comes by; `ms` is a multiple of them.
  void pass_ms(std::uint64_t ms) {
    for (; ms > 0; ms -= 100) {
      world_.time.advance_ms(100);
      world_.settle();
    }
  }
  bool lives() { return world_.sessions.find(key()).has_value(); }

  World world_;
  Told told_;
};

TEST_F(SessionLifeTest, SilenceEndsIt) {
  add({.idle_s = 60});
  pass_ms(59'900);
  EXPECT_TRUE(lives());
  pass_ms(100);
  EXPECT_FALSE(lives());
  EXPECT_EQ(told_.all, std::vector<std::string>{"ended idle after 0"});
  EXPECT_EQ(world_.table.size(), 0U);
}

TEST_F(SessionLifeTest, EachFramePutsItOff) {
  add({.idle_s = 60});
  pass_ms(30'000);
  send(100);
  pass_ms(59'900);
  EXPECT_TRUE(lives());
  pass_ms(4'000);  // a sixteenth, and what the looks are apart
  EXPECT_EQ(told_.all, std::vector<std::string>{"ended idle after 100"});
}

TEST_F(SessionLifeTest, TimePassesWhileItIsLookedAt) {
  world_.time.step_ns = 100;
  add({.idle_s = 2});
  for (int second = 0; second < 10; ++second) {
    send(100);
    pass_ms(1'000);
    ASSERT_TRUE(lives()) << second;
  }
}

TEST_F(SessionLifeTest, WhoCountsNothingIsNotSilent) {
  add({.state = State::kRestricted, .idle_s = 1});
  pass_ms(10'000);
  EXPECT_TRUE(lives());
  add({.state = State::kAuthenticated});
  pass_ms(900);
  EXPECT_TRUE(lives()) << "it is let in anew";
  pass_ms(200);
  EXPECT_FALSE(lives());
}

TEST_F(SessionLifeTest, SilenceAndTimeTogether) {
  add({.ttl_s = 5, .idle_s = 60});
  pass_ms(5'100);
  EXPECT_EQ(told_.all, std::vector<std::string>{"ended expired after 0"});
}

TEST_F(SessionLifeTest, TheDefaultIsTheConfigurations) {
  world_.sessions.set_defaults({.ttl_s = 86'400, .idle_s = 2});
  add({});
  EXPECT_EQ(world_.sessions.find(key())->record.idle_s, 2U);
  add({.idle_s = 0});
  pass_ms(10'000);
  EXPECT_TRUE(lives());
}

TEST_F(SessionLifeTest, AQuotaRestricts) {
  add({.quota_bytes = 1'000});
  send(999);
  pass_ms(1'000);
  EXPECT_TRUE(told_.all.empty());
  send(1);
  pass_ms(1'000);
  EXPECT_EQ(told_.all, std::vector<std::string>{"changed restricted"});
  EXPECT_EQ(world_.table.look_up(key()).state, State::kRestricted);
  EXPECT_EQ(world_.sessions.count(State::kRestricted), 1U);
}

TEST_F(SessionLifeTest, WhoIsGivenMorePassesAgain) {
  add({.quota_bytes = 1'000});
  send(1'000);
  pass_ms(1'000);
  add({.state = State::kAuthenticated, .quota_bytes = 2'000});
  pass_ms(1'000);
  EXPECT_TRUE(told_.all.empty());
  EXPECT_EQ(world_.sessions.find(key())->record.state, State::kAuthenticated);
  send(1'000);
  pass_ms(1'000);
  EXPECT_EQ(told_.all, std::vector<std::string>{"changed restricted"});
}

TEST_F(SessionLifeTest, AQuotaRemovesWhereTheConfigurationSaysSo) {
  world_.sessions.set_defaults({.ttl_s = 86'400, .quota_removes = true});
  add({.quota_bytes = 1'000});
  send(1'500);
  pass_ms(1'000);
  EXPECT_EQ(told_.all, std::vector<std::string>{"ended quota after 1500"});
  EXPECT_FALSE(lives());
}

TEST_F(SessionLifeTest, IsNotLookedAtBeforeItCanHaveUsedItsQuota) {
  add({.ttl_s = 0, .quota_bytes = 250'000'000'000});
  send(250'000'000'000);
  world_.time.advance_ms(99'000);
  world_.settle();
  EXPECT_TRUE(told_.all.empty()) << "at 10 Gbit/s each way it takes 100 s";
  pass_ms(1'100);
  EXPECT_EQ(told_.all, std::vector<std::string>{"changed restricted"});
}

TEST_F(SessionLifeTest, IsSeenWhenItsCountersAreLookedAt) {
  add({});
  const auto seen = [this] {
    const SessionView view = *world_.sessions.find(key());
    return std::pair{view.first_seen_s, view.last_seen_s};
  };
  const std::uint64_t start_s = kUnixStart_s;
  pass_ms(5'000);
  EXPECT_EQ(seen(), std::pair(std::uint64_t{0}, std::uint64_t{0}));
  send(100);
  EXPECT_EQ(seen(), std::pair(start_s + 5, start_s + 5)) << "it is looked at now";
  pass_ms(2'000);
  world_.sessions.checkpoint_all();
  pass_ms(10'000);
  EXPECT_EQ(seen(), std::pair(start_s + 7, start_s + 7)) << "when it was noticed";
  send(100);
  world_.sessions.checkpoint_all();
  pass_ms(10'000);
  EXPECT_EQ(seen(), std::pair(start_s + 7, start_s + 17));
  world_.sessions.checkpoint_all();
  EXPECT_EQ(seen(), std::pair(start_s + 7, start_s + 17)) << "nothing has come since";
}

TEST_F(SessionLifeTest, AMoveEndsItUnderItsFormerKey) {
  const table::Key other{net::MacAddress{0x02005e005302}, 0};
  begin_move(other);
  world_.settle();
  EXPECT_TRUE(told_.all.empty()) << "a worker may be counting there still";
  world_.status.traffic[world_.sessions.find(other)->record.index].bytes_down += 400;
  world_.workers.stuck = false;
  world_.settle();
  EXPECT_EQ(told_.all,
            (std::vector<std::string>{"ended moved after 600", "changed authenticated"}));
  EXPECT_EQ(sum_of(world_.sessions.find(other)->traffic), 600U + 1U + 400U);
  world_.sessions.revoke(other, [](const Sessions::Revoked& /*revoked*/) {});
  world_.settle();
  EXPECT_EQ(told_.all.back(), "ended revoked after 1000");
}

TEST_F(SessionLifeTest, AMoveAndARevokeAtOnceAreToldOfInTheirOrder) {
  const table::Key other{net::MacAddress{0x02005e005302}, 0};
  begin_move(other);
  world_.sessions.revoke(other, [](const Sessions::Revoked& /*revoked*/) {});
  world_.workers.stuck = false;
  world_.settle();
  EXPECT_EQ(told_.all,
            (std::vector<std::string>{"ended moved after 600", "ended revoked after 600"}));
}

TEST_F(SessionLifeTest, WhatWasCountedBeforeAMoveCounts) {
  add({.quota_bytes = 1'000});
  send(600);
  const table::Key other{net::MacAddress{0x02005e005302}, 0};
  EXPECT_EQ(world_.sessions.move(key(), other, [](Sessions::Settled /*settled*/) {}),
            Sessions::Refusal::kNone);
  world_.settle();
  world_.status.traffic[world_.sessions.find(other)->record.index].bytes_down += 400;
  told_.all.clear();
  pass_ms(1'000);
  EXPECT_EQ(told_.all, std::vector<std::string>{"changed restricted"});
}

}  // namespace
}  // namespace gate511::control
