// SPDX-License-Identifier: BSD-3-Clause
//
// What nobody on the access side may send, and what is learnt of the uplink.
#include <gtest/gtest.h>

#include "net/checksum.hpp"
#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using pipeline::Sighting;
using pipeline::SightingSource;
using policy::Verdict;
namespace flag = net::tcp_flag;

constexpr net::MacAddress kAll{0xffff'ffff'ffff};
constexpr net::MacAddress kResolver{0x0200'5e00'5353};

Bytes arp(net::MacAddress sender, std::string_view address) {
  Bytes out = bytes({0, 1, 8, 0, 6, 4, 0, 2});
  out.resize(28);
  net::store_be48(out, 8, sender.value());
  net::store_be(out, 14, net::parse_ip(address)->v4_value());
  return out;
}
/// ND with one address and no option: the type's reserved word, then the target.
Bytes discovery(std::string_view target) {
  Bytes body(4 + 16);
  net::parse_ip(target)->store_v6(body, 4);
  return body;
}
Bytes dhcp4(unsigned op, net::MacAddress client, std::uint32_t xid, const Bytes& options = {}) {
  Bytes out(236);
  out[0] = static_cast<std::byte>(op);
  out[1] = std::byte{1};
  out[2] = std::byte{6};
  net::store_be(out, 4, xid);
  net::store_be48(out, 28, client.value());
  for (const unsigned octet : {0x63U, 0x82U, 0x53U, 0x63U})
    out.push_back(static_cast<std::byte>(octet));
  out.insert(out.end(), options.begin(), options.end());
  out.push_back(std::byte{255});
  return out;
}

class Guards : public testing::Test {
 protected:
  Guards() {
    known_ =
        policy::Infrastructure{{{kRouter, 0}, {kResolver, 0}},
                               {{*net::parse_ip("192.0.2.1"), 0},
                                {*net::parse_ip("fe80::1"), 0},
                                {*net::parse_ip("192.0.2.77"), 0, 20}},
                               {{*net::parse_ip("192.0.2.1"), 0}, {*net::parse_ip("fe80::1"), 0}}};
    gateway.shared.known = &known_;
  }
  Verdict up(const FrameBuilder& frame) { return gateway.from_access(frame.build()).verdict; }
  void let_in() { ASSERT_TRUE(gateway.table.insert({kClient, 0}, table::State::kAuthenticated)); }
  std::vector<Sighting> taken(pipeline::SightingReporter& reporter) {
    std::vector<Sighting> seen(16);
    seen.resize(reporter.take(seen));
    return seen;
  }
  policy::Infrastructure known_;
  Gateway gateway;
};

/// Each, from a guest and from a session.
TEST_F(Guards, DropForEverybodyWhatServersAndRoutersSend) {
  const auto to_all = [] { return FrameBuilder{}.ip("192.0.2.101", "255.255.255.255"); };
  const auto v6 = [] { return FrameBuilder{}.ip("fe80::101", "ff02::1").ttl(255); };
  for (const bool session : {false, true}) {
    if (session) let_in();
    EXPECT_EQ(up(to_all().udp(67, 68).data(dhcp4(2, kClient, 1))), Verdict::kRogueDhcp);
    EXPECT_EQ(up(to_all().udp(4000, 68).data("x")), Verdict::kRogueDhcp);
    EXPECT_EQ(up(to_all().udp(67, 67).data(dhcp4(2, kClient, 1))), Verdict::kRogueDhcp);
    EXPECT_EQ(up(to_all().ip_options(bytes({1, 1, 1, 1})).udp(67, 68).data("x")),
              Verdict::kRogueDhcp);
    EXPECT_EQ(up(to_all().fragment(0x2000).udp(67, 68).data("x")), Verdict::kRogueDhcp);
    EXPECT_EQ(up(v6().udp(547, 546).data("x")), Verdict::kRogueDhcp);
    EXPECT_EQ(up(v6().icmp(134, 0, Bytes(12))), Verdict::kRouterMessage);
    EXPECT_EQ(up(v6().icmp(137, 0, Bytes(36))), Verdict::kRouterMessage);
    EXPECT_EQ(up(v6().extension(60, Bytes(6)).icmp(134, 0, Bytes(12))), Verdict::kRouterMessage)
        << "behind an extension header";
    FrameBuilder hidden = v6();
    for (int i = 0; i < 5; ++i) hidden.extension(60, Bytes(6));
    EXPECT_EQ(up(hidden.icmp(134, 0, Bytes(12))), Verdict::kExtensionChain);
  }
  EXPECT_EQ(up(to_all().udp(67, 67).data(dhcp4(1, kClient, 1))), Verdict::kSession)
      << "a relay behind the access port has a session";
  EXPECT_EQ(up(FrameBuilder{}.ip("192.0.2.101", "198.51.100.1").udp(5000, 443).data("x")),
            Verdict::kSession);
}

