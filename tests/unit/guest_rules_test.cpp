// SPDX-License-Identifier: BSD-3-Clause
//
// What a guest may do, frame by frame and in both directions, and what a session changes.
#include <gtest/gtest.h>

#include "net/checksum.hpp"
#include "policy/token_bucket.hpp"
#include "support/dns_message.hpp"
#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using policy::Verdict;
namespace flag = net::tcp_flag;

constexpr net::MacAddress kAll{0xffff'ffff'ffff};
constexpr net::MacAddress kOther{0x0200'5e00'5302};

FrameBuilder v4(std::string_view to = "198.51.100.80") {
  return FrameBuilder{}.ip("192.0.2.101", to);
}
FrameBuilder v6(std::string_view to = "2001:db8:80::80") {
  return FrameBuilder{}.ip("2001:db8::101", to);
}
FrameBuilder down(std::string_view from, std::string_view to) {
  return FrameBuilder{}.from(kRouter).to(kClient).ip(from, to);
}
/// Operation 1 is a request, 2 a reply; the sender is kClient.
Bytes arp(unsigned operation = 1) {
  Bytes out = bytes({0, 1, 8, 0, 6, 4, 0, operation, 0x02, 0x00, 0x5e, 0x00, 0x53, 0x01});
  out.resize(28);
  return out;
}
Bytes dhcp4(unsigned op, std::uint32_t magic = 0x63825363) {
  Bytes out(236);
  out[0] = static_cast<std::byte>(op);
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::byte>(magic >> shift));
  out.push_back(std::byte{255});
  return out;
}
Bytes dhcp6(unsigned type) {
  return bytes({type, 1, 2, 3});
}

class Guest : public testing::Test {
 protected:
  Verdict up(const FrameBuilder& frame) { return gateway.from_access(frame.build()).verdict; }
  Verdict down_verdict(const FrameBuilder& frame) {
    return gateway.from_uplink(frame.build()).verdict;
  }
  Gateway gateway;
};

TEST_F(Guest, MaySpeakArpForItself) {
  for (const unsigned operation : {1U, 2U})
    EXPECT_EQ(up(FrameBuilder{}.to(kAll).type(0x0806, arp(operation))), Verdict::kArp);
  EXPECT_EQ(up(FrameBuilder{}.to(kAll).type(0x0806, arp(3))), Verdict::kBadArp);
  EXPECT_EQ(up(FrameBuilder{}.from(kOther).to(kAll).type(0x0806, arp())), Verdict::kBadArp)
      << "in another one's name";
}

TEST_F(Guest, CarriesNothingBehindItsPackets) {
  for (const bool tagged : {false, true}) {
    const auto with = [&](std::size_t bytes) {
      FrameBuilder frame = v4("192.0.2.53");
      if (tagged) frame.tag(10);
      return frame.udp(5000, 53).data(dns_query("")).trailing(Bytes(bytes + 1));
    };
    // 14 + 20 + 8 + 18 is Ethernet's least length already; a tag leaves room for its own four.
    EXPECT_EQ(up(with(0)), Verdict::kDns);
    EXPECT_EQ(up(with(1)), Verdict::kTrailingBytes);
  }
  EXPECT_EQ(up(FrameBuilder{}.to(kAll).type(0x0806, arp()).trailing(Bytes(18))), Verdict::kArp);
  EXPECT_EQ(up(FrameBuilder{}.to(kAll).type(0x0806, arp()).trailing(Bytes(19))),
            Verdict::kTrailingBytes);
}

