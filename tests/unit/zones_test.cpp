// SPDX-License-Identifier: BSD-3-Clause
//
// Zones on one trunk, frame by frame: which zone a frame is of, and what `enforce` makes of it.
#include <gtest/gtest.h>

#include <functional>

#include "support/dns_message.hpp"
#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using policy::Enforce;
using policy::Verdict;
namespace flag = net::tcp_flag;

constexpr std::uint16_t kOn = 10, kOff = 20, kMonitored = 30, kElsewhere = 40;
constexpr std::uint8_t kOffZone = 2, kMonitorZone = 3;
constexpr net::MacAddress kAll{0xffff'ffff'ffff};

FrameBuilder up(std::uint16_t vlan, std::string_view to = "198.51.100.80") {
  FrameBuilder frame;
  if (vlan != 0) frame.tag(vlan);
  return frame.ip("192.0.2.101", to);
}
FrameBuilder down(std::uint16_t vlan, std::string_view from = "198.51.100.80") {
  FrameBuilder frame;
  if (vlan != 0) frame.tag(vlan);
  return frame.from(kRouter).to(kClient).ip(from, "192.0.2.101");
}
FrameBuilder bare(std::uint16_t vlan, net::MacAddress to, std::uint16_t type) {
  FrameBuilder frame;
  if (vlan != 0) frame.tag(vlan);
  return frame.to(to).type(type, Bytes(46));
}

class Zones : public testing::Test {
 protected:
  Zones()
      : gateway{{.zones = {{.vlans = {kOn}},
                           {.vlans = {kOff}, .enforce = Enforce::kOff},
                           {.vlans = {kMonitored, 31}, .enforce = Enforce::kMonitor}}}} {}

  Verdict up_verdict(const FrameBuilder& frame) {
    return gateway.from_access(frame.build()).verdict;
  }
  Verdict down_verdict(const FrameBuilder& frame) {
    return gateway.from_uplink(frame.build()).verdict;
  }
  std::string page(std::uint16_t vlan) {
    const Reply hello = gateway.reply_to(up(vlan).tcp(4000, 80, flag::kSyn).seq(7));
    return gateway
        .reply_to(up(vlan)
                      .tcp(4000, 80, flag::kAck | flag::kPsh)
                      .seq(8)
                      .ack(hello.packet.sequence + 1)
                      .data("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"))
        .text;
  }
  void let_in(table::State state) { ASSERT_TRUE(gateway.table.insert({kClient, 0}, state)); }

  Gateway gateway;
};

TEST_F(Zones, HaveTheirOwnPageAndPortal) {
  EXPECT_NE(page(kOn).find("http://192.0.2.11/login?t="), std::string::npos);
  EXPECT_NE(page(kOn).find("Another Wi-Fi"), std::string::npos);
  for (const std::uint16_t vlan : {std::uint16_t{0}, kElsewhere}) {
    EXPECT_NE(page(vlan).find("http://192.0.2.10/login?t="), std::string::npos) << vlan;
    EXPECT_EQ(page(vlan).find("Another Wi-Fi"), std::string::npos) << vlan;
  }
}

TEST_F(Zones, HaveTheirOwnGuestRules) {
  EXPECT_EQ(up_verdict(up(0, "192.0.2.53").udp(4000, 53).data(dns_query("a.example"))),
            Verdict::kDns);
  EXPECT_EQ(up_verdict(up(kOn, "192.0.2.53").udp(4000, 53).data(dns_query("some.example"))),
            Verdict::kDnsRefused);
  EXPECT_EQ(down_verdict(down(0, "192.0.2.10").tcp(80, 4000, flag::kAck)), Verdict::kGarden);
  EXPECT_EQ(down_verdict(down(kOn, "192.0.2.10").tcp(80, 4000, flag::kAck)),
            Verdict::kNotSolicited);
}