/// A host's stack reads more than the rules for guests do, and whoever has a session may send it.
TEST_F(Guards, HearWhatHostsHear) {
  constexpr std::uint8_t kRouting = 43, kFragment = 44, kOptions = 60;
  const auto v6 = [] { return FrameBuilder{}.ip("fe80::101", "ff02::1"); };
  for (const bool session : {false, true}) {
    if (session) let_in();
    for (const unsigned to : {68U, 67U}) {
      Bytes longer = FrameBuilder{}
                         .ip("192.0.2.101", "255.255.255.255")
                         .udp(67, to)
                         .data(dhcp4(2, kClient, 1, Bytes(8)))
                         .build();
      const auto length = static_cast<std::uint16_t>(net::load_be16(longer, 38) - 4);
      net::store_be(longer, 38, length);
      EXPECT_EQ(gateway.from_access(longer).verdict, Verdict::kRogueDhcp)
          << "UDP that ends before its packet, to port " << to;
    }
    for (const std::uint8_t header : {kRouting, kFragment, kOptions}) {
      EXPECT_EQ(up(v6().extension(header, Bytes(6)).udp(547, 546).data("x")), Verdict::kRogueDhcp);
      EXPECT_EQ(up(v6().extension(header, Bytes(6)).icmp(134, 0, Bytes(12))),
                Verdict::kRouterMessage);
    }
    FrameBuilder chain = v6();
    for (int i = 0; i < 20; ++i) chain.extension(kOptions, Bytes(6));
    EXPECT_EQ(up(chain.udp(547, 546).data("x")), Verdict::kRogueDhcp);
  }
  EXPECT_EQ(up(v6().extension(kFragment, bytes({0, 8, 0, 0, 0, 1})).udp(547, 546).data("x")),
            Verdict::kSession)
      << "no first fragment";
}

/// Linux takes a packet without a payload length to be as long as its frame, if hop-by-hop options
/// follow.
TEST_F(Guards, DropForEverybodyAPayloadWithoutALength) {
  for (const bool session : {false, true}) {
    if (session) let_in();
    for (const bool dhcp : {false, true}) {
      FrameBuilder frame = FrameBuilder{}.ip("fe80::101", "ff02::1").ttl(255);
      frame.extension(0, bytes({1, 4, 0, 0, 0, 0}));
      Bytes made = (dhcp ? frame.udp(547, 546).data("x") : frame.icmp(134, 0, Bytes(12))).build();
      EXPECT_EQ(gateway.from_access(made).verdict,
                dhcp ? Verdict::kRogueDhcp : Verdict::kRouterMessage);
      net::store_be(made, 14 + 4, std::uint16_t{0});
      EXPECT_EQ(gateway.from_access(made).verdict, Verdict::kTruncated);
    }
  }
}

/// A DHCPv6 server's message to a client, of which its ports are not to be seen.
TEST_F(Guards, DropForEverybodyWhatMayHideADhcpServersMessage) {
  const auto later = [](const char* to) {
    return FrameBuilder{}.ip("fe80::66", to).extension(44, bytes({0, 8, 0, 0, 0, 7})).udp(547, 546);
  };
  for (const bool session : {false, true}) {
    if (session) let_in();
    EXPECT_EQ(up(later("fe80::101")), Verdict::kFragment);
  }
  EXPECT_TRUE(taken(gateway.pipeline.guarded()).empty()) << "it may be nothing of the kind";
  EXPECT_EQ(up(later("2001:db8:1::1")), Verdict::kSession) << "no client takes its answers there";
}

