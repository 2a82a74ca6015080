// SPDX-License-Identifier: BSD-3-Clause
//
// What cannot be classified completely is a guest's way past any gateway that guesses: fragments,
// options, extension headers, tags, other encapsulations. Each goes to where a guest may go, the
// portal or the resolver, so that nothing but its shape is what stops it.
#include <gtest/gtest.h>

#include <functional>

#include "support/dns_message.hpp"
#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using policy::Verdict;
namespace flag = net::tcp_flag;

constexpr std::uint16_t kMoreFragments = 0x2000, kFirst = 0, kLater = 185, kTiny = 1;
constexpr std::uint8_t kRouting = 43, kFragmentHeader = 44, kDestination = 60;

struct Case {
  const char* name;
  FrameBuilder frame;
  Verdict verdict;
};

FrameBuilder portal4() {
  return FrameBuilder{}.ip("192.0.2.101", "192.0.2.10");
}
FrameBuilder portal6() {
  return FrameBuilder{}.ip("2001:db8::101", "2001:db8::10");
}
/// A fragment header (RFC 8200, 4.5).
FrameBuilder piece6(unsigned offset, bool more) {
  const unsigned field = offset << 3 | (more ? 1 : 0);
  return portal6().extension(kFragmentHeader, bytes({field >> 8, field & 0xff, 0, 0, 0, 7}));
}

std::vector<Case> cases() {
  const Bytes segment(40);
  std::vector<Case> all{
      {"first fragment", portal4().fragment(kMoreFragments | kFirst).tcp(1, 80, flag::kSyn),
       Verdict::kFragment},
      {"later fragment", portal4().fragment(kLater).protocol(6).data(segment), Verdict::kFragment},
      {"fragment in the middle",
       portal4().fragment(kMoreFragments | kLater).protocol(17).data(segment), Verdict::kFragment},
      {"tiny first fragment", portal4().fragment(kMoreFragments).protocol(6).data(Bytes(8)),
       Verdict::kFragment},
      {"fragment over the TCP header", portal4().fragment(kTiny).protocol(6).data(segment),
       Verdict::kFragment},
      {"fragment of DNS",
       FrameBuilder{}
           .ip("192.0.2.101", "192.0.2.53")
           .fragment(kMoreFragments)
           .udp(5000, 53)
           .data(dns_query("a.example")),
       Verdict::kFragment},
      {"first fragment, IPv6", piece6(0, true).tcp(1, 80, flag::kSyn), Verdict::kFragment},
      {"later fragment, IPv6", piece6(185, false).protocol(6).data(segment), Verdict::kFragment},
      {"overlapping fragment, IPv6", piece6(1, true).protocol(6).data(segment), Verdict::kFragment},
      {"tiny fragment, IPv6", piece6(0, true).protocol(6).data(Bytes(8)), Verdict::kFragment},
      {"atomic fragment (RFC 6946)", piece6(0, false).tcp(1, 80, flag::kSyn), Verdict::kFragment},
      {"fragment behind other headers",
       portal6()
           .extension(kDestination, Bytes(6))
           .extension(kFragmentHeader, Bytes(6))
           .tcp(1, 80, flag::kSyn),
       Verdict::kFragment},
      {"record route", portal4().ip_options(bytes({7, 7, 4, 0, 0, 0, 0, 0})).tcp(1, 80, flag::kSyn),
       Verdict::kIpOptions},
      {"loose source route",
       portal4().ip_options(bytes({131, 7, 4, 198, 51, 100, 80, 0})).tcp(1, 80, flag::kSyn),
       Verdict::kIpOptions},
      {"router alert", portal4().ip_options(bytes({148, 4, 0, 0})).udp(1, 53), Verdict::kIpOptions},
      {"routing header", portal6().extension(kRouting, Bytes(22)).tcp(1, 80, flag::kSyn),
       Verdict::kExtensionChain},
      {"five extension headers", {}, Verdict::kExtensionChain},
      {"LLC", FrameBuilder{}.type(64, bytes({0xf0, 0xf0, 3})), Verdict::kUnknownEthertype},
      {"SNAP with IPv4 inside",
       FrameBuilder{}.type(0x60, bytes({0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45})),
       Verdict::kUnknownEthertype},
      {"MPLS with IPv4 inside", FrameBuilder{}.type(0x8847, bytes({0, 1, 1, 64, 0x45})),
       Verdict::kUnknownEthertype},
      {"MPLS multicast", FrameBuilder{}.type(0x8848, Bytes(46)), Verdict::kUnknownEthertype},
      {"PPPoE discovery", FrameBuilder{}.type(0x8863, bytes({0x11, 9, 0, 0, 0, 0})),
       Verdict::kUnknownEthertype},
      {"PPPoE session with IPv4 inside",
       FrameBuilder{}.type(0x8864, bytes({0x11, 0, 0, 1, 0, 22, 0, 0x21, 0x45})),
       Verdict::kUnknownEthertype},
      {"MACsec", FrameBuilder{}.type(0x88e5, Bytes(46)), Verdict::kUnknownEthertype},
      {"a backbone's tag (802.1ah)", FrameBuilder{}.type(0x88e7, Bytes(46)),
       Verdict::kUnknownEthertype},
      {"an old QinQ tag", FrameBuilder{}.type(0x9100, Bytes(46)), Verdict::kUnknownEthertype},
  };
  for (Case& one : all) {
    if (one.verdict != Verdict::kExtensionChain ||
        one.name != std::string_view{"five extension headers"})
      continue;
    one.frame = portal6();
    for (int i = 0; i < 5; ++i) one.frame.extension(kDestination, Bytes(6));
    one.frame.tcp(1, 80, flag::kSyn);
  }
  return all;
}

