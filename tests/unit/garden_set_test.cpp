// SPDX-License-Identifier: BSD-3-Clause
//
// What guests may reach by address.
#include <gtest/gtest.h>

#include <random>

#include "policy/garden_set.hpp"
#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using policy::GardenPrefix;
using policy::GardenSet;
using policy::Verdict;

GardenPrefix prefix(std::string_view cidr, std::string_view ports = {}) {
  GardenPrefix made{.range = *net::parse_cidr(cidr)};
  if (!ports.empty()) made.ports = *policy::parse_ports(ports);
  return made;
}
bool allows(const GardenSet& set, std::string_view address, unsigned port) {
  return set.allows(*net::parse_ip(address), true, static_cast<std::uint16_t>(port));
}

TEST(GardenSet, TheLongestPrefixDecides) {
  const GardenSet set{{prefix("192.0.2.0/24"), prefix("192.0.2.16/28", "443"),
                       prefix("192.0.2.20", "80,8000-8010"), prefix("2001:db8::/32", "80"),
                       prefix("2001:db8:1::/48"), prefix("198.51.100.255")}};
  EXPECT_TRUE(allows(set, "192.0.2.15", 22));
  EXPECT_FALSE(allows(set, "192.0.2.16", 22));
  EXPECT_TRUE(allows(set, "192.0.2.16", 443));
  EXPECT_FALSE(allows(set, "192.0.2.20", 443));
  for (const unsigned port : {80U, 8000U, 8005U, 8010U})
    EXPECT_TRUE(allows(set, "192.0.2.20", port));
  for (const unsigned port : {79U, 7999U, 8011U}) EXPECT_FALSE(allows(set, "192.0.2.20", port));
  EXPECT_TRUE(allows(set, "192.0.2.31", 443));
  EXPECT_TRUE(allows(set, "192.0.2.32", 22));
  EXPECT_FALSE(allows(set, "192.0.3.0", 22));
  EXPECT_TRUE(allows(set, "2001:db8::1", 80));
  EXPECT_FALSE(allows(set, "2001:db8::1", 443));
  EXPECT_TRUE(allows(set, "2001:db8:1::1", 443));
  EXPECT_FALSE(allows(set, "2001:db9::1", 80));
  EXPECT_TRUE(allows(set, "198.51.100.255", 1));
}

TEST(GardenSet, WhatHasNoPortsNeedsAPrefixWithAll) {
  const GardenSet set{{prefix("192.0.2.1"), prefix("192.0.2.2", "443")}};
  EXPECT_TRUE(set.allows(*net::parse_ip("192.0.2.1"), false, 0));
  EXPECT_FALSE(set.allows(*net::parse_ip("192.0.2.2"), false, 0));
  EXPECT_TRUE(set.contains(*net::parse_ip("192.0.2.2")));
}

TEST(GardenSet, TakesThePortsOfAPrefixThatIsGivenTwice) {
  EXPECT_TRUE(
      allows(GardenSet{{prefix("192.0.2.1", "80"), prefix("192.0.2.1", "443")}}, "192.0.2.1", 80));
  EXPECT_TRUE(
      allows(GardenSet{{prefix("192.0.2.1", "80"), prefix("192.0.2.1", "443")}}, "192.0.2.1", 443));
  EXPECT_TRUE(allows(GardenSet{{prefix("192.0.2.1", "80"), prefix("192.0.2.1")}}, "192.0.2.1", 22));
}

TEST(GardenSet, HoldsEverythingAndNothing) {
  const GardenSet all{{prefix("::/0"), prefix("0.0.0.0/0", "53"), prefix("ff00::/8", "9")}};
  EXPECT_TRUE(allows(all, "255.255.255.255", 53));
  EXPECT_FALSE(allows(all, "255.255.255.255", 54));
  EXPECT_TRUE(allows(all, "fe80::1", 54));
  EXPECT_FALSE(allows(all, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 54));
  EXPECT_TRUE(allows(all, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 9));
  EXPECT_TRUE(GardenSet{}.empty());
  EXPECT_FALSE(allows(GardenSet{}, "192.0.2.1", 80));
}