TEST_F(Guest, SendsFromAnAddressThatAHostHas) {
  for (const char* from : {"127.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "192.0.2.53"})
    EXPECT_EQ(up(FrameBuilder{}.ip(from, "192.0.2.53").udp(5000, 53)), Verdict::kBadSourceAddress);
  for (const char* from : {"::1", "::", "ff02::1", "2001:db8::53"}) {
    EXPECT_EQ(up(FrameBuilder{}.ip(from, "2001:db8::53").udp(5000, 53)),
              Verdict::kBadSourceAddress);
  }
}

TEST_F(Guest, SendsToAHostsMacWhatIsForAHost) {
  EXPECT_EQ(up(v4("192.0.2.10").to(kAll).tcp(1, 80, flag::kSyn)), Verdict::kBadDestination);
  EXPECT_EQ(up(v6("2001:db8::53").to(net::MacAddress{0x3333'0000'0001}).udp(1, 53)),
            Verdict::kBadDestination);
  EXPECT_EQ(up(v4("255.255.255.255").to(kRouter).udp(68, 67).data(dhcp4(1))),
            Verdict::kBadDestination);
}

TEST_F(Guest, MayAskForAnAddress) {
  const auto discover = [](std::string_view to) { return v4(to).udp(68, 67).data(dhcp4(1)); };
  EXPECT_EQ(up(discover("255.255.255.255")), Verdict::kDhcp);
  EXPECT_EQ(up(FrameBuilder{}.ip("0.0.0.0", "255.255.255.255").udp(68, 67).data(dhcp4(1))),
            Verdict::kDhcp);
  for (const unsigned type : {1U, 3U, 4U, 5U, 6U, 8U, 9U, 11U})
    EXPECT_EQ(up(v6("ff02::1:2").udp(546, 547).data(dhcp6(type))), Verdict::kDhcp) << type;
  Bytes shortest = dhcp4(1);
  shortest.resize(240);
  EXPECT_EQ(up(v4("255.255.255.255").udp(68, 67).data(shortest)), Verdict::kDhcp);
}

TEST_F(Guest, MayRenewWithAServerThatAnsweredOnTheLink) {
  const auto renew = [](std::string_view to) { return v4(to).udp(68, 67).data(dhcp4(1)); };
  const auto answer = [](std::string_view from, std::string_view to) {
    return down(from, to).udp(67, 68).data(dhcp4(2));
  };
  EXPECT_EQ(up(renew("192.0.2.1")), Verdict::kDhcpDenied) << "not seen answering yet";
  EXPECT_EQ(up(renew("255.255.255.255")), Verdict::kDhcp);
  EXPECT_EQ(down_verdict(answer("192.0.2.1", "192.0.2.101")), Verdict::kDhcp);
  EXPECT_EQ(up(renew("192.0.2.1")), Verdict::kDhcpDenied) << "a router could have let that in";
  const FrameBuilder broadcast = answer("192.0.2.1", "255.255.255.255").to(kAll);
  EXPECT_EQ(down_verdict(broadcast), Verdict::kMulticast);
  EXPECT_EQ(up(renew("192.0.2.1")), Verdict::kDhcp);
  EXPECT_EQ(up(renew("192.0.2.2")), Verdict::kDhcpDenied);
}

TEST_F(Guest, MakesNobodyOnTheInternetItsDhcpServer) {
  const auto tunnel = v6("2001:db8:bad::1").udp(546, 547).data(dhcp6(1));
  EXPECT_EQ(up(tunnel), Verdict::kDhcpDenied);
  EXPECT_EQ(down_verdict(down("2001:db8:bad::1", "2001:db8::101").udp(547, 546).data(dhcp6(7))),
            Verdict::kNotSolicited);
  EXPECT_EQ(up(tunnel), Verdict::kDhcpDenied);
  for (const char* from : {"0.0.0.0", "127.0.0.1", "255.255.255.255"}) {
    EXPECT_EQ(down_verdict(down(from, "192.0.2.101").udp(67, 68).data(dhcp4(2))),
              Verdict::kNotSolicited);
  }
}

TEST_F(Guest, IsNoDhcpServerAndTunnelsNothingThroughItsPorts) {
  const auto to_all = [] { return v4("255.255.255.255"); };
  EXPECT_EQ(up(to_all().udp(67, 68).data(dhcp4(2))), Verdict::kRogueDhcp);
  EXPECT_EQ(up(to_all().udp(68, 67).data(dhcp4(2))), Verdict::kRogueDhcp);
  EXPECT_EQ(up(to_all().udp(68, 67).data(dhcp4(1, 1))), Verdict::kDhcpDenied);
  EXPECT_EQ(up(to_all().udp(68, 67).data("x")), Verdict::kDhcpDenied);
  EXPECT_EQ(up(to_all().udp(1234, 67).data(dhcp4(1))), Verdict::kDhcpDenied);
  Bytes cut = dhcp4(1);
  cut.resize(239);
  EXPECT_EQ(up(to_all().udp(68, 67).data(cut)), Verdict::kDhcpDenied);
  EXPECT_EQ(up(v6("ff02::1:2").udp(547, 546).data(dhcp6(7))), Verdict::kRogueDhcp);
  for (const unsigned type : {0U, 2U, 7U, 10U, 12U, 13U})
    EXPECT_EQ(up(v6("ff02::1:2").udp(546, 547).data(dhcp6(type))), Verdict::kDhcpDenied) << type;
  EXPECT_EQ(up(v6("ff02::1:2").udp(1234, 547).data(dhcp6(1))), Verdict::kDhcpDenied);
  EXPECT_EQ(up(v6("ff02::1:2").udp(546, 547).data(bytes({1, 2, 3}))), Verdict::kDhcpDenied);
  EXPECT_EQ(up(v6("ff02::1:3").udp(546, 547).data(dhcp6(1))), Verdict::kDhcpDenied);
  EXPECT_EQ(up(v6("2001:db8::547").udp(546, 547).data(dhcp6(1))), Verdict::kDhcpDenied);
}

TEST_F(Guest, MayAskTheConfiguredResolversAlone) {
  EXPECT_EQ(up(v4("192.0.2.53").udp(5000, 53).data(dns_query("a.example"))), Verdict::kDns);
  EXPECT_EQ(up(v4("192.0.2.53").tcp(5000, 53, flag::kSyn)), Verdict::kDns);
  EXPECT_EQ(up(v6("2001:db8::53").udp(5000, 53).data(dns_query("a.example"))), Verdict::kDns);
  EXPECT_EQ(up(v4("198.51.100.53").udp(5000, 53).data(Bytes(40))), Verdict::kDnsRefused);
  EXPECT_EQ(up(v4("198.51.100.53").tcp(5000, 53, flag::kSyn)), Verdict::kDnsRefused);
  EXPECT_EQ(up(v4("192.0.2.10").udp(5000, 53).data(Bytes(40))), Verdict::kDnsRefused)
      << "the rule for DNS stands before the garden's";
  EXPECT_EQ(up(v4("192.0.2.53").tcp(5000, 853, flag::kSyn)), Verdict::kTcpRefused);
}

TEST(GuestWithAnyResolver, MayAskAll) {
  Gateway gateway{{.any_resolver = true}};
  EXPECT_EQ(
      gateway.from_access(v4("198.51.100.53").udp(5000, 53).data(dns_query("a.example")).build())
          .verdict,
      Verdict::kDns);
  EXPECT_EQ(gateway.from_uplink(down("198.51.100.53", "192.0.2.101").udp(53, 5000).build()).verdict,
            Verdict::kDns);
}

TEST_F(Guest, MayReachTimeServersPortalAndGarden) {
  EXPECT_EQ(up(v4("192.0.2.123").udp(123, 123).data(Bytes(48))), Verdict::kNtp);
  EXPECT_EQ(up(v4("192.0.2.124").udp(123, 123).data(Bytes(48))), Verdict::kUdpRefused);
  EXPECT_EQ(up(v4("192.0.2.123").tcp(123, 123, flag::kSyn)), Verdict::kTcpRefused);
  EXPECT_EQ(up(v4("192.0.2.10").tcp(5000, 80, flag::kSyn)), Verdict::kGarden);
  EXPECT_EQ(up(v4("192.0.2.10").tcp(5000, 443, flag::kSyn)), Verdict::kGarden);
  EXPECT_EQ(up(v4("192.0.2.10").icmp(8, 0, Bytes(12))), Verdict::kGarden);
  EXPECT_EQ(up(v6("2001:db8::10").tcp(5000, 443, flag::kSyn)), Verdict::kGarden);
}

TEST_F(Guest, IsAnsweredOnHttpPorts) {
  EXPECT_EQ(up(v4().tcp(5000, 80, flag::kSyn)), Verdict::kSynAck);
  EXPECT_EQ(up(v6().tcp(5000, 8080, flag::kSyn)), Verdict::kSynAck);
}

TEST_F(Guest, IsRefusedAtOnceElsewhere) {
  EXPECT_EQ(up(v4().tcp(5000, 443, flag::kSyn)), Verdict::kHttpsRefused);
  EXPECT_EQ(up(v6().tcp(5000, 22, flag::kSyn)), Verdict::kTcpRefused);
  EXPECT_EQ(up(v4().udp(5000, 443).data(Bytes(1200))), Verdict::kUdpRefused);
  EXPECT_EQ(up(v6().udp(5000, 443).data(Bytes(1200))), Verdict::kUdpRefused);
  EXPECT_EQ(up(v4().icmp(8, 0, Bytes(12))), Verdict::kGuestDenied);
  EXPECT_EQ(up(v6().icmp(128, 0, Bytes(12))), Verdict::kGuestDenied);
  EXPECT_EQ(up(v4().protocol(47).data(Bytes(20))), Verdict::kGuestDenied);
  EXPECT_EQ(up(v4("224.0.0.251").udp(5353, 5353).data("x")), Verdict::kGuestDenied);
  EXPECT_EQ(up(v6("ff02::fb").udp(5353, 5353).data("x")), Verdict::kGuestDenied);
  EXPECT_EQ(up(v4().protocol(6).data(Bytes(19))), Verdict::kBadTcpHeader);
}

TEST_F(Guest, GetsTheRstOfRfc9293ForAnotherPort) {
  const Reply to_syn = gateway.reply_to(v4().tcp(5000, 22, flag::kSyn).seq(77));
  EXPECT_EQ(to_syn.packet.tcp_flags, flag::kRst | flag::kAck);
  EXPECT_EQ(to_syn.packet.sequence, 0U);
  EXPECT_EQ(to_syn.packet.acknowledgement, 78U);
  const Reply to_ack = gateway.reply_to(v6().tcp(5000, 443, flag::kAck).seq(77).ack(99).data("x"));
  EXPECT_EQ(to_ack.packet.tcp_flags, flag::kRst);
  EXPECT_EQ(to_ack.packet.sequence, 99U);
  EXPECT_EQ(
      gateway.reply_to(v4().tcp(5000, 22, flag::kSyn).seq(77).data("xyz")).packet.acknowledgement,
      81U)
      << "SEG.LEN counts the SYN's data";
  EXPECT_EQ(up(v4().tcp(5000, 22, flag::kRst)), Verdict::kTcpReset);
  EXPECT_EQ(up(v4().tcp(5000, 22, flag::kFin)), Verdict::kTcpBadFlags);
}

TEST_F(Guest, IsRefusedNothingThatIsDamaged) {
  for (const unsigned port : {22U, 443U, 53U}) {
    for (const bool udp : {true, false}) {
      FrameBuilder frame = v6();
      if (udp) {
        frame.udp(5000, port);
      } else {
        frame.tcp(5000, port, flag::kSyn);
      }
      Bytes damaged = frame.data(Bytes(100)).build();
      damaged.back() ^= std::byte{1};
      EXPECT_EQ(gateway.from_access(damaged).verdict, Verdict::kBadChecksum);
      EXPECT_TRUE(gateway.from_access(damaged).reply.empty());
    }
  }
  Bytes without = v4().udp(5000, 443).data(Bytes(100)).build();
  without[40] = without[41] = std::byte{0};  // RFC 768: no checksum
  EXPECT_EQ(gateway.from_access(without).verdict, Verdict::kUdpRefused);
}

TEST_F(Guest, IsRefusedNoMoreThanTheBudgetOfAll) {
  int refused = 0;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const net::MacAddress one_of_many{0x0200'5e10'0000 + i};
    const Verdict verdict = up(v4().from(one_of_many).tcp(5000, 22, flag::kSyn));
    refused += verdict == Verdict::kTcpRefused ? 1 : 0;
  }
  EXPECT_EQ(refused, 2000);
  EXPECT_EQ(up(v4().udp(5000, 443).data(Bytes(1200))), Verdict::kRateLimited);
}

TEST(GuestWithHttpsDrop, WaitsInVain) {
  Gateway gateway{{.https = policy::HttpsPolicy::kDrop}};
  EXPECT_EQ(gateway.from_access(v4().tcp(5000, 443, flag::kSyn).build()).verdict,
            Verdict::kHttpsDropped);
}

TEST_F(Guest, GetsIcmpProhibitedThatQuotesWhatItSent) {
  for (const bool is_v6 : {false, true}) {
    const Bytes sent = (is_v6 ? v6() : v4()).udp(5000, 443).data(Bytes(1200)).build();
    const Reply reply = gateway.reply_to(sent);
    EXPECT_EQ(reply.packet.icmp_type, is_v6 ? 1 : 3);
    EXPECT_EQ(reply.packet.icmp_code, is_v6 ? 1 : 13);
    const Bytes frame = gateway.from_access(sent).reply;
    const std::size_t quoted = is_v6 ? 48 : 28;
    EXPECT_TRUE(std::equal(sent.begin() + 14, sent.begin() + 14 + static_cast<int>(quoted),
                           frame.begin() + reply.packet.l4_offset + 8));
  }
}

TEST_F(Guest, DrawsNoMoreBytesThanItSent) {
  // Whatever it mixes: a byte that has drawn a SYN,ACK or a reset pays for no ICMP error.
  const std::vector<Bytes> frames{v6().udp(5000, 9999).no_padding().build(),
                                  v6().tcp(5000, 80, flag::kSyn).build(),
                                  v6().tcp(5000, 22, flag::kSyn).build()};
  std::size_t sent = 0, received = 0, icmp = 0;
  for (int i = 0; i < 1500; ++i) {
    gateway.now.ns += 20'000'000;  // as fast as the guest's budgets allow
    const Bytes& frame = frames[static_cast<std::size_t>(i) / 500];
    sent += frame.size();
    received += gateway.from_access(frame).reply.size();
    ASSERT_LE(received, sent) << i;
  }
  for (int i = 0; i < 300; ++i) {
    gateway.now.ns += 20'000'000;
    sent += frames[0].size();
    const std::size_t reply = gateway.from_access(frames[0]).reply.size();
    icmp += reply;
    received += reply;
    ASSERT_LE(received, sent);
  }
  EXPECT_GT(icmp, 300 * frames[0].size() / 2) << "but it is refused as fast as its credit goes";
}

TEST_F(Guest, IsToldOfNoChainLongerThanAReply) {
  FrameBuilder frame = v6();
  for (int i = 0; i < 4; ++i) frame.extension(60, Bytes(2046));
  const Outcome outcome = gateway.from_access(frame.udp(1, 9999).data(Bytes(100)).build());
  EXPECT_EQ(outcome.verdict, Verdict::kUdpRefused);
  EXPECT_LE(outcome.reply.size(), 600U);
}

TEST_F(Guest, FragmentsOptionsAndUnknownTypesAreDroppedByName) {
  EXPECT_EQ(up(v4("192.0.2.10").fragment(0x2000).tcp(1, 80, flag::kSyn)), Verdict::kFragment);
  EXPECT_EQ(up(v4("192.0.2.53").ip_options(bytes({1, 1, 1, 1})).udp(1, 53)), Verdict::kIpOptions);
  EXPECT_EQ(up(v6("2001:db8::53").extension(44, Bytes(6)).udp(1, 53)), Verdict::kFragment);
  EXPECT_EQ(up(FrameBuilder{}.type(0x8864, Bytes(60))), Verdict::kUnknownEthertype);
  EXPECT_EQ(up(FrameBuilder{}.type(0x0040, Bytes(60))), Verdict::kUnknownEthertype);
  EXPECT_EQ(gateway.from_access(Bytes(13)).verdict, Verdict::kRunt);
  EXPECT_EQ(gateway.from_access({}).verdict, Verdict::kRunt);
}

// ---- towards the guest ----

TEST_F(Guest, HearsAnswersToWhatItMaySend) {
  const char* me = "192.0.2.101";
  EXPECT_EQ(down_verdict(FrameBuilder{}.from(kRouter).to(kClient).type(0x0806, arp())),
            Verdict::kArp);
  EXPECT_EQ(down_verdict(down("192.0.2.53", me).udp(53, 5000).data("x")), Verdict::kDns);
  EXPECT_EQ(down_verdict(down("192.0.2.53", me).tcp(53, 5000, flag::kSyn | flag::kAck)),
            Verdict::kDns);
  EXPECT_EQ(down_verdict(down("192.0.2.123", me).udp(123, 123).data("x")), Verdict::kNtp);
  EXPECT_EQ(down_verdict(down("192.0.2.10", me).tcp(80, 5000, flag::kAck)), Verdict::kGarden);
  EXPECT_EQ(down_verdict(down("2001:db8::10", "2001:db8::101").tcp(443, 5000, flag::kAck)),
            Verdict::kGarden);
  EXPECT_EQ(up(v4("255.255.255.255").udp(68, 67).data(dhcp4(1))), Verdict::kDhcp);
  EXPECT_EQ(down_verdict(down("192.0.2.1", me).udp(67, 68).data(dhcp4(2))), Verdict::kDhcp);
  EXPECT_EQ(down_verdict(down("fe80::1", "fe80::2").udp(547, 546).data(dhcp6(7))), Verdict::kDhcp);
  EXPECT_EQ(down_verdict(down("fe80::1", "fe80::2").udp(547, 546).data(dhcp6(2))), Verdict::kDhcp);
  EXPECT_EQ(down_verdict(down("fe80::1", "fe80::2").udp(547, 546).data(dhcp6(10))), Verdict::kDhcp);
  for (const unsigned type : {134U, 135U, 136U}) {
    EXPECT_EQ(down_verdict(down("fe80::1", "fe80::2").ttl(255).icmp(type, 0, Bytes(20))),
              Verdict::kNeighbour);
  }
}

TEST_F(Guest, HearsNothingElse) {
  const char* me = "192.0.2.101";
  for (const auto& frame :
       {down("198.51.100.80", me).tcp(80, 5000, flag::kAck), down("192.0.2.53", me).udp(54, 5000),
        down("198.51.100.53", me).udp(53, 5000), down("192.0.2.10", me).udp(53, 5000),
        down("198.51.100.80", me).icmp(8, 0, Bytes(12)), down("192.0.2.1", me).udp(67, 69),
        down("192.0.2.1", me).udp(67, 68).data("x"),
        down("192.0.2.1", me).udp(67, 68).data(dhcp4(1)),
        down("fe80::1", "fe80::2").udp(547, 545).data(dhcp6(7)),
        down("fe80::1", "fe80::2").udp(545, 546).data(dhcp6(7)),
        down("fe80::1", "fe80::2").udp(547, 546).data(dhcp6(1)),
        down("fe80::1", "fe80::2").ttl(64).icmp(135, 0, Bytes(20)),
        down("2001:db8::1", "2001:db8::101").icmp(128, 0, Bytes(12))}) {
    const Outcome outcome = gateway.from_uplink(frame.build());
    EXPECT_EQ(outcome.verdict, Verdict::kNotSolicited);
    EXPECT_TRUE(outcome.reply.empty());
    EXPECT_FALSE(outcome.forwarded);
  }
  EXPECT_EQ(down_verdict(down("192.0.2.10", me).fragment(0x2000).tcp(80, 1, 0)),
            Verdict::kFragment);
}

TEST_F(Guest, HearsIcmpErrorsAboutWhatItMaySendAlone) {
  const auto error = [](std::string_view to, unsigned port = 53, unsigned type = 3,
                        std::size_t more = 0) {
    const Bytes sent = v4(to).udp(5000, port).data(Bytes(more)).no_padding().build();
    Bytes body(4);  // unused, next-hop MTU
    body.insert(body.end(), sent.begin() + 14, sent.end());
    return down("192.0.2.1", "192.0.2.101").icmp(type, 4, body);
  };
  EXPECT_EQ(down_verdict(error("192.0.2.10", 80)), Verdict::kGarden);
  EXPECT_EQ(down_verdict(error("192.0.2.53")), Verdict::kGarden);
  EXPECT_EQ(down_verdict(error("192.0.2.123", 123, 11)), Verdict::kGarden);
  EXPECT_EQ(down_verdict(error("192.0.2.10", 80, 12)), Verdict::kGarden);
  EXPECT_EQ(down_verdict(error("192.0.2.53", 80)), Verdict::kNotSolicited) << "no DNS";
  EXPECT_EQ(down_verdict(error("192.0.2.10", 80, 5)), Verdict::kNotSolicited) << "a redirect";
  EXPECT_EQ(down_verdict(error("192.0.2.10", 80, 3, 520)), Verdict::kGarden) << "576 bytes";
  EXPECT_EQ(down_verdict(error("192.0.2.10", 80, 3, 521)), Verdict::kNotSolicited);
  EXPECT_EQ(down_verdict(error("198.51.100.80")), Verdict::kNotSolicited);
  const Bytes sent6 = v6("2001:db8::10").tcp(5000, 443, flag::kAck).no_padding().build();
  Bytes body(4);
  body.insert(body.end(), sent6.begin() + 14, sent6.end());
  EXPECT_EQ(down_verdict(down("2001:db8::1", "2001:db8::101").icmp(2, 0, body)), Verdict::kGarden);
  for (const unsigned type : {0U, 5U, 100U, 127U, 129U})
    EXPECT_EQ(down_verdict(down("2001:db8::1", "2001:db8::101").icmp(type, 0, body)),
              Verdict::kNotSolicited);
  EXPECT_EQ(down_verdict(down("2001:db8::1", "2001:db8::102").icmp(2, 0, body)),
            Verdict::kNotSolicited)
      << "quotes what another one sent";
  EXPECT_EQ(down_verdict(down("192.0.2.1", "192.0.2.101").icmp(3, 4, Bytes(10))),
            Verdict::kNotSolicited);
}

TEST_F(Guest, HearsTheMulticastThatItNeeds) {
  const net::MacAddress group{0x3333'0000'0001};
  const auto ra = FrameBuilder{}.from(kRouter).to(group).ip("fe80::1", "ff02::1");
  EXPECT_EQ(down_verdict(FrameBuilder{ra}.ttl(255).icmp(134, 0, Bytes(12))), Verdict::kMulticast);
  EXPECT_EQ(down_verdict(FrameBuilder{ra}.ttl(1).extension(0, Bytes(6)).icmp(130, 0, Bytes(20))),
            Verdict::kMulticast);
  EXPECT_EQ(down_verdict(FrameBuilder{}.from(kRouter).to(kAll).type(0x0806, arp())),
            Verdict::kMulticast);
  EXPECT_EQ(down_verdict(FrameBuilder{}
                             .from(kRouter)
                             .to(kAll)
                             .ip("192.0.2.1", "255.255.255.255")
                             .udp(67, 68)
                             .data(dhcp4(2))),
            Verdict::kMulticast);
  EXPECT_EQ(down_verdict(FrameBuilder{}
                             .from(kRouter)
                             .to(net::MacAddress{0x0100'5e00'0001})
                             .ip("192.0.2.1", "224.0.0.1")
                             .ip_options(bytes({0x94, 4, 0, 0}))
                             .protocol(2)
                             .data(Bytes(8))),
            Verdict::kMulticast);
  for (const unsigned type : {131U, 132U, 143U}) {
    EXPECT_EQ(down_verdict(FrameBuilder{ra}.ttl(1).extension(0, Bytes(6)).icmp(type, 0, Bytes(20))),
              Verdict::kMulticast);
  }
  for (const unsigned type : {128U, 138U})
    EXPECT_EQ(down_verdict(FrameBuilder{ra}.ttl(255).icmp(type, 0, Bytes(20))),
              Verdict::kMulticastDenied);
  EXPECT_EQ(down_verdict(FrameBuilder{ra}.udp(5353, 5353).data("x")), Verdict::kMulticastDenied);
  EXPECT_EQ(down_verdict(FrameBuilder{}.from(kRouter).to(kAll).type(0x1234, Bytes(50))),
            Verdict::kUnknownEthertype);
  Gateway open{{.multicast_all = true}};
  EXPECT_EQ(open.from_uplink(FrameBuilder{ra}.udp(5353, 5353).data("x").build()).verdict,
            Verdict::kMulticast);
}

// ---- sessions ----

TEST(Session, PassesBothWaysAndIsCounted) {
  Gateway gateway;
  const auto index = gateway.table.insert({kClient, 0}, table::State::kAuthenticated);
  const Bytes up = v4().tcp(5000, 22, flag::kSyn).build();
  EXPECT_EQ(gateway.from_access(up).verdict, Verdict::kSession);
  EXPECT_TRUE(gateway.from_access(up).forwarded);
  EXPECT_EQ(gateway.from_uplink(down("198.51.100.80", "192.0.2.101").udp(1, 2).data("abcd").build())
                .verdict,
            Verdict::kSession);
  const table::TrafficCounts counts = gateway.counters[*index].read();
  EXPECT_EQ(counts.packets_up, 2U);
  EXPECT_EQ(counts.bytes_up, 80U);
  EXPECT_EQ(counts.packets_down, 1U);
  EXPECT_EQ(counts.bytes_down, 32U);
  EXPECT_EQ(gateway.from_access(v4().from(kOther).tcp(5000, 22, flag::kSyn).build()).verdict,
            Verdict::kTcpRefused);
}

TEST(Session, PassesWhatNobodyCanClassify) {
  Gateway gateway;
  ASSERT_TRUE(gateway.table.insert({kClient, 0}, table::State::kAuthenticated));
  for (const auto& frame :
       {FrameBuilder{}.type(0x8864, Bytes(60)), v4().fragment(0x2000).udp(1, 2),
        v4().ip_options(bytes({1, 1, 1, 1})).udp(1, 2), v4("224.0.0.251").udp(5353, 5353)})
    EXPECT_EQ(gateway.from_access(frame.build()).verdict, Verdict::kSession);
}

TEST(Session, BlockedIsDroppedAndRestrictedIsAGuest) {
  Gateway gateway;
  const auto index = gateway.table.insert({kClient, 0}, table::State::kBlocked);
  const Bytes arp_frame = FrameBuilder{}.to(kAll).type(0x0806, arp()).build();
  EXPECT_EQ(gateway.from_access(arp_frame).verdict, Verdict::kBlocked);
  EXPECT_EQ(gateway.from_uplink(down("192.0.2.53", "192.0.2.101").udp(53, 1).build()).verdict,
            Verdict::kBlocked);
  gateway.table.set_state(*index, table::State::kRestricted);
  EXPECT_EQ(gateway.from_access(arp_frame).verdict, Verdict::kArp);
  EXPECT_EQ(gateway.from_access(v4().tcp(1, 80, flag::kSyn).build()).verdict, Verdict::kSynAck);
  EXPECT_EQ(gateway.from_uplink(down("198.51.100.80", "192.0.2.101").udp(1, 2).build()).verdict,
            Verdict::kNotSolicited);
}

TEST(Session, HoldsOnItsVlanWhereTheKeySaysSo) {
  Gateway by_mac;
  ASSERT_TRUE(by_mac.table.insert({kClient, 0}, table::State::kAuthenticated));
  EXPECT_EQ(by_mac.from_access(v4().tag(20).udp(1, 2).build()).verdict, Verdict::kSession);
  Gateway by_vlan{{.key_has_vlan = true}};
  ASSERT_TRUE(by_vlan.table.insert({kClient, 10}, table::State::kAuthenticated));
  EXPECT_EQ(by_vlan.from_access(v4().tag(10).udp(1, 2).build()).verdict, Verdict::kSession);
  EXPECT_NE(by_vlan.from_access(v4().tag(20).udp(1, 2).build()).verdict, Verdict::kSession);
  EXPECT_NE(by_vlan.from_access(v4().udp(1, 2).build()).verdict, Verdict::kSession);
}

TEST(Session, HoldsWhereItsNumberIsTheLinks) {
  Gateway gateway;
  gateway.shared.key_numbers[0] = &gateway.key_numbers;
  ASSERT_TRUE(gateway.table.insert({kClient, 7}, table::State::kAuthenticated));
  EXPECT_NE(gateway.from_access(v4().tag(10).udp(1, 2).build()).verdict, Verdict::kSession);
  gateway.key_numbers[10] = 7;
  EXPECT_EQ(gateway.from_access(v4().tag(10).udp(1, 2).build()).verdict, Verdict::kSession);
  EXPECT_EQ(
      gateway.from_uplink(down("198.51.100.80", "192.0.2.100").tag(10).udp(1, 2).build()).verdict,
      Verdict::kSession);
  EXPECT_NE(gateway.from_access(v4().tag(20).udp(1, 2).build()).verdict, Verdict::kSession);
  EXPECT_NE(gateway.from_access(v4().udp(1, 2).build()).verdict, Verdict::kSession);
}

TEST(Session, LongerThanTheOtherPortTakesIsDropped) {
  Gateway gateway;
  ASSERT_TRUE(gateway.table.insert({kClient, 0}, table::State::kAuthenticated));
  EXPECT_EQ(gateway.from_access(v4().udp(1, 2).data(Bytes(1480)).build()).verdict,
            Verdict::kSession);
  EXPECT_EQ(gateway.from_access(v4().udp(1, 2).data(Bytes(1481)).build()).verdict,
            Verdict::kOversized);
}

// ---- what no client is asked for ----

TEST(Reserved, StpLacpAndLldpPassBothWaysAndPauseNever) {
  for (const bool pass : {true, false}) {
    Gateway gateway{{.pass_reserved = pass}};
    const auto both = [&](std::uint64_t to, unsigned type, Verdict expected) {
      Bytes body(46);
      if (type < 0x600) body = bytes({0x42, 0x42, 0x03});
      const Bytes frame = FrameBuilder{}
                              .to(net::MacAddress{to})
                              .type(static_cast<std::uint16_t>(type), body)
                              .build();
      EXPECT_EQ(gateway.from_access(frame).verdict, expected);
      EXPECT_EQ(gateway.from_uplink(frame).verdict, expected);
    };
    const Verdict open = pass ? Verdict::kReserved : Verdict::kReservedDropped;
    both(0x0180'c200'0000, 0x0026, open);                       // spanning tree is LLC
    both(0x0180'c200'0000, 0x05dc, Verdict::kReservedDropped);  // longer than the frame
    both(0x0180'c200'0002, 0x8809, open);
    both(0x0180'c200'000e, 0x88cc, open);
    both(0x0180'c200'0003, 0x88cc, open);
    both(0x0180'c200'0000, 0x88cc, open);
    both(0x0180'c200'0003, 0x888e, Verdict::kReservedDropped);  // 802.1X
    both(0x0180'c200'0000, 0x0800, Verdict::kReservedDropped);
    both(0x0180'c200'000f, 0x88cc, Verdict::kReservedDropped);
    both(0x0180'c200'0001, 0x8808, Verdict::kPause);
    both(0x0180'c200'0001, 0x0800, Verdict::kPause);
    both(0x0200'5e00'53fe, 0x8808, Verdict::kPause);
    both(0xffff'ffff'ffff, 0x8808, Verdict::kPause);
  }
}

TEST(Reserved, OtherLlcIsNoSpanningTree) {
  Gateway gateway;
  const auto verdict = [&](Bytes body) {
    return gateway
        .from_access(FrameBuilder{}
                         .to(net::MacAddress{0x0180'c200'0000})
                         .type(0x0026, std::move(body))
                         .build())
        .verdict;
  };
  EXPECT_EQ(verdict(bytes({0x42, 0x42, 0x03})), Verdict::kReserved);
  EXPECT_EQ(verdict(bytes({0xaa, 0xaa, 0x03})), Verdict::kReservedDropped);
  EXPECT_EQ(verdict(bytes({0x42, 0x42, 0x7f})), Verdict::kReservedDropped);
}

TEST(Reserved, ABlockedClientSendsNoneEither) {
  Gateway gateway;
  ASSERT_TRUE(gateway.table.insert({kClient, 0}, table::State::kBlocked));
  EXPECT_EQ(
      gateway
          .from_access(
              FrameBuilder{}.to(net::MacAddress{0x0180'c200'000e}).type(0x88cc, Bytes(46)).build())
          .verdict,
      Verdict::kBlocked);
}

TEST(LoginLink, NamesWhoAsks) {
  // The claim as it comes through the pipeline, from the frame itself.
  Gateway gateway;
  gateway.snapshot.zones.push_back(gateway.snapshot.zones[0]);
  gateway.snapshot.links[0].zone_of_vlan[0x123].number = 1;
  const auto segment = [](unsigned flags) {
    return FrameBuilder{}.tag(0x2123).ip("192.0.2.101", "198.51.100.80").tcp(40000, 80, flags);
  };
  const Bytes mss = bytes({2, 4, 5, 0xb4});
  const std::uint32_t c = gateway.reply_to(segment(flag::kSyn).tcp_options(mss)).packet.sequence;
  const Reply page =
      gateway.reply_to(segment(flag::kAck).ack(c + 1).data("GET / HTTP/1.1\r\n\r\n"));
  const std::size_t at = page.text.find("?t=") + 3;
  // 10 characters are the first 60 bits and the next 6 end in byte 49; the head is enough: version,
  // zone, VLAN and MAC are 10 bytes, the address 16 more, then the time.
  const http::TokenMaker tokens{gateway.snapshot.link_key,
                                {.zone = 1,
                                 .vlan = 0x123,
                                 .mac = kClient,
                                 .address = *net::parse_ip("192.0.2.101"),
                                 .unix_s = 1'800'000'000}};
  const http::Token expected = tokens.make({});
  constexpr std::size_t kCharsBeforeTheNonce = 30 * 8 / 6;
  EXPECT_EQ(page.text.substr(at, kCharsBeforeTheNonce),
            (std::string_view{expected.data(), kCharsBeforeTheNonce}));
}

TEST(Verdicts, CountEachFrameOnce) {
  Gateway gateway;
  for (int i = 0; i < 3; ++i) (void)gateway.from_access(v4().tcp(1, 80, flag::kSyn).build());
  (void)gateway.from_access(Bytes(5));
  EXPECT_EQ(gateway.counted(Verdict::kSynAck), 3U);
  EXPECT_EQ(gateway.counted(Verdict::kRunt), 1U);
  std::uint64_t all = 0;
  for (const auto& row : policy::kVerdicts) all += gateway.counted(row.verdict);
  EXPECT_EQ(all, 4U);
}

TEST(Verdicts, HaveNamesAndSentencesOfTheirOwn) {
  std::set<std::string_view> names, sentences;
  for (const auto& row : policy::kVerdicts) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(sentences.insert(row.sentence).second) << row.name;
  }
}

TEST(Burst, IsSortedIntoPassReplyAndDrop) {
  Gateway gateway;
  auto burst = std::make_unique<pipeline::Burst>();
  const std::vector<Bytes> kinds{FrameBuilder{}.to(kAll).type(0x0806, arp()).build(),
                                 v4().tcp(1, 80, flag::kSyn).build(),
                                 v4().icmp(8, 0, Bytes(12)).build()};
  burst->count = pipeline::kMaxBurst;
  burst->max_frame_out = 1522;
  for (std::size_t i = 0; i < burst->count; ++i) burst->frame[i] = kinds[i % 3];
  gateway.pipeline.run(*burst, gateway.now);
  EXPECT_EQ(burst->pass.count, 22);
  EXPECT_EQ(burst->reply.count, 21);
  EXPECT_EQ(burst->drop.count, 21);
  for (const std::uint8_t i : burst->pass) EXPECT_EQ(i % 3, 0);
  for (const std::uint8_t i : burst->reply) EXPECT_EQ(i % 3, 1);
  for (const std::uint8_t i : burst->drop) EXPECT_EQ(i % 3, 2);
}

// ---- budgets ----

TEST(TokenBucket, GivesItsBurstAndThenItsRate) {
  policy::TokenBucket bucket{1000, 10};
  std::uint64_t now = 5'000'000'000;
  int taken = 0;
  while (bucket.take(now)) ++taken;
  EXPECT_EQ(taken, 10);
  EXPECT_FALSE(bucket.take(now + 999'999));
  EXPECT_TRUE(bucket.take(now + 1'000'000));
  taken = 0;
  for (int ms = 1; ms <= 1000; ++ms)
    taken += bucket.take(now + std::uint64_t{1'000'000} * (1U + unsigned(ms))) ? 1 : 0;
  EXPECT_EQ(taken, 1000);
  now += 3600'000'000'000;
  taken = 0;
  while (bucket.take(now)) ++taken;
  EXPECT_EQ(taken, 10) << "an hour's rest gives no more than the burst";
}

}  // namespace
}  // namespace gate511::test