TEST_F(Zones, GoByTheOuterTag) {
  FrameBuilder inner_off;
  inner_off.tag(kOn, 0x88a8).tag(kOff).ip("192.0.2.101", "198.51.100.80").tcp(1, 22, flag::kSyn);
  EXPECT_EQ(up_verdict(inner_off), Verdict::kTcpRefused);
  FrameBuilder outer_off;
  outer_off.tag(kOff, 0x88a8).tag(kOn).ip("192.0.2.101", "198.51.100.80").tcp(1, 22, flag::kSyn);
  EXPECT_EQ(up_verdict(outer_off), Verdict::kUnenforced);
}

TEST_F(Zones, TheTokenSaysTheZone) {
  const std::string text = page(kOn);
  const std::size_t at = text.find("?t=") + 3;
  // base64url of version 1, zone 1, VLAN 10: 01 01 00 | 0a ...
  EXPECT_EQ(text.substr(at, 4), "AQEA");
}

/// Frames of all kinds that do not pass where rules are enforced.
void each_denied(std::uint16_t vlan,
                 const std::function<void(const Bytes&, pipeline::Direction, Verdict)>& see) {
  const auto access = [&](const FrameBuilder& frame, Verdict verdict) {
    see(frame.build(), pipeline::Direction::kFromAccess, verdict);
  };
  const auto uplink = [&](const FrameBuilder& frame, Verdict verdict) {
    see(frame.build(), pipeline::Direction::kFromUplink, verdict);
  };
  access(up(vlan).tcp(4000, 80, flag::kSyn), Verdict::kSynAck);
  access(up(vlan).tcp(4000, 443, flag::kSyn), Verdict::kHttpsRefused);
  access(up(vlan).tcp(4000, 22, flag::kSyn), Verdict::kTcpRefused);
  access(up(vlan).udp(4000, 443).data(Bytes(100)), Verdict::kUdpRefused);
  access(up(vlan, "203.0.113.53").udp(4000, 53).data(Bytes(40)), Verdict::kDnsRefused);
  access(up(vlan).fragment(0x2000).udp(1, 2), Verdict::kFragment);
  access(up(vlan, "255.255.255.255").udp(67, 68), Verdict::kRogueDhcp);
  access(bare(vlan, kRouter, 0x8847), Verdict::kUnknownEthertype);
  access(bare(vlan, net::MacAddress{0x0180'c200'0003}, 0x888e), Verdict::kReservedDropped);
  access(bare(vlan, kRouter, 0x0800).from(net::MacAddress{0x0100'5e00'0001}), Verdict::kBadSource);
  FrameBuilder deep;
  deep.tag(vlan).tag(1).tag(2).ip("192.0.2.101", "198.51.100.80");
  access(deep, Verdict::kTagDepth);
  uplink(down(vlan).tcp(80, 4000, flag::kAck), Verdict::kNotSolicited);
  uplink(down(vlan).to(kAll).udp(1, 2), Verdict::kMulticastDenied);
}

TEST_F(Zones, OffPassesEverythingBothWays) {
  std::uint64_t frames = 0;
  each_denied(kOff, [&](const Bytes& frame, pipeline::Direction direction, Verdict denied) {
    ++frames;
    const Outcome outcome = gateway.run(frame, direction);
    EXPECT_EQ(outcome.verdict, Verdict::kUnenforced) << policy::info(denied).name;
    EXPECT_TRUE(outcome.forwarded) << policy::info(denied).name;
  });
  EXPECT_EQ(gateway.counted_in(kOffZone, Verdict::kUnenforced), frames);
}

TEST_F(Zones, OffAsksNoSession) {
  let_in(table::State::kBlocked);
  EXPECT_EQ(up_verdict(up(0).udp(1, 2)), Verdict::kBlocked);
  EXPECT_EQ(up_verdict(up(kOff).udp(1, 2)), Verdict::kUnenforced);
  gateway.table.set_state(gateway.table.look_up({kClient, 0}).index, table::State::kAuthenticated);
  EXPECT_EQ(up_verdict(up(kOff).udp(1, 2)), Verdict::kUnenforced);
  EXPECT_EQ(gateway.counters[gateway.table.look_up({kClient, 0}).index].read().packets_up, 0U);
}

