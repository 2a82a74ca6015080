// SPDX-License-Identifier: BSD-3-Clause
//
// What each guest may use, and that no number of others takes it away.
#include <gtest/gtest.h>

#include "policy/guest_budgets.hpp"
#include "support/dns_message.hpp"
#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using policy::Budget;
using policy::BudgetRates;
using policy::Budgets;
using policy::GuestBudgets;
using policy::Verdict;
namespace flag = net::tcp_flag;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kSeed = 0x9e3779b97f4a7c15;
constexpr net::MacAddress kAll{0xffff'ffff'ffff};
constexpr net::MacAddress kOther{0x0200'5e00'5302};

Budgets rates(Budget budget, std::uint32_t per_s, std::uint32_t burst_s) {
  BudgetRates made;
  made.per_s[static_cast<std::size_t>(budget)] = per_s;
  made.burst_s = burst_s;
  return Budgets{made};
}

TEST(GuestBudgets, GiveTheirBurstAndThenTheirRate) {
  const Budgets budgets = rates(Budget::kArp, 7, 3);
  GuestBudgets guests{1024, kSeed};
  GuestBudgets::Charge charge{5000 * kSecond, &budgets, 1};
  const auto take_all = [&] {
    int taken = 0;
    while (guests.take({kClient}, Budget::kArp, 1, charge)) ++taken;
    return taken;
  };
  EXPECT_NEAR(take_all(), 21, 1);
  int taken = 0;
  for (int ms = 0; ms < 10'000; ++ms) {
    charge.now_ns += kSecond / 1000;
    taken += guests.take({kClient}, Budget::kArp, 1, charge) ? 1 : 0;
  }
  EXPECT_NEAR(taken, 70, 1);
  charge.now_ns += 3600 * kSecond;
  EXPECT_NEAR(take_all(), 21, 1) << "an hour's rest gives no more than the burst";
}

TEST(GuestBudgets, AreDividedByTheWorkers) {
  const Budgets budgets = rates(Budget::kGardenBytes, 1'000'000, 1);
  GuestBudgets guests{1024, kSeed};
  for (const std::uint32_t workers : {1U, 4U}) {
    const GuestBudgets::Charge charge{(5000 + std::uint64_t{workers}) * 100 * kSecond, &budgets,
                                      workers};
    std::uint32_t bytes = 0;
    while (guests.take({kClient}, Budget::kGardenBytes, 1500, charge)) bytes += 1500;
    EXPECT_NEAR(bytes * workers, 1'000'000, 1500 * workers) << workers;
  }
}

TEST(GuestBudgets, AreEachGuestsAndEachZonesOwn) {
  const Budgets budgets = rates(Budget::kArp, 1, 1);
  GuestBudgets guests{1024, kSeed};
  const GuestBudgets::Charge charge{5000 * kSecond, &budgets, 1};
  EXPECT_TRUE(guests.take({kClient, 0}, Budget::kArp, 1, charge));
  EXPECT_FALSE(guests.take({kClient, 0}, Budget::kArp, 1, charge));
  EXPECT_TRUE(guests.take({kClient, 0}, Budget::kDhcp, 1, charge)) << "of another kind";
  EXPECT_TRUE(guests.take({kClient, 1}, Budget::kArp, 1, charge));
  EXPECT_TRUE(guests.take({kOther, 0}, Budget::kArp, 1, charge));
}

