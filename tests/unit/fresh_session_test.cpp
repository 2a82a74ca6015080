// SPDX-License-Identifier: BSD-3-Clause
//
// The frame just after login: a connection that the responder began is ended by the responder,
// though its client has a session by now. All else of the session's passes.
#include <gtest/gtest.h>

#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using net::tcp_flag::kAck;
using net::tcp_flag::kFin;
using net::tcp_flag::kPsh;
using net::tcp_flag::kRst;
using net::tcp_flag::kSyn;
using policy::Verdict;
using table::State;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: origin.example\r\n\r\n";
constexpr std::uint32_t kS = 1'000;

class FreshSession : public testing::TestWithParam<const char*> {
 protected:
  FrameBuilder segment(unsigned flags, unsigned port = 80) const {
    const bool v6 = std::string_view{GetParam()} == "V6";
    return FrameBuilder{}
        .ip(v6 ? "2001:db8::101" : "192.0.2.101", v6 ? "2001:db8:80::80" : "198.51.100.80")
        .tcp(40000, port, flags);
  }
  /// A connection of the guest's to port 80; returns our sequence number.
  std::uint32_t open(unsigned port = 80) {
    return gateway.reply_to(segment(kSyn, port).seq(kS - 1).tcp_options(bytes({2, 4, 5, 0xb4})))
        .packet.sequence;
  }
  void let_in(State state) {
    const auto index = gateway.table.insert({kClient, 0}, state);
    ASSERT_TRUE(index);
    index_ = *index;
  }
  Verdict verdict_of(const FrameBuilder& frame) {
    return gateway.from_access(frame.build()).verdict;
  }

  Gateway gateway;
  std::uint32_t index_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Families, FreshSession, testing::Values("V4", "V6"),
                         [](const auto& param) { return std::string{param.param}; });

TEST_P(FreshSession, HasItsOpenConnectionsAnswered) {
  const std::uint32_t c = open();
  let_in(State::kFresh);
  const Reply reply = gateway.reply_to(segment(kPsh | kAck).seq(kS).ack(c + 1).data(kGet));
  EXPECT_EQ(reply.packet.tcp_flags, kFin | kPsh | kAck);
  EXPECT_EQ(reply.packet.sequence, c + 1);
  EXPECT_TRUE(reply.text.starts_with("HTTP/1.1 511 "));
  const std::uint32_t end = kS + static_cast<std::uint32_t>(kGet.size());
  EXPECT_EQ(verdict_of(segment(kAck).seq(end).ack(c + 2 + 1200)), Verdict::kTcpPureAck);
  EXPECT_EQ(
      gateway.reply_to(segment(kFin | kAck).seq(end).ack(c + 2 + 1200)).packet.acknowledgement,
      end + 1);
  EXPECT_EQ(verdict_of(segment(kRst | kAck).seq(end).ack(c + 1)), Verdict::kTcpReset);
  EXPECT_EQ(gateway.counters[index_].read().packets_up, 0U) << "none of it is the session's";
}

TEST_P(FreshSession, OtherwisePasses) {
  const std::uint32_t c = open();
  let_in(State::kFresh);
  EXPECT_EQ(verdict_of(segment(kSyn).seq(kS)), Verdict::kSession) << "the next connection";
  EXPECT_EQ(verdict_of(segment(kPsh | kAck).seq(kS).ack(c + 0x100'0000).data(kGet)),
            Verdict::kSession);
  EXPECT_EQ(verdict_of(segment(kPsh | kAck, 443).seq(kS).ack(c + 1).data(kGet)), Verdict::kSession);
  EXPECT_EQ(verdict_of(segment(kRst).seq(kS)), Verdict::kSession);
  EXPECT_EQ(gateway.counters[index_].read().packets_up, 4U);
}

TEST_P(FreshSession, IsHeldToItsRateAsAnyOther) {
  const std::uint32_t c = open();
  let_in(State::kFreshPoliced);
  gateway.policers[index_].set_rates(8'000, 0);
  std::size_t over = 0;
  for (int i = 0; i < 100; ++i) {
    const Verdict verdict =
        verdict_of(segment(kPsh | kAck).seq(kS).ack(c + 0x100'0000).data(std::string(1'000, 'x')));
    over += verdict == Verdict::kOverRate ? 1 : 0;
  }
  EXPECT_GT(over, 50U);
  EXPECT_EQ(gateway.reply_to(segment(kPsh | kAck).seq(kS).ack(c + 1).data(kGet)).packet.tcp_flags,
            kFin | kPsh | kAck)
      << "the page is not the session's traffic";
}

TEST_P(FreshSession, KnowsEveryHttpPort) {
  const std::uint32_t c = open(8080);
  let_in(State::kFresh);
  EXPECT_EQ(verdict_of(segment(kPsh | kAck, 8080).seq(kS).ack(c + 1).data(kGet)), Verdict::kPage);
}

TEST_P(FreshSession, OnceSettledHasNothingAskedOfIt) {
  const std::uint32_t c = open();
  let_in(State::kFresh);
  gateway.table.set_state(index_, table::settled(State::kFresh));
  EXPECT_EQ(verdict_of(segment(kPsh | kAck).seq(kS).ack(c + 1).data(kGet)), Verdict::kSession);
}

TEST_P(FreshSession, WhatComesFromTheUplinkPasses) {
  const std::uint32_t c = open();
  let_in(State::kFresh);
  const bool v6 = std::string_view{GetParam()} == "V6";
  const auto frame =
      FrameBuilder{}
          .from(kRouter)
          .to(kClient)
          .ip(v6 ? "2001:db8:80::80" : "198.51.100.80", v6 ? "2001:db8::101" : "192.0.2.101")
          .tcp(40000, 80, kPsh | kAck)
          .ack(c + 1)
          .data("x");
  EXPECT_EQ(gateway.from_uplink(frame.build()).verdict, Verdict::kSession);
}

TEST_P(FreshSession, StatesKeepTheirFlagsApart) {
  EXPECT_EQ(table::fresh(State::kAuthenticated), State::kFresh);
  EXPECT_EQ(table::fresh(State::kPoliced), State::kFreshPoliced);
  EXPECT_EQ(table::settled(State::kFreshPoliced), State::kPoliced);
  for (const State state : {State::kNone, State::kRestricted, State::kBlocked}) {
    EXPECT_EQ(table::settled(state), state);
    EXPECT_FALSE(table::is_fresh(state));
  }
}

}  // namespace
}  // namespace gate511::test