TEST_F(Guards, DropForEverybodyTheMacOfARouterOrResolver) {
  for (const net::MacAddress mac : {kRouter, kResolver}) {
    EXPECT_EQ(up(FrameBuilder{}.from(mac).ip("192.0.2.101", "198.51.100.1").udp(1, 2)),
              Verdict::kRouterMac);
    ASSERT_TRUE(gateway.table.insert({mac, 0}, table::State::kAuthenticated));
    EXPECT_EQ(up(FrameBuilder{}.from(mac).ip("192.0.2.101", "198.51.100.1").udp(1, 2)),
              Verdict::kRouterMac);
    EXPECT_EQ(up(FrameBuilder{}.from(mac).to(kAll).type(0x0806, arp(mac, "192.0.2.9"))),
              Verdict::kRouterMac);
  }
}

TEST_F(Guards, DropForEverybodyTheClaimOfARoutersAddress) {
  for (const bool session : {false, true}) {
    if (session) let_in();
    EXPECT_EQ(up(FrameBuilder{}.to(kAll).type(0x0806, arp(kClient, "192.0.2.1"))),
              Verdict::kRouterClaim);
    EXPECT_EQ(
        up(FrameBuilder{}.ip("fe80::101", "ff02::1").ttl(255).icmp(136, 0, discovery("fe80::1"))),
        Verdict::kRouterClaim);
    EXPECT_EQ(up(FrameBuilder{}
                     .ip("fe80::1", "ff02::1:ff00:9")
                     .ttl(255)
                     .icmp(135, 0, discovery("fe80::9"))),
              Verdict::kRouterClaim);
    EXPECT_EQ(up(FrameBuilder{}.ip("fe80::1", "ff02::2").ttl(255).icmp(133, 0, Bytes(4))),
              Verdict::kRouterClaim);
    EXPECT_EQ(up(FrameBuilder{}.tag(20).to(kAll).type(0x0806, arp(kClient, "192.0.2.77"))),
              Verdict::kRouterClaim);
    EXPECT_NE(up(FrameBuilder{}.to(kAll).type(0x0806, arp(kClient, "192.0.2.77"))),
              Verdict::kRouterClaim)
        << "another VLAN's router";
    EXPECT_NE(up(FrameBuilder{}.to(kAll).type(0x0806, arp(kClient, "192.0.2.101"))),
              Verdict::kRouterClaim);
  }
}

TEST_F(Guards, AreToldOfOnceAMinuteAndMakeNoClient) {
  const FrameBuilder claim = FrameBuilder{}.to(kAll).type(0x0806, arp(kClient, "192.0.2.1"));
  for (int i = 0; i < 5; ++i) up(claim);
  const auto told = taken(gateway.pipeline.guarded());
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].source, SightingSource::kStolenAddress);
  EXPECT_EQ(told[0].client, kClient);
  EXPECT_EQ(net::to_string(told[0].address), "192.0.2.1");
  up(FrameBuilder{}.from(kRouter).to(kAll).type(0x0806, arp(kRouter, "192.0.2.1")));
  EXPECT_TRUE(taken(gateway.pipeline.sightings()).empty()) << "nobody has the router's address";
  gateway.now.ns += 61'000'000'000;
  up(claim);
  EXPECT_EQ(taken(gateway.pipeline.guarded()).size(), 2U)
      << "the router's MAC, and again the claim";
}

TEST_F(Guards, DoNothingFromTheUplinkAndInMonitoredZones) {
  EXPECT_NE(
      gateway
          .from_uplink(
              FrameBuilder{}.from(kRouter).to(kAll).type(0x0806, arp(kRouter, "192.0.2.1")).build())
          .verdict,
      Verdict::kRouterMac);
  Gateway monitored{{.enforce = policy::Enforce::kMonitor}};
  monitored.shared.known = &known_;
  const Bytes rogue =
      FrameBuilder{}.ip("192.0.2.101", "255.255.255.255").udp(67, 68).data("x").build();
  EXPECT_EQ(monitored.from_access(rogue).verdict, Verdict::kMonitored);
  EXPECT_EQ(monitored.would_have(0, Verdict::kRogueDhcp), 1U);
  EXPECT_TRUE(taken(monitored.pipeline.guarded()).empty());
}