TEST(GuestBudgets, HoldWhoIsSeenAndDisplaceWhoWasSeenLongestAgo) {
  // One set: whoever comes fifth takes the place of the oldest. One of each line of an entry.
  for (const Budget budget : {Budget::kRefusals, Budget::kArp, Budget::kNtp}) {
    const Budgets budgets = rates(budget, 1, 60);
    GuestBudgets guests{8, 1};
    GuestBudgets::Charge charge{5000 * kSecond, &budgets, 1};
    const auto use_up = [&](std::uint64_t mac) {
      int taken = 0;
      while (guests.take({net::MacAddress{mac}}, budget, 1, charge)) ++taken;
      charge.now_ns += 1'000;
      return taken;
    };
    for (const std::uint64_t mac : {1U, 2U, 3U, 4U}) EXPECT_NEAR(use_up(mac), 60, 1);
    // Once the smallest part of a token is back, one may be overdrawn.
    EXPECT_LE(use_up(1), 1);
    EXPECT_NEAR(use_up(5), 60, 1) << "takes the place of 2";
    EXPECT_LE(use_up(1), 1);
    EXPECT_LE(use_up(3), 1);
    EXPECT_NEAR(use_up(2), 60, 1) << "starts anew";
  }
}

TEST(GuestBudgets, CreditIsBoundedAndNeverInherited) {
  GuestBudgets guests{8, 1};
  EXPECT_FALSE(guests.spend({kClient}, 1, 1));
  guests.earn({kClient}, 100, 2);
  EXPECT_FALSE(guests.spend({kOther}, 1, 3));
  guests.earn({kClient}, 1'000'000, 4);
  EXPECT_TRUE(guests.spend({kClient}, GuestBudgets::kMaxCredit, 5));
  EXPECT_FALSE(guests.spend({kClient}, 1, 6));
  for (std::uint64_t mac = 1; mac < 1000; ++mac) {
    EXPECT_FALSE(guests.spend({net::MacAddress{mac}}, 1, 6 + mac));
    guests.earn({net::MacAddress{mac}}, 1000, 6 + mac);
  }
}

// ---- through the pipeline ----

class GuestsBudget : public testing::Test {
 protected:
  Verdict up(const FrameBuilder& frame) { return gateway.from_access(frame.build()).verdict; }
  /// How many of these pass or are answered before `over` comes, of `most`.
  int until(const FrameBuilder& frame, Verdict over, int most = 100'000) {
    const Bytes bytes = frame.build();
    for (int i = 0; i < most; ++i) {
      if (gateway.from_access(bytes).verdict == over) return i;
    }
    return most;
  }
  static FrameBuilder v4(std::string_view to) { return FrameBuilder{}.ip("192.0.2.101", to); }
  static FrameBuilder arp() {
    Bytes body = bytes({0, 1, 8, 0, 6, 4, 0, 1, 0x02, 0x00, 0x5e, 0x00, 0x53, 0x01});
    body.resize(28);
    return FrameBuilder{}.to(kAll).type(0x0806, body);
  }
  Gateway gateway;
};

TEST_F(GuestsBudget, BoundsEachKindByName) {
  const auto syn = [](std::string_view to, unsigned port) {
    return v4(to).tcp(5000, port, flag::kSyn);
  };
  EXPECT_EQ(until(arp(), Verdict::kArpBudget), 200);
  EXPECT_EQ(until(v4("192.0.2.53").udp(5000, 53).data(dns_query("a.example")), Verdict::kDnsBudget),
            200);
  EXPECT_EQ(until(v4("192.0.2.123").udp(123, 123).data(Bytes(48)), Verdict::kNtpBudget), 50);
  EXPECT_EQ(until(syn("198.51.100.80", 80), Verdict::kSynBudget), 500);
  EXPECT_EQ(up(syn("192.0.2.10", 80)), Verdict::kSynBudget) << "the garden's are of the same";
  EXPECT_EQ(until(syn("198.51.100.80", 22), Verdict::kRefusalBudget), 500);
  EXPECT_EQ(up(v4("198.51.100.80").udp(5000, 443).data(Bytes(1200))), Verdict::kRefusalBudget);
  EXPECT_EQ(up(v4("198.51.100.80").tcp(5000, 80, flag::kAck).ack(99).data("x")),
            Verdict::kRefusalBudget);
  EXPECT_EQ(up(arp().from(kOther)), Verdict::kBadArp);
  EXPECT_EQ(up(syn("198.51.100.80", 22).from(kOther)), Verdict::kTcpRefused)
      << "another guest has its own";
}

