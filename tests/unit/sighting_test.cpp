// SPDX-License-Identifier: BSD-3-Clause
//
// Frames in, sightings out: what ARP, neighbour discovery and DHCP tell of a client's addresses,
// and what they do not.
#include "pipeline/sighting.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using pipeline::Direction;
using pipeline::Sighting;
using pipeline::SightingSource;

constexpr net::MacAddress kAll{0xffff'ffff'ffff};
constexpr net::MacAddress kOther{0x0200'5e00'5302};
constexpr std::uint8_t kLink = 3;

std::vector<Sighting> seen(const Bytes& frame, Direction direction) {
  const Bytes exact(frame.begin(), frame.end());
  const net::Ethernet ethernet = net::parse_ethernet(exact);
  if (ethernet.flaw != net::Flaw::kNone || !pipeline::may_show_client(exact, ethernet)) return {};
  const auto found = pipeline::read_sightings(exact, ethernet, direction, kLink);
  return {found.begin(), found.end()};
}
std::vector<Sighting> up(const FrameBuilder& frame) {
  return seen(frame.build(), Direction::kFromAccess);
}
std::vector<Sighting> down(const FrameBuilder& frame) {
  return seen(frame.build(), Direction::kFromUplink);
}

std::vector<Sighting> only(SightingSource source, std::string_view address, std::uint16_t vlan = 0,
                           std::uint32_t lease_s = 0) {
  return {{.address = address.empty() ? net::IpAddress{} : *net::parse_ip(address),
           .client = kClient,
           .lease_s = lease_s,
           .vlan = vlan,
           .link = kLink,
           .source = source}};
}

void append(Bytes& out, const Bytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}
void append_mac(Bytes& out, net::MacAddress mac) {
  Bytes octets(6);
  net::store_be48(octets, 0, mac.value());
  append(out, octets);
}
void append_ip(Bytes& out, std::string_view text) {
  const net::IpAddress address = *net::parse_ip(text);
  Bytes octets(16);
  address.store_v6(octets, 0);
  if (address.is_v4()) octets.erase(octets.begin(), octets.begin() + 12);
  append(out, octets);
}

FrameBuilder arp(net::MacAddress sender, std::string_view address, std::string_view target) {
  Bytes body = bytes({0, 1, 8, 0, 6, 4, 0, 1});
  append_mac(body, sender);
  append_ip(body, address);
  append_mac(body, net::MacAddress{});
  append_ip(body, target);
  return FrameBuilder{}.to(kAll).type(0x0806, body);
}

struct LinkLayer {
  unsigned type;
  net::MacAddress mac;
};
/// `target` is empty in a router solicitation.
FrameBuilder nd(unsigned type, std::string_view source, std::string_view target,
                std::optional<LinkLayer> option = {}) {
  Bytes body(4);
  if (!target.empty()) append_ip(body, target);
  if (option) {
    append(body, bytes({option->type, 1}));
    append_mac(body, option->mac);
  }
  std::string to = type == 133 ? "ff02::2" : "ff02::1";
  if (type == 135) to = "ff02::1:ff00:" + std::string{target.substr(target.rfind(':') + 1)};
  return FrameBuilder{}.ip(source, to).ttl(255).icmp(type, 0, body);
}

struct Dhcp4 {
  unsigned op = 2;
  net::MacAddress client = kClient;
  std::string_view yiaddr = "192.0.2.200";
  Bytes options = bytes({53, 1, 5, 51, 4, 0, 0, 0x0e, 0x10, 255});
};
FrameBuilder dhcp4(const Dhcp4& given) {
  Bytes body = bytes({given.op, 1, 6, 0});
  body.resize(16);
  append_ip(body, given.yiaddr);
  body.resize(28);
  append_mac(body, given.client);
  body.resize(236);
  append(body, bytes({0x63, 0x82, 0x53, 0x63}));
  append(body, given.options);
  return FrameBuilder{}
      .from(kRouter)
      .to(kClient)
      .ip("192.0.2.1", "255.255.255.255")
      .udp(67, 68)
      .data(body);
}

Bytes option6(unsigned code, const Bytes& body) {
  Bytes out = bytes({0, code, static_cast<unsigned>(body.size() >> 8),
                     static_cast<unsigned>(body.size() & 0xff)});
  append(out, body);
  return out;
}
Bytes ia_address(std::string_view address, unsigned valid_s = 60) {
  Bytes body;
  append_ip(body, address);
  append(body, bytes({0, 0, 0, 30, 0, 0, 0, valid_s}));
  return option6(5, body);
}
Bytes ia_na(const Bytes& options) {
  Bytes body(12);
  append(body, options);
  return option6(3, body);
}
FrameBuilder dhcp6(unsigned type, const Bytes& options) {
  Bytes body = bytes({type, 1, 2, 3});
  append(body, options);
  return FrameBuilder{}
      .from(kRouter)
      .to(kClient)
      .ip("fe80::1", "fe80::101")
      .udp(547, 546)
      .data(body);
}

