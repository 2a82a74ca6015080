// SPDX-License-Identifier: BSD-3-Clause
//
// The oracle of tests/captures denies what it should, and lets pass what guests need: else a replay
// could not fail, or would say nothing.
#include <gtest/gtest.h>

#include <functional>

#include "captures/frames.hpp"
#include "captures/oracle.hpp"
#include "support/dns_message.hpp"
#include "support/gateway.hpp"

namespace gate511::captures {
namespace {

using test::bytes;
using test::Bytes;
using test::FrameBuilder;
namespace flag = net::tcp_flag;

constexpr std::string_view kGuest = "192.0.2.101", kOrigin = "198.51.100.80";

class ReplayOracle : public testing::Test {
 protected:
  /// "" or why not.
  std::string up(const FrameBuilder& frame) {
    return said([&](Frame bytes) { oracle.guest_up(bytes); }, frame.build());
  }
  std::string down(FrameBuilder frame) {
    frame.from(test::kRouter).to(test::kClient);
    return said([&](Frame bytes) { oracle.guest_down(bytes); }, frame.build());
  }
  std::string session(const FrameBuilder& frame) {
    return said([&](Frame bytes) { oracle.session_up(bytes); }, frame.build());
  }
  std::string reply(const Bytes& trigger, const Bytes& answer) {
    oracle.sent(trigger);
    return said([&](Frame bytes) { oracle.reply(trigger, bytes); }, answer);
  }
  static std::string said(const std::function<void(Frame)>& judge, const Bytes& frame) {
    try {
      judge(frame);
      return "";
    } catch (const Denied& denied) {
      return denied.why;
    }
  }

  Oracle oracle{{.resolvers = {{Address::v4(0xc000'0235), 32}},
                 .ntp = {},
                 .garden = {{{Address::v4(0xc000'020a), 32}},
                            {{Address::v4(0xc000'020b), 32}, {{443, 443}}}}}};
};

FrameBuilder to(std::string_view address) {
  return FrameBuilder{}.ip(kGuest, address);
}
Bytes query(unsigned type = 1) {
  return test::dns_query("a.example", type);
}

TEST_F(ReplayOracle, LetsGuestsHaveWhatTheyNeed) {
  EXPECT_EQ(up(to("192.0.2.53").udp(5000, 53).data(query())), "");
  EXPECT_EQ(up(to("192.0.2.53").udp(5000, 53).data(test::with_edns(query()))), "");
  EXPECT_EQ(up(to("192.0.2.53").tcp(5000, 53, flag::kAck).data(test::over_tcp(query()))), "");
  EXPECT_EQ(up(to("192.0.2.10").tcp(5000, 8443, flag::kSyn)), "");
  EXPECT_EQ(up(to("192.0.2.11").tcp(5000, 443, flag::kSyn)), "");
  EXPECT_EQ(down(FrameBuilder{}.ip("192.0.2.10", kGuest).tcp(80, 5000, flag::kAck)), "");
  EXPECT_EQ(session(to(kOrigin).udp(5000, 53).data("anything")), "");
}

TEST_F(ReplayOracle, DeniesGuestsAllElse) {
  EXPECT_EQ(up(to(kOrigin).tcp(5000, 80, flag::kSyn)), "no row of the rules");
  EXPECT_EQ(up(to("192.0.2.11").tcp(5000, 444, flag::kSyn)), "no row of the rules");
  EXPECT_EQ(up(to("192.0.2.11").icmp(8, 0, Bytes(4))), "no row of the rules");
  EXPECT_EQ(up(to(kOrigin).udp(5000, 53).data(query())), "DNS to another resolver");
  EXPECT_EQ(up(to("192.0.2.53").udp(5000, 53).data(query(16))), "a DNS type that is denied");
  EXPECT_EQ(up(to("192.0.2.53").udp(5000, 53).data("GET / HTTP/1.1")), "DNS that is no query");
  EXPECT_EQ(up(to("192.0.2.53").tcp(5000, 53, flag::kAck).data(bytes({0, 9, 1}))),
            "half a DNS message");
  EXPECT_EQ(up(to("192.0.2.10").fragment(0x2000).tcp(5000, 80, flag::kSyn)), "IPv4 fragment");
  EXPECT_EQ(up(to("192.0.2.10").tcp(5000, 80, flag::kSyn).trailing(Bytes(40))),
            "bytes behind the packet");
  EXPECT_EQ(up(FrameBuilder{}.type(0x8847, Bytes(46))), "neither ARP nor IP");
  EXPECT_EQ(up(to("192.0.2.1").udp(68, 67).data(Bytes(300))), "DHCP to an unknown server");
  EXPECT_EQ(down(FrameBuilder{}.ip(kOrigin, kGuest).tcp(80, 5000, flag::kAck)),
            "answers nothing that a guest may ask");
  EXPECT_EQ(down(FrameBuilder{}.ip("192.0.2.1", kGuest).udp(67, 68).data(Bytes(300))),
            "answers nothing that a guest may ask");
}

TEST_F(ReplayOracle, DeniesEverybodyWhatServersSend) {
  EXPECT_EQ(session(to("255.255.255.255").udp(67, 68).data("x")), "a DHCP server's message");
  EXPECT_EQ(session(FrameBuilder{}
                        .ip("fe80::1", "ff02::1")
                        .ttl(255)
                        .extension(43, Bytes(6))
                        .icmp(134, 0, Bytes(12))),
            "what routers alone send");
}

TEST_F(ReplayOracle, DeniesRepliesThatAreNone) {
  test::Gateway gateway;
  const Bytes syn = to(kOrigin).tcp(5000, 80, flag::kSyn).tcp_options(Bytes(4)).build();
  const Bytes answer = gateway.from_access(syn).reply;
  EXPECT_EQ(reply(syn, answer), "");
  Bytes wrong = answer;
  wrong[5] ^= std::byte{1};
  EXPECT_EQ(reply(syn, wrong), "not to whom the frame came from");
  wrong = answer;
  wrong[40] ^= std::byte{1};
  EXPECT_EQ(reply(syn, wrong), "TCP checksum");
  const Bytes probe = to(kOrigin).tcp(5000, 80, flag::kSyn).no_padding().build();
  EXPECT_EQ(reply(probe, answer), "larger than what drew it");
  EXPECT_EQ(reply(to(kOrigin).icmp(8, 0, Bytes(12)).build(), answer),
            "a reply to neither TCP nor UDP");
}

/// Each sample is taken apart without a fault, whatever is said of it.
TEST_F(ReplayOracle, ReadsEverySample) {
  std::size_t passed = 0;
  const auto samples = sample_frames();
  for (const Bytes& sample : samples) {
    if (said([&](Frame bytes) { oracle.guest_up(bytes); }, sample).empty()) ++passed;
    (void)said([&](Frame bytes) { oracle.guest_down(bytes); }, sample);
    (void)said([&](Frame bytes) { oracle.session_up(bytes); }, sample);
  }
  EXPECT_GT(passed, 20U);
  EXPECT_LT(passed, samples.size() / 2);
}

}  // namespace
}  // namespace gate511::captures
