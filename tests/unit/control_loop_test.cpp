// SPDX-License-Identifier: BSD-3-Clause
//
// The whole control thread with real time, a real socket and gate511ctl as its client; only the
// workers are stand-ins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "live_control.hpp"
#include "support/forgetful_disk.hpp"

namespace gate511::control {

std::string gate511ctl_path() {
  return GATE511CTL;
}

namespace {

class ControlLoop : public LiveControl {};

TEST_F(ControlLoop, CommandLineThroughASessionsLife) {
  Ran ran = ctl("session add 02:00:5e:00:53:01 --ttl 1h --tag room-12 --user ann");
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.output, "added 02:00:5e:00:53:01: authenticated, ends in 1h 0m\n");
  ran = ctl("session add 02:00:5e:00:53:01 --ttl 0 --state restricted");
  EXPECT_EQ(ran.output, "changed 02:00:5e:00:53:01: restricted, no end\n");
  ran = ctl("session list");
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.output,
            "MAC                STATE       ENDS    TAG      USER   UP  DOWN\n"
            "02:00:5e:00:53:01  restricted  no end  room-12  ann   0 B   0 B\n");
  EXPECT_EQ(ctl("-j session get 02:00:5e:00:53:01").output.substr(0, 16), "{\"generation\":2,");
  EXPECT_EQ(ctl("session revoke 02:00:5e:00:53:01").output, "revoked 1 session\n");
  ran = ctl("session revoke 02:00:5e:00:53:01");
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.output, "there was no such session\n");
  ran = ctl("session get 02:00:5e:00:53:01");
  EXPECT_EQ(ran.exit, 4);
  EXPECT_EQ(ran.output,
            "gate511ctl: session.get: 02:00:5e:00:53:01 has no session; see `gate511ctl session "
            "list`\n");
  ran = ctl("session add 01:00:5e:00:53:01");
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.output,
            "gate511ctl: session.add: 01:00:5e:00:53:01 is a group address; give the address of a "
            "station; see BAD_MAC in docs/control.md\n");
}

TEST_F(ControlLoop, CommandLineShowsTheRest) {
  status_.port_list = {{"net_af_packet0", "venue", "access", "net_af_packet", "02:00:5e:00:53:a0",
                        true, 10'000, 1'500}};
  EXPECT_EQ(ctl("hello").output, "gate511 0.1.0, control protocol 1.0\n");
  EXPECT_EQ(ctl("health").output, "ok\n");
  EXPECT_EQ(ctl("port list").output,
            "LINK   ROLE    PORT            STATE        SPEED   MTU  RX  TX  MISSED\n"
            "venue  access  net_af_packet0  up     10.0 Gbit/s  1500   0   0       0\n");
  EXPECT_EQ(ctl("stats").exit, 0);
  EXPECT_EQ(Json::parse(ctl("stats -j").output)["frames_in"], 0);
  EXPECT_EQ(ctl("session revoke").exit, 2);
  EXPECT_EQ(ctl("session revoke --all").exit, 2);
  EXPECT_EQ(ctl("nonsense").exit, 2);
  EXPECT_EQ(ctl("session add 02:00:5e:00:53:01 --ttl soon").output,
            "gate511ctl: --ttl: `soon` is no time; write it like 90s, 15m, 1h or 7d; 0 is no "
            "end\n");
}