/// Untagged, and behind one and two tags of either kind.
std::vector<std::function<void(FrameBuilder&)>> tags() {
  return {[](FrameBuilder&) {}, [](FrameBuilder& f) { f.tag(10); },
          [](FrameBuilder& f) { f.tag(10, 0x88a8); }, [](FrameBuilder& f) { f.tag(10).tag(20); },
          [](FrameBuilder& f) { f.tag(10, 0x88a8).tag(20); }};
}

TEST(HostileGuest, SendsNothingThatCannotBeClassified) {
  Gateway gateway;
  for (const Case& one : cases()) {
    for (const auto& tag : tags()) {
      FrameBuilder frame = one.frame;
      tag(frame);
      const Outcome outcome = gateway.from_access(frame.build());
      EXPECT_EQ(policy::info(outcome.verdict).name, policy::info(one.verdict).name) << one.name;
      EXPECT_FALSE(outcome.forwarded) << one.name;
      EXPECT_TRUE(outcome.reply.empty()) << one.name;
    }
  }
}

TEST(HostileGuest, HearsNothingThatCannotBeClassified) {
  Gateway gateway;
  for (const Case& one : cases()) {
    FrameBuilder frame = one.frame;
    frame.from(kRouter).to(kClient);
    const Outcome outcome = gateway.from_uplink(frame.build());
    EXPECT_FALSE(outcome.forwarded) << one.name;
    EXPECT_TRUE(outcome.reply.empty()) << one.name;
  }
}

TEST(HostileGuest, GainsNothingByTags) {
  Gateway gateway;
  const auto denied = [] { return FrameBuilder{}.ip("192.0.2.101", "198.51.100.80"); };
  for (const auto& tag : tags()) {
    FrameBuilder ssh = denied().tcp(1, 22, flag::kSyn);
    tag(ssh);
    EXPECT_EQ(gateway.from_access(ssh.build()).verdict, Verdict::kTcpRefused);
    FrameBuilder echo = denied().icmp(8, 0, Bytes(12));
    tag(echo);
    EXPECT_EQ(gateway.from_access(echo.build()).verdict, Verdict::kGuestDenied);
  }
  EXPECT_EQ(
      gateway.from_access(portal4().tag(1).tag(2).tag(3).tcp(1, 80, flag::kSyn).build()).verdict,
      Verdict::kTagDepth);
}

TEST(HostileGuest, SendsNoJumboFramesPastAPortThatTakesNone) {
  Gateway gateway;
  const auto jumbo = [](std::string_view to) {
    return FrameBuilder{}.ip("192.0.2.101", to).tcp(1, 443, flag::kAck).data(Bytes(8900)).build();
  };
  EXPECT_EQ(gateway.from_access(jumbo("192.0.2.10")).verdict, Verdict::kOversized);
  gateway.max_frame_out = 9018;
  EXPECT_EQ(gateway.from_access(jumbo("198.51.100.80")).verdict, Verdict::kHttpsRefused);
  EXPECT_FALSE(gateway.from_access(jumbo("198.51.100.80")).forwarded);
}

}  // namespace
}  // namespace gate511::test