TEST_F(Zones, MonitorPassesEverythingAndCountsWhatItWouldHaveBeen) {
  std::uint64_t frames = 0;
  each_denied(kMonitored, [&](const Bytes& frame, pipeline::Direction direction, Verdict denied) {
    ++frames;
    const std::uint64_t before = gateway.would_have(kMonitorZone, denied);
    const Outcome outcome = gateway.run(frame, direction);
    EXPECT_EQ(outcome.verdict, Verdict::kMonitored) << policy::info(denied).name;
    EXPECT_TRUE(outcome.forwarded) << policy::info(denied).name;
    EXPECT_EQ(gateway.would_have(kMonitorZone, denied), before + 1) << policy::info(denied).name;
  });
  EXPECT_EQ(gateway.counted_in(kMonitorZone, Verdict::kMonitored), frames);
  // The same frames where rules are enforced.
  each_denied(kOn, [&](const Bytes& frame, pipeline::Direction direction, Verdict denied) {
    EXPECT_EQ(gateway.run(frame, direction).verdict, denied) << policy::info(denied).name;
  });
}

TEST_F(Zones, MonitorCountsWhatPassesAnywayAsWhatItIs) {
  EXPECT_EQ(up_verdict(bare(kMonitored, kAll, 0x0800)), Verdict::kMonitored);
  EXPECT_EQ(up_verdict(up(kMonitored, "192.0.2.11").udp(1, 2)), Verdict::kMonitored);
  Bytes arp = bytes({0, 1, 8, 0, 6, 4, 0, 1, 0x02, 0x00, 0x5e, 0x00, 0x53, 0x01});
  arp.resize(28);
  FrameBuilder frame;
  EXPECT_EQ(up_verdict(frame.tag(31).to(kAll).type(0x0806, arp)), Verdict::kArp);
  EXPECT_EQ(gateway.counted_in(kMonitorZone, Verdict::kArp), 1U);
  EXPECT_EQ(gateway.would_have(kMonitorZone, Verdict::kArp), 1U);
}

TEST_F(Zones, MonitorCountsSessions) {
  let_in(table::State::kAuthenticated);
  EXPECT_EQ(up_verdict(up(kMonitored).udp(1, 2).data(Bytes(72))), Verdict::kSession);
  EXPECT_EQ(down_verdict(down(kMonitored).udp(2, 1).data(Bytes(72))), Verdict::kSession);
  const std::uint32_t index = gateway.table.look_up({kClient, 0}).index;
  EXPECT_EQ(gateway.counters[index].read().bytes_up, 100U);
  EXPECT_EQ(gateway.counters[index].read().bytes_down, 100U);
  EXPECT_EQ(gateway.would_have(kMonitorZone, Verdict::kSession), 2U);
  gateway.table.set_state(index, table::State::kBlocked);
  EXPECT_EQ(up_verdict(up(kMonitored).udp(1, 2)), Verdict::kMonitored);
  EXPECT_EQ(gateway.would_have(kMonitorZone, Verdict::kBlocked), 1U);
}

TEST_F(Zones, MonitorUsesUpNoBudget) {
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    const net::MacAddress one_of_many{0x0200'5e10'0000 + i};
    up_verdict(up(kMonitored).from(one_of_many).tcp(4000, 22, flag::kSyn));
  }
  EXPECT_GT(gateway.would_have(kMonitorZone, Verdict::kRateLimited), 0U);
  EXPECT_EQ(up_verdict(up(kOn).tcp(4000, 22, flag::kSyn)), Verdict::kTcpRefused);
}

TEST_F(Zones, ThreeThingsPassNowhere) {
  gateway.max_frame_out = 200;
  for (const std::uint16_t vlan : {kOff, kMonitored}) {
    EXPECT_EQ(up_verdict(up(vlan).udp(1, 2).data(Bytes(300))), Verdict::kOversized) << vlan;
    EXPECT_EQ(up_verdict(bare(vlan, net::MacAddress{0x0180'c200'0001}, 0x8808)), Verdict::kPause);
  }
  for (const Enforce enforce : {Enforce::kOff, Enforce::kMonitor}) {
    Gateway all{{.enforce = enforce}};
    EXPECT_EQ(all.from_access(Bytes(13)).verdict, Verdict::kRunt);
    EXPECT_EQ(all.from_uplink(bare(0, net::MacAddress{0x0180'c200'0001}, 0x8808).build()).verdict,
              Verdict::kPause);
  }
}