TEST(GardenSet, SaysTheSameAsALookAtEveryPrefix) {
  std::mt19937 random{511};
  const auto roll = [&](unsigned sides) { return static_cast<unsigned>(random() % sides); };
  for (int round = 0; round < 200; ++round) {
    std::vector<GardenPrefix> prefixes;
    for (int i = 0; i < 12; ++i) {
      const unsigned length = 24 + roll(9);
      const std::uint32_t mask = length == 32 ? 0 : ~std::uint32_t{0} >> length;
      const std::uint32_t first = (0xc000'0200 | roll(256)) & ~mask;
      GardenPrefix made{.range = {net::IpAddress::v4(first), net::IpAddress::v4(first | mask)}};
      if (roll(2) == 0) made.ports = {{static_cast<std::uint16_t>(1 + roll(3)), 3}};
      // Twice the same would be merged.
      if (std::ranges::none_of(prefixes, [&](const auto& p) { return p.range == made.range; }))
        prefixes.push_back(made);
    }
    const GardenSet set{prefixes};
    for (std::uint32_t last = 0; last < 256; ++last) {
      const net::IpAddress address = net::IpAddress::v4(0xc000'0200 | last);
      const GardenPrefix* longest = nullptr;
      for (const GardenPrefix& one : prefixes) {
        if (one.range.first <= address && address <= one.range.last &&
            (longest == nullptr || one.range.last.low - one.range.first.low <
                                       longest->range.last.low - longest->range.first.low))
          longest = &one;
      }
      for (std::uint16_t port = 1; port <= 3; ++port) {
        const bool expected =
            longest != nullptr && (longest->ports.empty() || longest->ports[0].first <= port);
        ASSERT_EQ(set.allows(address, true, port), expected) << round << " " << last << " " << port;
      }
    }
  }
}

TEST(GardenSet, IsWrittenAsItIsRead) {
  for (const auto& [cidr, ports, text] : {std::tuple{"192.0.2.0/24", "", "192.0.2.0/24"},
                                          {"192.0.2.1", "80,8000-8010", "192.0.2.1 80,8000-8010"},
                                          {"2001:db8::/32", "443", "2001:db8::/32 443"},
                                          {"0.0.0.0/0", "", "0.0.0.0/0"},
                                          {"::/0", "", "::/0"}})
    EXPECT_EQ(policy::to_string(prefix(cidr, ports)), text);
  for (const char* bad : {"", "0", "65536", "80,", "443-80", "80;81", "a", "80-", "-80"})
    EXPECT_FALSE(policy::parse_ports(bad)) << bad;
}

TEST(GuestsGarden, IsOpenByItsPortsBothWays) {
  Gateway gateway;  // 192.0.2.11 is open on 443 and 8000 to 8010
  const auto up = [&](unsigned port, bool udp) {
    FrameBuilder frame;
    frame.ip("192.0.2.101", "192.0.2.11");
    if (udp) {
      frame.udp(5000, port).data(Bytes(100));
    } else {
      frame.tcp(5000, port, net::tcp_flag::kSyn);
    }
    return gateway.from_access(frame.build()).verdict;
  };
  const auto down = [&](unsigned port) {
    return gateway
        .from_uplink(FrameBuilder{}
                         .from(kRouter)
                         .to(kClient)
                         .ip("192.0.2.11", "192.0.2.101")
                         .tcp(port, 5000, net::tcp_flag::kAck)
                         .build())
        .verdict;
  };
  EXPECT_EQ(up(443, false), Verdict::kGarden);
  EXPECT_EQ(up(8005, true), Verdict::kGarden);
  EXPECT_EQ(up(80, false), Verdict::kSynAck) << "the responder's";
  EXPECT_EQ(up(22, false), Verdict::kTcpRefused);
  EXPECT_EQ(down(443), Verdict::kGarden);
  EXPECT_EQ(down(22), Verdict::kNotSolicited);
  EXPECT_EQ(
      gateway
          .from_access(FrameBuilder{}.ip("192.0.2.101", "192.0.2.11").icmp(8, 0, Bytes(12)).build())
          .verdict,
      Verdict::kGuestDenied);
  const policy::OpenedGarden opened{GardenSet{{prefix("198.51.100.7", "25")}}, {}};
  gateway.shared.opened = &opened;
  EXPECT_EQ(gateway
                .from_access(FrameBuilder{}
                                 .ip("192.0.2.101", "198.51.100.7")
                                 .tcp(1, 25, net::tcp_flag::kSyn)
                                 .build())
                .verdict,
            Verdict::kGarden)
      << "opened at run time";
}

}  // namespace
}  // namespace gate511::test
