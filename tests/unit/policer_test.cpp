// SPDX-License-Identifier: BSD-3-Clause
//
// A session's rates: the bucket by itself, shared by threads, and in the pipeline.
#include "table/policer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "support/gateway.hpp"

namespace gate511 {
namespace {

using policy::Verdict;
using table::Policer;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kStart = 1'000 * kSecond;

/// Bytes that pass of frames of `bytes` offered at `offered_bps` for ten seconds.
std::uint64_t passed(Policer& policer, std::uint64_t bytes, std::uint64_t offered_bps) {
  const std::uint64_t gap_ns = bytes * 8 * kSecond / offered_bps;
  std::uint64_t sum = 0;
  for (std::uint64_t now = kStart; now < kStart + 10 * kSecond; now += gap_ns)
    sum += policer.take_up(bytes, now) ? bytes : 0;
  return sum;
}

TEST(Policer, HoldsATwofoldOfferToItsRate) {
  for (const std::uint64_t rate : {1'000'000ULL, 20'000'000ULL, 1'000'000'000ULL}) {
    for (const std::uint64_t bytes : {60ULL, 576ULL, 1500ULL}) {
      Policer policer;
      policer.set_rates(rate, 0);
      const double in_ten_s = static_cast<double>(rate) / 8 * 10;
      const auto let = static_cast<double>(passed(policer, bytes, rate * 2));
      // What stood in the bucket at first comes on top.
      const double burst = std::max(static_cast<double>(rate) / 8 * 0.05, 32.0 * 1024);
      EXPECT_NEAR(let, in_ten_s + burst, in_ten_s * 0.002 + static_cast<double>(bytes)) << rate;
    }
  }
}

TEST(Policer, LetsAllPassThatIsWithinTheRate) {
  Policer policer;
  policer.set_rates(20'000'000, 0);
  const std::uint64_t offered = passed(policer, 1500, 19'900'000);
  EXPECT_NEAR(static_cast<double>(offered), 19.9e6 / 8 * 10, 1500);
}

TEST(Policer, LetsABurstOf32KiBAtOnceAtALowRateAndOf50MsAtAHighOne) {
  const auto at_once = [](std::uint64_t rate) {
    Policer policer;
    policer.set_rates(rate, 0);
    std::uint64_t bytes = 0;
    while (policer.take_up(64, kStart)) bytes += 64;
    return bytes;
  };
  EXPECT_NEAR(static_cast<double>(at_once(64'000)), 32 * 1024, 64);
  EXPECT_NEAR(static_cast<double>(at_once(1'000'000'000)), 1e9 / 8 * 0.05, 128);
}

/// Bytes that pass at once.
std::uint64_t drain(Policer& policer, std::uint64_t now_ns) {
  std::uint64_t bytes = 0;
  while (policer.take_up(1'000, now_ns)) bytes += 1'000;
  return bytes;
}

TEST(Policer, LetsWhoWasHeldBackMakeUpForAPause) {
  // As TCP does that lost a whole window: it waits 200 ms, then goes on.
  Policer policer;
  policer.set_rates(80'000'000, 0);  // 10,000,000 bytes a second
  EXPECT_NEAR(static_cast<double>(drain(policer, kStart)), 500'000, 1'000) << "50 ms";
  EXPECT_NEAR(static_cast<double>(drain(policer, kStart + kSecond / 5)), 2'000'000, 1'000);
}

TEST(Policer, KeepsNoMoreThanTheBurstForWhoWasIdle) {
  Policer policer;
  policer.set_rates(80'000'000, 0);
  drain(policer, kStart);
  EXPECT_NEAR(static_cast<double>(drain(policer, kStart + kSecond)), 500'000, 1'000);
}

TEST(Policer, HasTwoDirections) {
  Policer policer;
  policer.set_rates(8'000, 0);
  while (policer.take_up(1500, kStart)) {
  }
  EXPECT_TRUE(policer.take_down(1'000'000'000, kStart)) << "0 is any rate";
}

TEST(Policer, TakesNeitherTheLeastNorTheGreatestRateForNone) {
  for (const std::uint64_t rate : {std::uint64_t{1}, Policer::kMaxRate_bps}) {
    Policer policer;
    policer.set_rates(rate, rate);
    std::uint64_t frames = 0;
    while (frames < 100'000'000 && policer.take_down(65'535, kStart)) ++frames;
    EXPECT_LT(frames, 100'000'000U) << rate;
    EXPECT_EQ(frames == 0, rate == 1) << "a frame longer than the bucket never passes";
  }
}

TEST(Policer, IsOneBucketForAllWorkers) {
  // Each offers the whole rate; together they get it once.
  Policer policer;
  constexpr std::uint64_t kRate = 100'000'000;
  policer.set_rates(kRate, 0);
  std::array<std::uint64_t, 2> let{};
  {
    std::array<std::jthread, 2> workers;
    for (std::size_t i = 0; i < workers.size(); ++i)
      workers[i] = std::jthread{[&, i] { let[i] = passed(policer, 1000, kRate); }};
  }
  const double in_ten_s = static_cast<double>(kRate) / 8 * 10;
  EXPECT_LE(static_cast<double>(let[0] + let[1]), in_ten_s * 1.02);
  EXPECT_GE(static_cast<double>(let[0] + let[1]), in_ten_s * 0.98);
}

/// 1,000 bytes of UDP from the client.
test::Bytes upload() {
  return test::FrameBuilder{}
      .from(test::kClient)
      .to(test::kRouter)
      .ip("192.0.2.100", "198.51.100.80")
      .udp(40'000, 9'000)
      .data(test::Bytes(1'000))
      .build();
}

TEST(Policer, DropsASessionsFramesPastItsRateByName) {
  test::Gateway gateway;
  const auto index = gateway.table.insert({test::kClient, 0}, table::State::kPoliced);
  gateway.policers[*index].set_rates(1'000'000, 2'000'000);
  const auto up = upload();
  const auto down = test::FrameBuilder{}
                        .from(test::kRouter)
                        .to(test::kClient)
                        .ip("198.51.100.80", "192.0.2.100")
                        .udp(9'000, 40'000)
                        .data(test::Bytes(1'000))
                        .build();
  std::uint64_t passed_up = 0, passed_down = 0;
  for (int i = 0; i < 100; ++i) {
    passed_up += gateway.from_access(up).forwarded ? 1U : 0U;
    passed_down += gateway.from_uplink(down).forwarded ? 1U : 0U;
  }
  constexpr std::uint64_t kIpBytes = 1'028, kBurst = 32'768;
  EXPECT_EQ(passed_up, kBurst / kIpBytes) << "bytes of IP are counted";
  EXPECT_EQ(passed_down, kBurst / kIpBytes);
  EXPECT_EQ(gateway.counted(Verdict::kOverRate), 200 - passed_up - passed_down);
  EXPECT_EQ(gateway.counters[*index].read().packets_up, passed_up) << "drops are not counted";
  gateway.now.ns += kSecond;
  EXPECT_TRUE(gateway.from_access(up).forwarded);
}

TEST(Policer, DropsNothingWhereItIsOnlyMonitored) {
  test::Gateway gateway{{.enforce = policy::Enforce::kMonitor}};
  const auto index = gateway.table.insert({test::kClient, 0}, table::State::kPoliced);
  gateway.policers[*index].set_rates(8, 8);
  const auto frame = upload();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(gateway.from_access(frame).forwarded);
  EXPECT_GT(gateway.would_have(0, Verdict::kOverRate), 0U);
}

}  // namespace
}  // namespace gate511