TEST(Sighting, ArpTellsTheSendersAddress) {
  EXPECT_EQ(up(arp(kClient, "192.0.2.101", "192.0.2.1")),
            only(SightingSource::kArp, "192.0.2.101"));
  EXPECT_EQ(up(arp(kClient, "192.0.2.101", "192.0.2.1").tag(10)),
            only(SightingSource::kArp, "192.0.2.101", 10));
}

TEST(Sighting, ArpForAnotherMacOrWithoutAnAddressShowsTheClientAlone) {
  const auto client_alone = only(SightingSource::kArp, "");
  EXPECT_EQ(up(arp(kOther, "192.0.2.101", "192.0.2.1")), client_alone);
  EXPECT_EQ(up(arp(kClient, "0.0.0.0", "192.0.2.101")), client_alone) << "a probe, RFC 5227";
  EXPECT_EQ(up(arp(kClient, "255.255.255.255", "192.0.2.101")), client_alone);
  EXPECT_EQ(up(arp(kClient, "127.0.0.1", "192.0.2.1")), client_alone);
}

TEST(Sighting, ArpFromTheUplinkIsNotAClients) {
  EXPECT_EQ(down(arp(kClient, "192.0.2.101", "192.0.2.1")), std::vector<Sighting>{});
}

TEST(Sighting, NeighbourDiscoveryTellsTheSourceOrTheTarget) {
  const auto global = only(SightingSource::kNd, "2001:db8::101");
  const auto local = only(SightingSource::kNd, "fe80::101");
  EXPECT_EQ(up(nd(135, "2001:db8::101", "2001:db8::1")), global);
  EXPECT_EQ(up(nd(135, "2001:db8::101", "2001:db8::1", LinkLayer{1, kClient})), global);
  EXPECT_EQ(up(nd(136, "fe80::101", "2001:db8::101", LinkLayer{2, kClient})), global);
  EXPECT_EQ(up(nd(136, "fe80::101", "fe80::101")), local);
  EXPECT_EQ(up(nd(133, "fe80::101", "", LinkLayer{1, kClient})), local);
}