TEST_F(Zones, TheDefaultZoneMayBeAnyOfThem) {
  Gateway off{{.enforce = Enforce::kOff}};
  EXPECT_EQ(off.from_access(up(0).udp(1, 2).build()).verdict, Verdict::kUnenforced);
  EXPECT_EQ(off.from_uplink(down(7).udp(1, 2).build()).verdict, Verdict::kUnenforced);
  Gateway watched{{.enforce = Enforce::kMonitor}};
  EXPECT_EQ(watched.from_access(up(0).tcp(1, 22, flag::kSyn).build()).verdict, Verdict::kMonitored);
  EXPECT_EQ(watched.would_have(0, Verdict::kTcpRefused), 1U);
}

TEST_F(Zones, EachFrameIsCountedOnceWhereverItIs) {
  for (const std::uint16_t vlan : {std::uint16_t{0}, kOn, kOff, kMonitored, kElsewhere}) {
    each_denied(vlan, [&](const Bytes& frame, pipeline::Direction direction, Verdict /*denied*/) {
      (void)gateway.run(frame, direction);
    });
  }
  std::uint64_t all = 0, would_have = 0;
  for (const auto& row : policy::kVerdicts) {
    all += gateway.counted(row.verdict);
    would_have += gateway.would_have(kMonitorZone, row.verdict);
  }
  EXPECT_EQ(all, 5 * 13U);
  EXPECT_EQ(would_have, 13U);
}

TEST_F(Zones, ABurstIsCountedAsItsFramesOneByOne) {
  constexpr net::MacAddress kGuest{0x0200'5e00'5302};
  std::vector<Bytes> kinds;
  for (const std::uint16_t vlan : {std::uint16_t{0}, kOn, kOff, kMonitored}) {
    kinds.push_back(up(vlan).udp(1, 2).data(Bytes(72)).build());
    kinds.push_back(up(vlan).from(kGuest).icmp(8, 0, Bytes(12)).build());
    kinds.push_back(up(vlan).from(kGuest).tcp(1, 80, flag::kSyn).build());
  }
  const auto insert = [](Gateway& where) {
    return where.table.insert({kClient, 0}, table::State::kAuthenticated).value_or(0);
  };
  const Gateway::Options options{.zones = {{.vlans = {kOn}},
                                           {.vlans = {kOff}, .enforce = Enforce::kOff},
                                           {.vlans = {kMonitored}, .enforce = Enforce::kMonitor}}};
  Gateway singly{options}, at_once{options};
  const std::uint32_t single_index = insert(singly), burst_index = insert(at_once);

  auto burst = std::make_unique<pipeline::Burst>();
  burst->count = pipeline::kMaxBurst;
  burst->max_frame_out = 1522;
  for (std::size_t i = 0; i < burst->count; ++i) {
    const Bytes& frame = kinds[i * i / 5 % kinds.size()];  // some in a row, some not
    burst->frame[i] = frame;
    (void)singly.from_access(frame);
  }
  at_once.pipeline.run(*burst, at_once.now);
  at_once.pipeline.account(*burst);

  for (std::uint8_t zone = 0; zone <= kMonitorZone; ++zone) {
    for (const auto& row : policy::kVerdicts)
      EXPECT_EQ(at_once.counted_in(zone, row.verdict), singly.counted_in(zone, row.verdict))
          << int{zone} << ' ' << row.name;
  }
  EXPECT_EQ(at_once.counters[burst_index].read().packets_up,
            singly.counters[single_index].read().packets_up);
  EXPECT_GT(at_once.counted_in(1, Verdict::kSession), 2U);
}

}  // namespace
}  // namespace gate511::test