TEST_F(ControlLoop, ListShowsAllPagesAndRevokeTakesAll) {
  Json many = Json::array();
  for (unsigned n = 0; n < 900; ++n)
    many.push_back({{"mac", net::to_string(net::MacAddress{0x02005e000000U + n})}});
  const std::string request = Json{{"jsonrpc", "2.0"},
                                   {"id", 1},
                                   {"method", "session.add"},
                                   {"params", {{"sessions", many}}}}
                                  .dump() +
                              "\n";
  const Fd client{::socket(AF_UNIX, SOCK_STREAM, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  config_.control.socket.copy(static_cast<char*>(address.sun_path), 107);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
  ASSERT_EQ(::send(client.get(), request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  char byte = 0;
  ASSERT_EQ(::recv(client.get(), &byte, 1, 0), 1);
  EXPECT_EQ(Json::parse(ctl("-j session list").output)["sessions"].size(), 900U);
  EXPECT_EQ(ctl("session revoke --all --yes").output, "revoked 900 sessions\n");
}

TEST_F(ControlLoop, ImportGoesOnWhenTheWorkersDo) {
  const std::string file = folder_ / "sessions";
  std::string lines;
  for (unsigned n = 0; n < 1'500; ++n) {
    lines += R"({"mac":")" + net::to_string(net::MacAddress{0x02005e000000U + n}) +
             R"(","state":"authenticated"})" + "\n";
  }
  std::ofstream{file} << lines;
  grace_.stuck = true;
  std::jthread mends{[this] {
    std::this_thread::sleep_for(std::chrono::milliseconds{1'500});
    grace_.stuck = false;
  }};
  const Ran ran = ctl("import " + file);
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.output, testing::HasSubstr("quiescent point for 1 s; the change stands"));
  EXPECT_THAT(ran.output, testing::HasSubstr("going on as soon as it has"));
  EXPECT_EQ(Json::parse(ctl("-j stats").output)["sessions"]["total"], 1'500);
}

class ControlLoopByLink : public LiveControl {
 protected:
  ControlLoopByLink() : LiveControl{KeyKind::kMacVlanLink} {}
  void SetUp() override {
    for (std::uint16_t vlan = 0; vlan < SessionKeys::kMaxPairs; ++vlan)
      ASSERT_TRUE(keys_.make({{}, vlan, 0}));
    LiveControl::SetUp();
  }
};

TEST_F(ControlLoopByLink, ImportGoesOnWhereNoMorePairsAreToBeHad) {
  const std::string file = folder_ / "sessions";
  std::ofstream{file} << R"({"mac":"02:00:5e:00:53:01","link":"venue","vlan":20})"
                         "\n"
                         R"({"mac":"02:00:5e:00:53:02","link":"annex","vlan":20})"
                         "\n"
                         R"({"mac":"02:00:5e:00:53:03","link":"venue","vlan":30})"
                         "\n";
  const Ran ran = ctl("import " + file);
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.output,
              testing::HasSubstr(file + ":2: 4095 pairs of link and VLAN have had sessions since "
                                        "the start, and no more can; use fewer, or start gate511 "
                                        "again if some are not used any more; the line is passed "
                                        "over\n2 added, 0 changed, 1 bad"));
}

/// All sessions have counted the same.
class EveryonesTraffic : public HandStatus {
 public:
  std::atomic<std::uint64_t> packets{0};

  [[nodiscard]] table::TrafficCounts session_traffic(std::uint32_t /*index*/) const override {
    return {packets, packets * 64, 0, 0};
  }
};

class ControlLoopOnASlowDisk : public LiveControl {
 protected:
  ControlLoopOnASlowDisk() {
    source_ = &traffic_;
    clock_.boot_ns = [this, boot_ns = Clock::system().boot_ns] { return boot_ns() + ahead_ns_; };
  }
  /// What the store has made durable, once no more is.
  std::uint64_t stored() {
    std::uint64_t before = 0, now = 0;
    do {
      before = now;
      std::this_thread::sleep_for(std::chrono::milliseconds{600});
      now = Json::parse(ctl("-j stats").output)["store"]["changes"].get<std::uint64_t>();
    } while (now != before);
    return now;
  }
  void count_and_let_a_sweep_be_due() {
    ++traffic_.packets;
    ahead_ns_ += 31 * kNsPerSecond;
    std::this_thread::sleep_for(std::chrono::milliseconds{400});
  }

  test::ForgetfulDisk disk_;
  EveryonesTraffic traffic_;
  std::atomic<std::uint64_t> ahead_ns_{0};
};

TEST_F(ControlLoopOnASlowDisk, LooksAtNoCountersWhileTheLastOnesAreNotStored) {
  constexpr unsigned kSessions = 300;
  const std::string file = folder_ / "sessions";
  std::string lines;
  for (unsigned n = 0; n < kSessions; ++n)
    lines += R"({"mac":")" + net::to_string(net::MacAddress{0x02005e000000U + n}) + "\"}\n";
  std::ofstream{file} << lines;
  ASSERT_EQ(ctl("import " + file).exit, 0);
  const std::uint64_t before = stored();
  count_and_let_a_sweep_be_due();
  EXPECT_GE(stored(), before + kSessions) << "they are stored each 30 s";
  const std::uint64_t then = stored();
  disk_.hangs = true;
  for (int i = 0; i < 6; ++i) count_and_let_a_sweep_be_due();
  disk_.hangs = false;
  const std::uint64_t stored_at_last = stored() - then;
  EXPECT_GE(stored_at_last, kSessions);
  EXPECT_LT(stored_at_last, 3 * kSessions) << "the one under way, and one behind it";
}

TEST_F(ControlLoop, ShutdownIsAnsweredAndStops) {
  EXPECT_EQ(ctl("shutdown").output, "stopping\n");
  for (int i = 0; i < 100 && !stopped_; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_TRUE(stopped_);
  EXPECT_GT(ticks_, 0);
  thread_ = {};
  control_.reset();
  const Ran ran = ctl("health");
  EXPECT_EQ(ran.exit, 3);
  EXPECT_EQ(ran.output, "gate511ctl: " + config_.control.socket +
                            ": cannot be connected to: No such file or directory; start gate511, "
                            "or give its control.socket with -s\n");
}

}  // namespace
}  // namespace gate511::control
