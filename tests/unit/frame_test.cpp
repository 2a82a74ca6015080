// SPDX-License-Identifier: BSD-3-Clause
//
// The parser: what it reads from whole frames, and what it says of damaged ones.
#include "net/frame.hpp"

#include <gtest/gtest.h>

#include <random>

#include "net/checksum.hpp"
#include "net/siphash.hpp"
#include "support/frame_builder.hpp"
#include "support/gateway.hpp"

namespace gate511::net {
namespace {

using test::bytes;
using test::Bytes;
using test::FrameBuilder;

constexpr std::uint16_t kVlanType = 0x8100, kServiceType = 0x88a8;

FrameBuilder v4() {
  return FrameBuilder{}.ip("192.0.2.101", "198.51.100.80");
}
FrameBuilder v6() {
  return FrameBuilder{}.ip("2001:db8::101", "2001:db8:80::80");
}

Packet parse(const Bytes& frame) {
  const Bytes exact(frame.begin(), frame.end());
  const Ethernet ethernet = parse_ethernet(exact);
  EXPECT_EQ(ethernet.flaw, Flaw::kNone);
  return parse_packet(exact, ethernet);
}
Flaw flaw(const Bytes& frame) {
  return parse(frame).flaw;
}
Flaw flaw(const FrameBuilder& frame) {
  return flaw(frame.build());
}

// ---- Ethernet ----

TEST(Ethernet, ReadsAddressesAndType) {
  const Ethernet e = parse_ethernet(v4().tcp(1, 2, 0).build());
  EXPECT_EQ(e.flaw, Flaw::kNone);
  EXPECT_EQ(to_string(e.source), "02:00:5e:00:53:01");
  EXPECT_EQ(to_string(e.destination), "02:00:5e:00:53:fe");
  EXPECT_EQ(e.type, 0x0800);
  EXPECT_EQ(e.vlan, 0);
  EXPECT_EQ(e.l3_offset, 14);
}

TEST(Ethernet, ReadsUpToTwoTagsOfEitherKind) {
  for (const std::uint16_t outer : {kVlanType, kServiceType}) {
    for (const std::uint16_t inner : {kVlanType, kServiceType}) {
      const Ethernet e = parse_ethernet(v6().tag(0xf123, outer).tag(7, inner).udp(1, 2).build());
      EXPECT_EQ(e.flaw, Flaw::kNone);
      EXPECT_EQ(e.vlan, 0x123) << "the outer one, without priority";
      EXPECT_EQ(e.type, 0x86dd);
      EXPECT_EQ(e.l3_offset, 22);
    }
  }
  EXPECT_EQ(parse_ethernet(v4().tag(0x2000).udp(1, 2).build()).vlan, 0) << "a priority tag";
}

TEST(Ethernet, NamesWhatItCannotRead) {
  EXPECT_EQ(parse_ethernet(v4().tag(1).tag(2).tag(3).udp(1, 2).build()).flaw, Flaw::kTagDepth);
  EXPECT_EQ(parse_ethernet(v4().from(MacAddress{0x0300'0000'0001}).udp(1, 2).build()).flaw,
            Flaw::kBadSource);
  EXPECT_EQ(parse_ethernet(v4().from(MacAddress{0}).udp(1, 2).build()).flaw, Flaw::kBadSource);
  const Bytes tagged = v4().tag(1).tag(2).udp(1, 2).build();
  for (std::size_t size = 0; size < 22; ++size) {
    const Bytes cut(tagged.begin(), tagged.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(parse_ethernet(cut).flaw, size < 14 ? Flaw::kRunt : Flaw::kTagDepth) << size;
  }
}

// ---- ARP ----

TEST(Arp, IsForIpv4OverEthernet) {
  Bytes arp = bytes({0, 1, 8, 0, 6, 4, 0, 1});
  arp.resize(28);
  EXPECT_EQ(flaw(FrameBuilder{}.type(0x0806, arp)), Flaw::kNone);
  EXPECT_FALSE(parse(FrameBuilder{}.type(0x0806, arp).build()).is_ip);
  Bytes cut = arp;
  cut.resize(27);
  EXPECT_EQ(flaw(FrameBuilder{}.type(0x0806, cut).no_padding()), Flaw::kBadArp);
  for (const std::size_t field : {0U, 1U, 2U, 3U, 4U, 5U}) {
    Bytes other = arp;
    other[field] ^= std::byte{0x10};
    EXPECT_EQ(flaw(FrameBuilder{}.type(0x0806, other)), Flaw::kBadArp) << field;
  }
}

TEST(Packet, IsNoneOfAnUnknownType) {
  for (const unsigned type : {0x0026U, 0x8847U, 0x8863U, 0x8864U, 0x88ccU, 0x05dcU})
    EXPECT_EQ(flaw(FrameBuilder{}.type(static_cast<std::uint16_t>(type), Bytes(60))),
              Flaw::kUnknownEthertype);
}

// ---- IP ----

TEST(Ipv4, IsReadToItsEnd) {
  const Packet p = parse(v4().ttl(9).udp(1000, 53).data("query").build());
  EXPECT_EQ(p.flaw, Flaw::kNone);
  EXPECT_TRUE(p.is_ip);
  EXPECT_FALSE(p.is_v6);
  EXPECT_EQ(p.hop_limit, 9);
  EXPECT_EQ(to_string(p.source), "192.0.2.101");
  EXPECT_EQ(to_string(p.destination), "198.51.100.80");
  EXPECT_EQ(p.source_port, 1000);
  EXPECT_EQ(p.destination_port, 53);
  EXPECT_EQ(p.payload_size(), 5U) << "without Ethernet's padding";
}

TEST(Ipv4, HasAHeaderThatIsRight) {
  const Bytes good = v4().udp(1, 2).data("data").build();
  struct Row {
    std::size_t at;
    unsigned value;
    Flaw flaw;
  };
  for (const Row row : {Row{14, 0x65, Flaw::kBadIpHeader}, Row{14, 0x44, Flaw::kBadIpHeader},
                        Row{17, 19, Flaw::kBadIpHeader}, Row{16, 0xff, Flaw::kTruncated},
                        Row{22, 63, Flaw::kBadIpHeader}, Row{25, 0, Flaw::kBadIpHeader}}) {
    Bytes bad = good;
    bad[row.at] = static_cast<std::byte>(row.value);
    EXPECT_EQ(flaw(bad), row.flaw) << row.at;
  }
}

TEST(Ipv4, WithOptionsOrInFragmentsIsNamed) {
  EXPECT_EQ(flaw(v4().ip_options(bytes({0x94, 4, 0, 0})).udp(1, 2)), Flaw::kIpOptions);
  for (const unsigned field : {0x2000U, 0x6000U, 0x0001U, 0x1fffU})
    EXPECT_EQ(flaw(v4().fragment(static_cast<std::uint16_t>(field)).udp(1, 2)), Flaw::kFragment);
  EXPECT_EQ(flaw(v4().fragment(0x4000).udp(1, 2)), Flaw::kNone);
  EXPECT_EQ(flaw(v4().fragment(0).udp(1, 2)), Flaw::kNone);
}

TEST(Ipv6, IsReadThroughItsExtensionHeaders) {
  const Packet p = parse(v6().extension(0, Bytes(6))
                             .extension(60, Bytes(14))
                             .extension(60, Bytes(6))
                             .extension(60, Bytes(6))
                             .udp(546, 547)
                             .data("x")
                             .build());
  EXPECT_EQ(p.flaw, Flaw::kNone);
  EXPECT_TRUE(p.is_v6);
  EXPECT_EQ(p.destination_port, 547);
  EXPECT_EQ(p.payload_size(), 1U);
}

TEST(Ipv6, WithAChainPastTheCapIsNamed) {
  FrameBuilder chain = v6();
  for (int i = 0; i < 5; ++i) chain.extension(60, Bytes(6));
  EXPECT_EQ(flaw(chain.udp(1, 2)), Flaw::kExtensionChain);
  EXPECT_EQ(flaw(v6().extension(60, Bytes(6)).extension(0, Bytes(6)).udp(1, 2)),
            Flaw::kExtensionChain)
      << "hop-by-hop options stand first or nowhere";
  EXPECT_EQ(flaw(v6().extension(44, Bytes(6)).udp(1, 2)), Flaw::kFragment) << "an atomic one too";
}

TEST(Ipv6, NamesNoHopsBehindItsDestination) {
  EXPECT_EQ(flaw(v6().extension(43, Bytes(6)).udp(1, 2)), Flaw::kExtensionChain);
  EXPECT_EQ(flaw(v6().extension(60, Bytes(6)).extension(43, Bytes(22)).udp(1, 2)),
            Flaw::kExtensionChain);
}

TEST(Ipv6, WithAHeaderThatLiesIsNamed) {
  Bytes frame = v6().extension(60, Bytes(6)).udp(1, 2).data("data").build();
  frame[14 + 40 + 1] = std::byte{200};  // the extension's length
  EXPECT_EQ(flaw(frame), Flaw::kTruncated);
  frame = v6().udp(1, 2).build();
  frame[14] = std::byte{0x40};
  EXPECT_EQ(flaw(frame), Flaw::kBadIpHeader);
  EXPECT_EQ(flaw(v6().extension(60, Bytes(6))), Flaw::kExtensionChain)
      << "hop-by-hop (0) is what the last extension names here";
}

TEST(Ipv6, CarriesNoMappedAddress) {
  Bytes frame = v6().udp(1, 2).build();
  const Bytes mapped = bytes({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 10});
  for (const std::size_t at : {22U, 38U}) {
    Bytes spoofed = frame;
    std::copy(mapped.begin(), mapped.end(), spoofed.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_EQ(flaw(spoofed), Flaw::kBadIpHeader);
  }
}

// ---- transport ----

TEST(Tcp, IsReadWholly) {
  const Packet p = parse(v4().tcp(40000, 80, 0x12)
                             .seq(0x01020304)
                             .ack(0x05060708)
                             .window(0x1234)
                             .tcp_options(Bytes(8))
                             .data("abc")
                             .build());
  EXPECT_EQ(p.flaw, Flaw::kNone);
  EXPECT_EQ(p.sequence, 0x01020304U);
  EXPECT_EQ(p.acknowledgement, 0x05060708U);
  EXPECT_EQ(p.window, 0x1234);
  EXPECT_EQ(p.tcp_flags, 0x12);
  EXPECT_EQ(p.payload_size(), 3U);
}

TEST(Tcp, HasADataOffsetThatFits) {
  for (const unsigned words : {0U, 4U, 7U, 15U}) {
    Bytes frame = v4().tcp(1, 80, 2).data("abcd").build();
    frame[14 + 20 + 12] = static_cast<std::byte>(words << 4);
    EXPECT_EQ(flaw(frame), Flaw::kBadTcpHeader) << words;
  }
  EXPECT_EQ(flaw(v4().protocol(6).data(Bytes(19))), Flaw::kBadTcpHeader);
}

TEST(Udp, HasALengthThatFits) {
  for (const unsigned length : {0U, 7U, 8U, 11U, 13U, 0xffffU}) {
    Bytes frame = v4().udp(1, 2).data("abcd").build();
    frame[14 + 20 + 4] = static_cast<std::byte>(length >> 8);
    frame[14 + 20 + 5] = static_cast<std::byte>(length & 0xff);
    EXPECT_EQ(flaw(frame), Flaw::kBadUdpHeader) << length;
  }
  EXPECT_EQ(flaw(v4().protocol(17).data(Bytes(7))), Flaw::kBadUdpHeader);
}

TEST(Icmp, HasAWholeHeader) {
  EXPECT_EQ(flaw(v4().protocol(1).data(Bytes(7))), Flaw::kBadIcmpHeader);
  EXPECT_EQ(flaw(v6().protocol(58).data(Bytes(3))), Flaw::kBadIcmpHeader);
  EXPECT_EQ(parse(v4().icmp(8, 1, Bytes(4)).build()).icmp_type, 8);
  EXPECT_EQ(parse(v6().icmp(135, 2, Bytes(20)).build()).icmp_code, 2);
}

TEST(Packet, CutAnywhereIsNamedAndNeverReadPast) {
  const std::vector<Bytes> frames{
      v4().tag(5).tcp(1, 80, 2).tcp_options(Bytes(12)).data("abcdefgh").no_padding().build(),
      v6().extension(0, Bytes(6)).extension(60, Bytes(22)).tcp(1, 80, 2).no_padding().build(),
      v6().udp(1, 2).data("abcd").no_padding().build(),
      v4().icmp(8, 0, Bytes(12)).no_padding().build(),
      FrameBuilder{}.type(0x0806, Bytes(28)).no_padding().build()};
  for (const Bytes& frame : frames) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
      const Ethernet ethernet = parse_ethernet(cut);
      const Flaw found =
          ethernet.flaw != Flaw::kNone ? ethernet.flaw : parse_packet(cut, ethernet).flaw;
      EXPECT_NE(found, Flaw::kNone) << size;
    }
  }
}

TEST(Packet, StaysInsideOfItsFrameWhateverTheBytes) {
  std::mt19937_64 random{511};
  const std::vector<Bytes> seeds{v4().tcp(1, 80, 2).data("abcdefgh").build(),
                                 v6().extension(60, Bytes(6)).udp(1, 2).data("abcd").build()};
  for (int turn = 0; turn < 200'000; ++turn) {
    Bytes frame = seeds[random() % seeds.size()];
    for (int i = 0; i < 4; ++i)
      frame[12 + random() % (frame.size() - 12)] = static_cast<std::byte>(random());
    const Ethernet ethernet = parse_ethernet(frame);
    if (ethernet.flaw != Flaw::kNone) continue;
    const Packet p = parse_packet(frame, ethernet);
    ASSERT_LE(p.end, frame.size());
    if (p.flaw != Flaw::kNone || !p.is_ip) continue;
    ASSERT_LE(p.l4_offset, p.end);
    if (p.payload_offset != 0) {
      ASSERT_LE(p.payload_offset, p.end);
    }
  }
}

// ---- what a session counts ----

TEST(CountedBytes, AreTheIpPacketsWithoutPadding) {
  const auto count = [](const Bytes& frame) { return counted_bytes(frame, parse_ethernet(frame)); };
  EXPECT_EQ(count(v4().udp(1, 2).data("a").build()), 29U);
  EXPECT_EQ(count(v6().tag(5).udp(1, 2).data("a").build()), 49U);
  EXPECT_EQ(count(FrameBuilder{}.type(0x0806, Bytes(28)).no_padding().build()), 28U);
  Bytes lying = v4().udp(1, 2).build();
  lying[16] = std::byte{0xff};
  EXPECT_EQ(count(lying), 46U) << "never more than came";
  EXPECT_EQ(count(FrameBuilder{}.type(0x0800, Bytes(3)).no_padding().build()), 3U);
}

// ---- checksum and SipHash, by their papers' examples ----

TEST(Checksum, IsThatOfTheRfcsExample) {
  // RFC 1071, 3
  EXPECT_EQ(fold(sum(bytes({0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}))), 0xddf2);
}

TEST(Checksum, CountsAnOddLastByteAsAHighHalf) {
  EXPECT_EQ(fold(sum(bytes({0x12}))), 0x1200);
  for (std::size_t size = 0; size < 40; ++size) {
    Bytes data;
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < size; ++i) {
      data.push_back(static_cast<std::byte>(i * 37 + 200));
      expected += std::uint64_t{static_cast<unsigned>(data.back())} << (i % 2 == 0 ? 8 : 0);
    }
    EXPECT_EQ(fold(sum(data)), fold(expected)) << size;
  }
}

TEST(SipHash, IsThatOfThePapersAppendix) {
  const SipKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  Bytes message;
  for (unsigned i = 0; i < 15; ++i) message.push_back(static_cast<std::byte>(i));
  EXPECT_EQ(siphash24(key, message), 0xa129ca6149be45e5);
  EXPECT_EQ(siphash24(key, {}), 0x726fdb47dd0e0e31);
}

}  // namespace
}  // namespace gate511::net