// ---- DHCP answers ----

TEST_F(Guards, PassADhcpAnswerToWhoAskedAlone) {
  const auto answer = [](std::uint32_t xid) {
    return FrameBuilder{}
        .from(kRouter)
        .to(kClient)
        .ip("192.0.2.1", "192.0.2.101")
        .udp(67, 68)
        .data(dhcp4(2, kClient, xid))
        .build();
  };
  EXPECT_EQ(gateway.from_uplink(answer(7)).verdict, Verdict::kNotSolicited);
  EXPECT_EQ(
      up(FrameBuilder{}.ip("0.0.0.0", "255.255.255.255").udp(68, 67).data(dhcp4(1, kClient, 7))),
      Verdict::kDhcp);
  EXPECT_EQ(gateway.from_uplink(answer(8)).verdict, Verdict::kNotSolicited);
  EXPECT_EQ(gateway.from_uplink(answer(7)).verdict, Verdict::kDhcp);
  gateway.now.ns += 62'000'000'000;
  EXPECT_EQ(gateway.from_uplink(answer(7)).verdict, Verdict::kNotSolicited) << "too late";
}

// ---- what the uplink tells ----

TEST_F(Guards, LearnWhatTheUplinkTells) {
  const auto told = [&](const FrameBuilder& frame) {
    gateway.from_uplink(FrameBuilder{frame}.from(kRouter).build());
    std::vector<std::string> all;
    for (const Sighting& seen : taken(gateway.pipeline.uplink())) {
      EXPECT_EQ(seen.client, kRouter);
      all.push_back(std::to_string(static_cast<int>(seen.source)) + " " +
                    net::to_string(seen.address));
    }
    return all;
  };
  const auto id = [](SightingSource source) { return std::to_string(static_cast<int>(source)); };
  using All = std::vector<std::string>;
  Bytes advert(12);
  advert[3] = std::byte{30};  // lifetime: the code, checksum and hop limit stand before it
  EXPECT_EQ(told(FrameBuilder{}.ip("fe80::1", "ff02::1").ttl(255).icmp(134, 0, advert)),
            All{id(SightingSource::kRouterAdvert) + " fe80::1"});
  EXPECT_EQ(told(FrameBuilder{}.ip("fe80::2", "ff02::1").ttl(255).icmp(134, 0, Bytes(12))), All{})
      << "no default router";
  EXPECT_EQ(told(FrameBuilder{}.ip("2001:db8::2", "ff02::1").ttl(255).icmp(134, 0, advert)), All{});
  EXPECT_EQ(told(FrameBuilder{}.ip("fe80::3", "ff02::1").ttl(64).icmp(134, 0, advert)), All{});
  EXPECT_EQ(told(FrameBuilder{}.to(kAll).type(0x0806, arp(kRouter, "192.0.2.1"))),
            All{id(SightingSource::kUplinkArp) + " 192.0.2.1"});
  EXPECT_EQ(told(FrameBuilder{}.to(kAll).type(0x0806, arp(kRouter, "192.0.2.9"))), All{})
      << "nobody wants to know";
  EXPECT_EQ(told(FrameBuilder{}.to(kAll).type(0x0806, arp(kResolver, "192.0.2.1"))), All{})
      << "in another one's name";
  EXPECT_EQ(
      told(FrameBuilder{}.ip("fe80::1", "ff02::1").ttl(255).icmp(136, 0, discovery("fe80::1"))),
      All{id(SightingSource::kUplinkNd) + " fe80::1"});
  const Bytes options = bytes({53, 1, 2, 3, 4, 192, 0, 2, 1});
  EXPECT_EQ(told(FrameBuilder{}
                     .to(kAll)
                     .ip("192.0.2.2", "255.255.255.255")
                     .udp(67, 68)
                     .data(dhcp4(2, kClient, 1, options))),
            (All{id(SightingSource::kDhcpServer) + " 192.0.2.2",
                 id(SightingSource::kDhcpRouter) + " 192.0.2.1"}));
}

}  // namespace
}  // namespace gate511::test
