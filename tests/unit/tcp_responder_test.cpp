// SPDX-License-Identifier: BSD-3-Clause
//
// The responder, segment by segment: what arrives and what goes back, for IPv4 and IPv6, tagged and
// untagged. S, A, N are SEG.SEQ, SEG.ACK and the data's length; c is our initial sequence number.
#include <gtest/gtest.h>

#include "connection.hpp"
#include "http/answers.hpp"

namespace gate511::test {
namespace {

using net::tcp_flag::kSyn;
using policy::Verdict;

constexpr unsigned kUrg = 0x20, kEce = 0x40, kCwr = 0x80;
constexpr std::string_view kGet = "GET /index.html HTTP/1.1\r\nHost: origin.example\r\n\r\n";
constexpr auto kGetSize = static_cast<std::uint32_t>(kGet.size());

class Responder : public Connection {
 protected:
  void expect_page(const Reply& reply, std::uint32_t c, std::uint32_t ack, std::size_t length) {
    EXPECT_EQ(reply.packet.tcp_flags, kFin | kPsh | kAck);
    EXPECT_EQ(reply.packet.sequence, c + 1);
    EXPECT_EQ(reply.packet.acknowledgement, ack);
    EXPECT_EQ(reply.packet.window, 5840);
    EXPECT_EQ(reply.text.size(), length);
    EXPECT_TRUE(reply.text.starts_with("HTTP/1.1 511 Network Authentication Required\r\n"));
  }
};

INSTANTIATE_TEST_SUITE_P(Families, Responder, testing::ValuesIn(kConnectionCases), name_of_case);

TEST_P(Responder, AnswersASynWithItsMss) {
  const Reply reply = gateway.reply_to(segment(kSyn).seq(kS).tcp_options(
      bytes({2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7})));
  EXPECT_EQ(reply.packet.tcp_flags, kSyn | kAck);
  EXPECT_EQ(reply.packet.acknowledgement, kS + 1);
  EXPECT_EQ(reply.packet.window, 5840);
  EXPECT_EQ(reply.mss, reply.packet.is_v6 ? 1440 : 1460);
  EXPECT_EQ(reply.packet.payload_offset - reply.packet.l4_offset, 24) << "MSS and no other option";
}

TEST_P(Responder, AnswersASynWithoutOptionsWithoutAny) {
  const Reply reply = gateway.reply_to(segment(kSyn).seq(kS));
  EXPECT_EQ(reply.packet.payload_offset - reply.packet.l4_offset, 20);
}

TEST_P(Responder, GivesADuplicateSynTheSameCookie) {
  const std::uint32_t first = gateway.reply_to(segment(kSyn).seq(kS)).packet.sequence;
  EXPECT_EQ(gateway.reply_to(segment(kSyn).seq(kS)).packet.sequence, first);
  EXPECT_EQ(gateway.reply_to(segment(kSyn).seq(99)).packet.sequence, first) << "any ISN";
}

TEST_P(Responder, AnswersASynThatAsksForEcnOrFastOpen) {
  EXPECT_EQ(gateway.reply_to(segment(kSyn | kEce | kCwr).seq(kS)).packet.tcp_flags, kSyn | kAck)
      << "no ECE: ECN is not agreed to (RFC 3168, 6.1.1)";
  EXPECT_EQ(
      gateway.reply_to(segment(kSyn).seq(kS).tcp_options(bytes({34, 2, 1, 1}))).packet.tcp_flags,
      kSyn | kAck);
}

TEST_P(Responder, LeavesTheDataOfASynUnacknowledged) {
  const Reply reply = gateway.reply_to(segment(kSyn).seq(kS).data(kGet));
  EXPECT_EQ(reply.packet.acknowledgement, kS + 1);
}

TEST_P(Responder, SaysNothingToTheHandshakesAck) {
  const std::uint32_t c = open();
  EXPECT_EQ(verdict_of(segment(kAck).seq(kS).ack(c + 1)), Verdict::kTcpPureAck);
}

TEST_P(Responder, AnswersARequestWithTheWholePageAndFin) {
  const std::uint32_t c = open();
  const Reply reply = gateway.reply_to(segment(kPsh | kAck).seq(kS).ack(c + 1).data(kGet));
  expect_page(reply, c, kS + kGetSize, 1200);
}

TEST_P(Responder, AnswersAnyFirstData) {
  const std::uint32_t c = open();
  const std::string binary(1000, '\xfe');
  for (const std::string_view data : {std::string_view{"G"}, std::string_view{"\0", 1},
                                      kGet.substr(0, 20), std::string_view{binary}}) {
    for (const unsigned flags : {0U + kAck, 0U + kPsh + kAck, kPsh + kAck + kUrg}) {
      expect_page(gateway.reply_to(segment(flags).seq(kS).ack(c + 1).data(data)), c,
                  kS + static_cast<std::uint32_t>(data.size()), 1200);
    }
  }
}

TEST_P(Responder, AnswersARetransmissionTheSameWay) {
  const std::uint32_t c = open();
  const auto request = segment(kPsh | kAck).seq(kS).ack(c + 1).data(kGet);
  const Reply first = gateway.reply_to(request);
  const Reply second = gateway.reply_to(request);
  EXPECT_EQ(first.packet.sequence, second.packet.sequence);
  EXPECT_EQ(first.text.size(), second.text.size());
}

TEST_P(Responder, AnswersDataWithFin) {
  const std::uint32_t c = open();
  const Reply reply = gateway.reply_to(segment(kFin | kPsh | kAck).seq(kS).ack(c + 1).data(kGet));
  expect_page(reply, c, kS + kGetSize + 1, 1200);
}

TEST_P(Responder, AnswersABareFinWithThePage) {
  const std::uint32_t c = open();
  expect_page(gateway.reply_to(segment(kFin | kAck).seq(kS).ack(c + 1)), c, kS + 1, 1200);
}

TEST_P(Responder, ChoosesTheClassAtTheSyn) {
  struct Row {
    unsigned mss, window;
    std::size_t length;
  };
  for (const Row row : {Row{1460, 64240, 1200}, Row{1200, 1200, 1200}, Row{1199, 64240, 536},
                        Row{1460, 1199, 536}, Row{536, 536, 536}, Row{535, 64240, 88},
                        Row{1460, 535, 88}, Row{88, 64240, 88}, Row{1460, 10, 88}}) {
    const std::uint32_t c = open(row.mss, row.window);
    expect_page(gateway.reply_to(segment(kAck).seq(kS).ack(c + 1).data(kGet)), c, kS + kGetSize,
                row.length);
  }
}

TEST_P(Responder, AssumesTheRfcsMssWithoutTheOption) {
  const std::uint32_t c = gateway.reply_to(segment(kSyn).seq(kS - 1)).packet.sequence;
  // RFC 9293, 3.7.1: 536 for IPv4, 1220 for IPv6.
  const std::size_t length = GetParam().source[4] == ':' ? 1200 : 536;
  expect_page(gateway.reply_to(segment(kAck).seq(kS).ack(c + 1).data(kGet)), c, kS + kGetSize,
              length);
}

TEST_P(Responder, WaitsForTheClientsRoom) {
  const std::uint32_t c = open();
  EXPECT_EQ(verdict_of(segment(kAck).seq(kS).ack(c + 1).window(1199).data(kGet)),
            Verdict::kTcpNoRoom);
  EXPECT_FALSE(draws_nothing(segment(kAck).seq(kS).ack(c + 1).window(1200).data(kGet)));
  const std::uint32_t tiny = open(87);
  EXPECT_EQ(verdict_of(segment(kAck).seq(kS).ack(tiny + 1).data(kGet)), Verdict::kTcpNoRoom);
}

TEST_P(Responder, SurvivesHostileTcpOptions) {
  for (const Bytes& options :
       {bytes({2, 0, 0, 0}), bytes({2, 1, 0, 0}), bytes({2, 4, 5, 0xb4, 8, 255, 0, 0}),
        bytes({1, 1, 1, 2}), bytes({2, 3, 5, 0}), bytes({0, 2, 4, 5})}) {
    EXPECT_EQ(gateway.reply_to(segment(kSyn).seq(kS).tcp_options(options)).packet.tcp_flags,
              kSyn | kAck);
  }
}

TEST_P(Responder, SaysNothingToTheAcknowledgementOfTheAnswer) {
  for (const unsigned mss : {1440U, 536U, 88U}) {
    const std::uint32_t c = open(mss);
    const std::uint32_t length = mss == 1440 ? 1200 : mss;
    EXPECT_EQ(verdict_of(segment(kAck).seq(kS + 60).ack(c + 2 + length)), Verdict::kTcpPureAck);
  }
}

TEST_P(Responder, AcknowledgesTheRestOfAnUploadAndTheLastFin) {
  const std::uint32_t c = open();
  const std::uint32_t acked = c + 2 + 1200;
  const Reply rest = gateway.reply_to(segment(kAck).seq(kS).ack(acked).data("more"));
  EXPECT_EQ(rest.packet.tcp_flags, kAck);
  EXPECT_EQ(rest.packet.sequence, acked);
  EXPECT_EQ(rest.packet.acknowledgement, kS + 4);
  EXPECT_EQ(rest.packet.window, 65535);
  EXPECT_TRUE(rest.text.empty());
  EXPECT_EQ(gateway.reply_to(segment(kFin | kAck).seq(kS).ack(acked)).packet.acknowledgement,
            kS + 1);
  EXPECT_EQ(
      gateway.reply_to(segment(kFin | kAck).seq(kS).ack(acked).data("xy")).packet.acknowledgement,
      kS + 3);
}

TEST_P(Responder, RepeatsTheWholeAnswerWhereThePartOfItIsAcknowledged) {
  const std::uint32_t c = open();
  for (const std::uint32_t part : {1U, 600U, 1199U, 1200U}) {
    EXPECT_EQ(verdict_of(segment(kAck).seq(kS).ack(c + 1 + part)), Verdict::kTcpPureAck);
    expect_page(gateway.reply_to(segment(kAck).seq(kS).ack(c + 1 + part).data("xy")), c, kS + 2,
                1200);
    expect_page(gateway.reply_to(segment(kFin | kAck).seq(kS).ack(c + 1 + part)), c, kS + 1, 1200);
  }
}

TEST_P(Responder, ResetsWhatIsNoConnectionOfOurs) {
  const std::uint32_t c = open();
  for (const std::uint32_t ack : {c, c + 1203, c + 0x1000'0000, 0U, 0xffff'ffffU}) {
    const Reply reply = gateway.reply_to(segment(kAck).seq(kS).ack(ack).data(kGet));
    EXPECT_EQ(reply.packet.tcp_flags, kRst) << ack - c;
    EXPECT_EQ(reply.packet.sequence, ack);
  }
}

TEST_P(Responder, KnowsACookieForThreeRotationsAndNotForFour) {
  const std::uint32_t c = open();
  for (int rotation = 0; rotation < 4; ++rotation) {
    expect_page(gateway.reply_to(segment(kAck).seq(kS).ack(c + 1).data(kGet)), c, kS + kGetSize,
                1200);
    gateway.rotate_keys();
    EXPECT_NE(open(), c);
  }
  EXPECT_EQ(gateway.reply_to(segment(kAck).seq(kS).ack(c + 1).data(kGet)).packet.tcp_flags, kRst);
}

TEST_P(Responder, GivesNoCookieToAnother) {
  const std::uint32_t c = open();
  EXPECT_EQ(
      gateway.reply_to(segment(kAck).from(net::MacAddress{0x0200'5e00'5377}).ack(c + 1).data("x"))
          .packet.tcp_flags,
      kRst);
  EXPECT_EQ(
      gateway.reply_to(segment(kAck).tcp(40001, 80, kAck).ack(c + 1).data("x")).packet.tcp_flags,
      kRst);
  EXPECT_EQ(
      gateway.reply_to(segment(kAck).tcp(40000, 8080, kAck).ack(c + 1).data("x")).packet.tcp_flags,
      kRst);
}

TEST_P(Responder, LimitsResets) {
  int resets = 0;
  for (int i = 0; i < 5000; ++i) resets += draws_nothing(segment(kAck).ack(1).data("x")) ? 0 : 1;
  EXPECT_EQ(resets, 500) << "ten seconds of one guest's budget";
  EXPECT_EQ(verdict_of(segment(kAck).ack(1).data("x")), Verdict::kRefusalBudget);
  EXPECT_FALSE(draws_nothing(segment(kSyn))) << "answers are not refusals";
  gateway.now.ns += 1'000'000'000;
  EXPECT_FALSE(draws_nothing(segment(kAck).ack(1).data("x")));
}

TEST_P(Responder, SaysNothingToWhatNoConnectionSends) {
  const std::uint32_t c = open();
  struct Row {
    unsigned flags;
    Verdict verdict;
  };
  for (const Row row :
       {Row{kRst, Verdict::kTcpReset}, Row{kRst | kAck, Verdict::kTcpReset},
        Row{0, Verdict::kTcpBadFlags}, Row{kFin, Verdict::kTcpBadFlags},
        Row{kPsh | kUrg | kFin, Verdict::kTcpBadFlags}, Row{kSyn | kFin, Verdict::kTcpBadFlags},
        Row{kSyn | kRst, Verdict::kTcpBadFlags}, Row{kSyn | kAck, Verdict::kTcpBadFlags},
        Row{0xff, Verdict::kTcpBadFlags}}) {
    EXPECT_EQ(verdict_of(segment(row.flags).seq(kS).ack(c + 1).data("x")), row.verdict)
        << row.flags;
    EXPECT_TRUE(draws_nothing(segment(row.flags).seq(kS).ack(c + 1).data("x")));
  }
}

TEST_P(Responder, SaysNothingToADamagedSegment) {
  Bytes frame = segment(kSyn).seq(kS).data("0123456789012345").build();
  frame.back() ^= std::byte{1};
  EXPECT_EQ(gateway.from_access(frame).verdict, Verdict::kBadChecksum);
  EXPECT_TRUE(gateway.from_access(frame).reply.empty());
}

TEST_P(Responder, NeverSendsMoreThanItsTriggerBeforeACookieVerifies) {
  for (const auto& frame :
       {segment(kSyn).seq(1), segment(kSyn).seq(1).tcp_options(mss_option(1460)),
        segment(kAck).ack(1), segment(kAck).ack(1).data("x")}) {
    for (const bool padded : {true, false}) {
      FrameBuilder copy = frame;
      if (!padded) copy.no_padding();
      const Bytes trigger = copy.build();
      EXPECT_LE(gateway.from_access(trigger).reply.size(), trigger.size());
    }
  }
}

TEST(ResponderAddresses, RepliesOnlyBetweenTwoHosts) {
  Gateway gateway;
  const auto frame = [] {
    return FrameBuilder{}.ip("192.0.2.101", "198.51.100.80").tcp(1, 80, kSyn);
  };
  EXPECT_FALSE(gateway.from_access(frame().build()).reply.empty());
  const net::MacAddress group{0x0100'5e00'0001};
  EXPECT_EQ(gateway.from_access(frame().to(group).build()).verdict, Verdict::kBadDestination);
  EXPECT_EQ(gateway.from_access(frame().from(kRouter).to(kRouter).build()).verdict,
            Verdict::kNoReplyAddress);
  for (const unsigned port : {80U, 22U, 443U}) {
    for (const auto& [source, destination] :
         {std::pair{"127.0.0.1", "198.51.100.80"}, std::pair{"0.0.0.0", "198.51.100.80"},
          std::pair{"198.51.100.80", "198.51.100.80"}, std::pair{"224.0.0.1", "198.51.100.80"},
          std::pair{"::1", "2001:db8::80"}, std::pair{"::", "2001:db8::80"},
          std::pair{"ff02::1", "2001:db8::80"}}) {
      const auto syn = FrameBuilder{}.ip(source, destination).tcp(1, port, kSyn);
      EXPECT_EQ(gateway.from_access(syn.build()).verdict, Verdict::kBadSourceAddress) << source;
    }
    EXPECT_EQ(
        gateway.from_access(frame().from(kRouter).to(kRouter).tcp(1, port, kSyn).build()).verdict,
        Verdict::kNoReplyAddress);
  }
}

TEST(ResponderFrames, CarryNoByteOfTheBuffersLastUse) {
  // Padding, type of service, identification, urgent pointer: all that no field is written for.
  Gateway gateway;
  for (const bool is_v6 : {false, true}) {
    FrameBuilder syn;
    if (is_v6) {
      syn.ip("2001:db8::101", "2001:db8:80::80");
    } else {
      syn.ip("192.0.2.101", "198.51.100.80");
    }
    const Bytes reply = gateway.from_access(syn.tcp(1, 80, kSyn).build()).reply;
    const std::size_t l3 = 14, l4 = is_v6 ? 54 : 34;
    ASSERT_GE(reply.size(), l4 + 20);
    if (is_v6) {
      EXPECT_EQ(net::load_be32(reply, l3), 0x6000'0000U);
    } else {
      EXPECT_EQ(net::load_be16(reply, l3), 0x4500);
      EXPECT_EQ(net::load_be16(reply, l3 + 4), 0);
    }
    EXPECT_EQ(net::load_be16(reply, l4 + 18), 0) << "urgent pointer";
    for (std::size_t at = l4 + 20; at < reply.size(); ++at)
      EXPECT_EQ(reply[at], std::byte{0}) << at;
  }
}

/// Each kind of answer over the wire: a probe, JSON, HTTP/2; checksums are read_reply's.
TEST_P(Responder, AnswersEachKindOfRequestInAsManyBytes) {
  for (const auto& [mss, length] : {std::pair{1440U, 1200U}, {1199U, 536U}}) {
    for (const auto& [request, begin] : std::vector<std::pair<std::string_view, std::string_view>>{
             {"GET /generate_204 HTTP/1.1\r\nHost: www.gstatic.com\r\n\r\n",
              "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.10/login?t="},
             {"HEAD /generate_204 HTTP/1.1\r\nHost: www.gstatic.com\r\n\r\n",
              "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.10/login?t="},
             {"GET / HTTP/1.1\r\nAccept: application/json\r\n\r\n",
              "HTTP/1.1 511 Network Authentication Required\r\nContent-Type: "
              "application/problem+json\r\n"},
             {"HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 511 Network Authentication Required\r\n"},
             {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", std::string_view{"\0\0\0\4\0\0\0\0\0", 9}},
             {"\x16\x03\x01\x02", "HTTP/1.1 511 Network Authentication Required\r\n"}}) {
      const std::uint32_t c = open(mss);
      const Reply reply = gateway.reply_to(segment(kPsh | kAck).seq(kS).ack(c + 1).data(request));
      EXPECT_EQ(reply.text.size(), length) << request;
      EXPECT_TRUE(reply.text.starts_with(begin)) << reply.text;
      EXPECT_EQ(reply.packet.tcp_flags, kFin | kPsh | kAck);
    }
  }
}

/// `https = "alert"`: the same rows, with an answer of seven bytes.
class TlsResponder : public Responder {
 protected:
  TlsResponder() : alerting{{.https = policy::HttpsPolicy::kAlert}} {}
  FrameBuilder tls(unsigned flags) const { return segment(flags).tcp(40000, 443, flags); }
  Gateway alerting;
};

INSTANTIATE_TEST_SUITE_P(Families, TlsResponder,
                         testing::Values(kConnectionCases[0], kConnectionCases[5]), name_of_case);

TEST_P(TlsResponder, EndsAHandshakeWithAFatalAlert) {
  const Reply opened = alerting.reply_to(tls(kSyn).seq(kS - 1).tcp_options(mss_option(1440)));
  EXPECT_EQ(opened.packet.tcp_flags, kSyn | kAck);
  const std::uint32_t c = opened.packet.sequence;
  EXPECT_EQ(alerting.from_access(tls(kAck).seq(kS).ack(c + 1).build()).verdict,
            Verdict::kTcpPureAck);
  const std::string hello = "\x16\x03\x01" + std::string(600, 'h');
  const auto sent = tls(kPsh | kAck).seq(kS).ack(c + 1).data(hello);
  EXPECT_EQ(alerting.from_access(sent.build()).verdict, Verdict::kHttpsAlert);
  const Reply alert = alerting.reply_to(sent);
  EXPECT_EQ(alert.packet.tcp_flags, kFin | kPsh | kAck);
  EXPECT_EQ(alert.packet.sequence, c + 1);
  EXPECT_EQ(alert.packet.acknowledgement, kS + static_cast<std::uint32_t>(hello.size()));
  EXPECT_EQ(alert.text, (std::string{"\x15\x03\x03\0\x02\x02\x50", 7})) << "fatal, internal_error";
  // A part of it acknowledged draws the whole again, all of it and FIN the end.
  EXPECT_EQ(alerting.reply_to(tls(kAck).seq(kS).ack(c + 5).data("x")).text.size(), 7U);
  const Reply end = alerting.reply_to(tls(kFin | kAck).seq(kS).ack(c + 2 + 7));
  EXPECT_EQ(end.packet.tcp_flags, kAck);
  EXPECT_EQ(end.packet.acknowledgement, kS + 1);
  EXPECT_EQ(alerting.from_access(tls(kAck).seq(kS).ack(c + 2 + 8).data("x").build()).verdict,
            Verdict::kCookieReset);
}

TEST_P(TlsResponder, KeepsTheCookiesOfPortsApart) {
  const std::uint32_t c = alerting.reply_to(tls(kSyn).seq(kS - 1)).packet.sequence;
  EXPECT_EQ(alerting.from_access(segment(kAck).seq(kS).ack(c + 1).data(kGet).build()).verdict,
            Verdict::kCookieReset);
}

std::optional<responder::CookieMatch> match(const responder::CookieKeys& keys,
                                            const responder::ConnectionId& id, std::uint32_t ack) {
  return match_cookie(keys, id, ack, responder::Service::kHttp);
}

TEST(Cookie, IsBoundToAllThatNamesTheConnection) {
  responder::CookieKeys keys;
  for (std::uint64_t i = 0; i < 4; ++i) keys.key[i] = {i, ~i};
  const responder::ConnectionId id{.link = 1,
                                   .vlan = 10,
                                   .client = kClient,
                                   .source = net::IpAddress::v4(1),
                                   .destination = net::IpAddress::v4(2),
                                   .source_port = 3,
                                   .destination_port = 80};
  const std::uint32_t c = issue_cookie(keys, id, responder::CookieClass::kFull);
  ASSERT_TRUE(match(keys, id, c + 1));
  std::vector<responder::ConnectionId> others(7, id);
  others[0].link = 2;
  others[1].vlan = 11;
  others[2].client = kRouter;
  others[3].source = net::IpAddress::v4(9);
  others[4].destination = net::IpAddress::v4(9);
  others[5].source_port = 9;
  others[6].destination_port = 9;
  for (std::size_t i = 0; i < others.size(); ++i) EXPECT_FALSE(match(keys, others[i], c + 1)) << i;
  // The class is in the hash, not only in front of it: else one SYN would open all sizes.
  EXPECT_FALSE(match(keys, id, (c ^ 1U << 28) + 1));
  EXPECT_FALSE(match(keys, id, (c ^ 1U << 30) + 1)) << "nor is it another epoch's";
}

TEST(Cookie, IsKnownUpToTheEndOfTheAnswerAndNoFurther) {
  responder::CookieKeys keys;
  for (std::uint64_t i = 0; i < 4; ++i) keys.key[i] = {i, ~i};
  using responder::CookieClass;
  // Many connections, so that cookies near the upper end of the hash's range are among them.
  bool carried = false;
  for (std::uint32_t n = 0; n < 4'000'000; ++n) {
    const responder::ConnectionId id{.client = kClient,
                                     .source = net::IpAddress::v4(n),
                                     .destination = net::IpAddress::v4(1),
                                     .source_port = 1,
                                     .destination_port = 80};
    const std::uint32_t c = issue_cookie(keys, id, CookieClass::kFull);
    const bool near_top = (c & 0x0fff'ffff) > 0x0fff'ffff - 1202;
    if (!near_top && n > 1000) continue;
    carried = carried || near_top;
    for (const std::uint32_t acknowledged : {0U, 1U, 1199U, 1200U, 1201U}) {
      const auto found = match(keys, id, c + 1 + acknowledged);
      ASSERT_TRUE(found) << n << ' ' << acknowledged;
      EXPECT_EQ(found->acknowledged, acknowledged);
      EXPECT_EQ(found->size, CookieClass::kFull);
    }
    EXPECT_FALSE(match(keys, id, c));
    EXPECT_FALSE(match(keys, id, c + 1203));
  }
  EXPECT_TRUE(carried) << "no cookie was near enough to the top to test the carry";
}

}  // namespace
}  // namespace gate511::test