TEST_F(GuestsBudget, CountsBytesOfDnsAndGardenBothWays) {
  const Bytes answer = FrameBuilder{}
                           .from(kRouter)
                           .to(kClient)
                           .ip("192.0.2.53", "192.0.2.101")
                           .udp(53, 5000)
                           .data(Bytes(982))
                           .build();
  int passed = 0;
  while (gateway.from_uplink(answer).verdict == Verdict::kDns) ++passed;
  EXPECT_EQ(passed, 40) << "of 1,024 bytes each: ten seconds of 4,096";
  EXPECT_EQ(up(v4("192.0.2.53").udp(5000, 53).data(dns_query("a.example"))), Verdict::kDnsBudget);
  gateway.now.ns += kSecond;
  EXPECT_EQ(up(v4("192.0.2.53").udp(5000, 53).data(dns_query("a.example"))), Verdict::kDns);
  EXPECT_NEAR(
      until(v4("192.0.2.10").tcp(5000, 443, flag::kAck).data(Bytes(1446)), Verdict::kGardenBudget),
      8'333, 1)
      << "of 1,500 bytes each";
}

TEST_F(GuestsBudget, BoundsPages) {
  const auto segment = [](unsigned flags) {
    return v4("198.51.100.80").tcp(40000, 80, flags).tcp_options(bytes({2, 4, 5, 0xb4}));
  };
  const std::uint32_t cookie = gateway.reply_to(segment(flag::kSyn)).packet.sequence;
  EXPECT_EQ(until(v4("198.51.100.80")
                      .tcp(40000, 80, flag::kAck)
                      .ack(cookie + 1)
                      .data("GET / HTTP/1.1\r\n\r\n"),
                  Verdict::kAnswerBudget),
            500);
}

TEST_F(GuestsBudget, NeverStopsASession) {
  ASSERT_TRUE(gateway.table.insert({kClient, 0}, table::State::kAuthenticated));
  EXPECT_EQ(until(v4("192.0.2.53").udp(5000, 53).data(dns_query("a.example")), Verdict::kDnsBudget,
                  10'000),
            10'000);
}

TEST_F(GuestsBudget, OfOneGuestIsNotUsedUpByAMillionOthers) {
  // Random sources: none becomes a session, and a guest that came before and goes on meanwhile is
  // served at every moment.
  std::uint64_t mac = 1;
  int answered = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    mac = mac * 6364136223846793005 + 1442695040888963407;
    const net::MacAddress source{(mac >> 16) & ~net::MacAddress::kGroupBit};
    const Verdict verdict = up(v4("198.51.100.80").from(source).tcp(5000, 80, flag::kSyn));
    ASSERT_EQ(verdict, Verdict::kSynAck);
    gateway.now.ns += 1'000;
    if (i % 1000 == 0)
      answered += up(v4("198.51.100.80").tcp(5000, 80, flag::kSyn)) == Verdict::kSynAck ? 1 : 0;
  }
  EXPECT_EQ(answered, 1000);
  EXPECT_EQ(gateway.table.size(), 0U);
}

TEST_F(GuestsBudget, LetsTheSecondShortQueryOfAFirstComerBeRefused) {
  // The first is shorter than its refusal would be, and nothing was sent before it. A stub resolver
  // asks for A and AAAA at once, from one socket: the second tells it.
  const auto ask = [](std::uint16_t type) {
    return FrameBuilder{}
        .ip("2001:db8::101", "2001:db8:80::53")
        .udp(5000, 53)
        .data(dns_query("a.example", type));
  };
  EXPECT_EQ(up(ask(1)), Verdict::kReplyTooLarge);
  EXPECT_EQ(up(ask(28)), Verdict::kDnsRefused);
}

}  // namespace
}  // namespace gate511::test