TEST(Sighting, TentativeForeignAndRoutedClaimsTellNoAddress) {
  const auto client_alone = only(SightingSource::kNd, "");
  EXPECT_EQ(up(nd(135, "::", "2001:db8::101")), client_alone) << "duplicate address detection";
  EXPECT_EQ(up(nd(133, "::", "")), client_alone);
  EXPECT_EQ(up(nd(136, "fe80::101", "2001:db8::101", LinkLayer{2, kOther})), client_alone);
  EXPECT_EQ(up(nd(135, "2001:db8::101", "2001:db8::1", LinkLayer{1, kOther})), client_alone);
  EXPECT_EQ(up(nd(136, "fe80::101", "2001:db8::101").ttl(254)), client_alone);
  EXPECT_EQ(up(nd(136, "fe80::101", "ff02::1")), client_alone);
  EXPECT_EQ(up(nd(136, "fe80::101", "::ffff:192.0.2.101")), client_alone);
  Bytes zero_length(20);
  append(zero_length, bytes({2, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(up(FrameBuilder{}.ip("fe80::101", "ff02::1").ttl(255).icmp(136, 0, zero_length)),
            client_alone);
  EXPECT_EQ(up(FrameBuilder{}.ip("fe80::101", "ff02::1").ttl(255).icmp(135, 0, Bytes(19))),
            client_alone);
}

TEST(Sighting, ADhcpAckBindsItsAddress) {
  EXPECT_EQ(down(dhcp4({})), only(SightingSource::kDhcp, "192.0.2.200", 0, 3600));
  EXPECT_EQ(down(dhcp4({}).tag(10)), only(SightingSource::kDhcp, "192.0.2.200", 10, 3600));
  EXPECT_EQ(down(dhcp4({}).to(kAll)), only(SightingSource::kDhcp, "192.0.2.200", 0, 3600));
  EXPECT_EQ(down(dhcp4({.options = bytes({0, 0, 53, 1, 5})})),
            only(SightingSource::kDhcp, "192.0.2.200"))
      << "padding before, no end option, no lease";
}

TEST(Sighting, OtherDhcpAnswersBindNothing) {
  const std::vector<Sighting> none;
  EXPECT_EQ(down(dhcp4({.options = bytes({53, 1, 2, 255})})), none) << "an offer";
  EXPECT_EQ(down(dhcp4({.options = bytes({53, 1, 6, 255})})), none) << "a NAK";
  EXPECT_EQ(down(dhcp4({.options = bytes({255, 53, 1, 5})})), none) << "behind the end";
  EXPECT_EQ(down(dhcp4({.options = bytes({53, 1, 5, 12, 200, 1})})), none) << "past the end";
  EXPECT_EQ(down(dhcp4({.options = bytes({53, 1, 5, 12})})), none) << "no length";
  EXPECT_EQ(down(dhcp4({.options = bytes({53, 2, 5, 5, 255})})), none) << "length of two";
  EXPECT_EQ(down(dhcp4({.options = {}})), none);
  EXPECT_EQ(down(dhcp4({.yiaddr = "0.0.0.0"})), none) << "an answer to INFORM";
  EXPECT_EQ(down(dhcp4({.yiaddr = "224.0.0.1"})), none);
  EXPECT_EQ(down(dhcp4({.client = kAll})), none);
  EXPECT_EQ(down(dhcp4({.op = 1})), none);
}

TEST(Sighting, ADhcpMessageFromAccessShowsTheClientAlone) {
  EXPECT_EQ(up(dhcp4({}).from(kClient).to(kAll)), only(SightingSource::kDhcp, ""))
      << "a server behind the access port binds nothing";
  const Dhcp4 request{.op = 1, .options = bytes({53, 1, 3, 50, 4, 192, 0, 2, 7, 255})};
  EXPECT_EQ(up(dhcp4(request).from(kClient).to(kAll).ip("0.0.0.0", "255.255.255.255").udp(68, 67)),
            only(SightingSource::kDhcp, ""));
}

TEST(Sighting, ADhcp6ReplyBindsItsAddresses) {
  EXPECT_EQ(down(dhcp6(7, ia_na(ia_address("2001:db8::200")))),
            only(SightingSource::kDhcp, "2001:db8::200", 0, 60));
  Bytes many = option6(1, Bytes(14));
  Bytes addresses;
  for (const char last : {'1', '2', '3', '4', '5'})
    append(addresses, ia_address(std::string{"2001:db8::"} + last));
  append(many, ia_na(addresses));
  const auto found = down(dhcp6(7, many));
  ASSERT_EQ(found.size(), 4U) << "bounded";
  EXPECT_EQ(net::to_string(found[3].address), "2001:db8::4");

  const std::vector<Sighting> none;
  EXPECT_EQ(down(dhcp6(2, ia_na(ia_address("2001:db8::200")))), none) << "an advertisement";
  EXPECT_EQ(down(dhcp6(7, ia_address("2001:db8::200"))), none) << "outside an IA_NA";
  EXPECT_EQ(down(dhcp6(7, ia_na(ia_address("2001:db8::200", 0)))), none) << "not valid";
  EXPECT_EQ(down(dhcp6(7, ia_na(ia_address("ff02::1")))), none);
  EXPECT_EQ(down(dhcp6(7, bytes({0, 3, 0, 200, 1}))), none) << "past the end";
  EXPECT_EQ(down(dhcp6(7, ia_na(bytes({0, 5, 0, 24, 1})))), none) << "inner, past the end";
  EXPECT_EQ(down(dhcp6(7, ia_na(ia_address("2001:db8::200"))).to(kAll)), none);
}

TEST(Sighting, OtherTrafficIsNotEvenRead) {
  const auto passes_by = [](const FrameBuilder& frame) {
    const Bytes made = frame.build();
    return !pipeline::may_show_client(made, net::parse_ethernet(made));
  };
  const auto v4 = [] { return FrameBuilder{}.ip("192.0.2.101", "198.51.100.80"); };
  const auto v6 = [] { return FrameBuilder{}.ip("2001:db8::101", "2001:db8:80::80"); };
  EXPECT_TRUE(passes_by(v4().tcp(68, 67, net::tcp_flag::kSyn)));
  EXPECT_TRUE(passes_by(v6().tcp(546, 547, net::tcp_flag::kSyn)));
  EXPECT_TRUE(passes_by(v4().udp(40000, 53)));
  EXPECT_TRUE(passes_by(v6().udp(40000, 443)));
  EXPECT_TRUE(passes_by(v6().icmp(128, 0, Bytes(8))));
  EXPECT_TRUE(passes_by(v6().ttl(255).icmp(134, 0, Bytes(16))));
  EXPECT_TRUE(passes_by(FrameBuilder{}.type(0x8847, Bytes(40))));
  EXPECT_FALSE(passes_by(v4().udp(68, 67)));
  EXPECT_FALSE(passes_by(v4().ip_options(Bytes(8)).udp(68, 67))) << "read, and then refused";
}

TEST(Sighting, CutAtAnyByteNothingIsReadPastTheEnd) {
  for (const FrameBuilder& frame :
       {arp(kClient, "192.0.2.101", "192.0.2.1").tag(10),
        nd(136, "fe80::101", "2001:db8::101", LinkLayer{2, kClient}), dhcp4({}).no_padding(),
        dhcp6(7, ia_na(ia_address("2001:db8::200"))).no_padding()}) {
    const Bytes whole = frame.build();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      for (const auto direction : {Direction::kFromAccess, Direction::kFromUplink})
        EXPECT_LE(seen(cut, direction).size(), pipeline::Sightings::kMax);
    }
  }
}

TEST(SpscRing, HoldsItsCapacityInOrder) {
  pipeline::SpscRing<int> ring{3};
  ASSERT_EQ(ring.capacity(), 4U);
  std::array<int, 8> out{};
  EXPECT_EQ(ring.pop(out), 0U);
  int next_in = 0;
  int next_out = 0;
  for (int round = 0; round < 50; ++round) {
    while (ring.push(next_in)) ++next_in;
    EXPECT_EQ(next_in - next_out, 4);
    const std::size_t wanted = static_cast<std::size_t>(round % 4) + 1;
    ASSERT_EQ(ring.pop(std::span{out}.first(wanted)), wanted);
    for (std::size_t i = 0; i < wanted; ++i) EXPECT_EQ(out[i], next_out++);
  }
}

TEST(SpscRing, LosesNothingBetweenTwoThreads) {
  constexpr std::uint64_t kCount = 200'000;
  pipeline::SpscRing<std::uint64_t> ring{64};
  std::jthread producer{[&ring] {
    for (std::uint64_t i = 0; i < kCount;) {
      if (ring.push(i))
        ++i;
      else
        std::this_thread::yield();
    }
  }};
  std::array<std::uint64_t, 16> out{};
  std::uint64_t next = 0;
  while (next < kCount) {
    const std::size_t got = ring.pop(out);
    for (std::size_t i = 0; i < got; ++i) ASSERT_EQ(out[i], next++);
    if (got == 0) std::this_thread::yield();
  }
}

Sighting sighting(std::uint64_t n) {
  return {.address = net::IpAddress::v4(0x0a00'0000U + static_cast<std::uint32_t>(n)),
          .client = net::MacAddress{0x0200'0000'0000 + n}};
}

TEST(SightingReporter, RepeatsOnlyAfterAMinute) {
  pipeline::SightingReporter reporter{7};
  std::array<Sighting, 8> out{};
  const std::uint64_t start = 1'000'000'000;
  for (int i = 0; i < 1'000; ++i) reporter.report(sighting(1), start);
  EXPECT_EQ(reporter.take(out), 1U);
  EXPECT_EQ(out[0], sighting(1));
  Sighting other = sighting(1);
  other.vlan = 10;
  reporter.report(other, start + 1);
  reporter.report(sighting(1), start + reporter.kQuiet_ns - 1);
  EXPECT_EQ(reporter.take(out), 1U) << "another VLAN is news";
  reporter.report(sighting(1), start + reporter.kQuiet_ns);
  EXPECT_EQ(reporter.take(out), 1U);
  EXPECT_EQ(reporter.dropped(), 0U);
}

TEST(SightingReporter, DropsAndCountsWhenFullAndTriesAgain) {
  pipeline::SightingReporter reporter{7};
  for (std::uint64_t n = 0; n < reporter.kRing + 10; ++n) reporter.report(sighting(n), 1);
  EXPECT_EQ(reporter.dropped(), 10U);
  std::vector<Sighting> out(reporter.kRing + 10);
  EXPECT_EQ(reporter.take(out), reporter.kRing);
  reporter.report(sighting(reporter.kRing), 2);
  EXPECT_EQ(reporter.take(out), 1U);
}

TEST(SightingReporter, ThePipelineReportsGuestsAndSessionsAlike) {
  Gateway gateway;
  std::array<Sighting, 8> out{};
  gateway.from_access(arp(kClient, "192.0.2.101", "192.0.2.1").build());
  EXPECT_EQ(gateway.pipeline.sightings().take(out), 1U);
  ASSERT_TRUE(gateway.table.insert({kClient, 0}, table::State::kAuthenticated));
  gateway.from_access(nd(135, "2001:db8::101", "2001:db8::1").build());
  gateway.from_uplink(dhcp4({}).build());
  gateway.from_access(FrameBuilder{}.ip("192.0.2.101", "198.51.100.80").tcp(4, 80, 2).build());
  ASSERT_EQ(gateway.pipeline.sightings().take(out), 2U);
  EXPECT_EQ(net::to_string(out[1].address), "192.0.2.200");
}

}  // namespace
}  // namespace gate511::test
