// SPDX-License-Identifier: BSD-3-Clause
//
// Bytes in, bytes out of the captive-portal option (RFC 8910): the answer as a server sends it, and
// as it would have sent it with the option. Lengths and checksums are FrameBuilder's, so that what
// the gateway mends is compared with what is made anew.
#include "net/capport.hpp"

#include <gtest/gtest.h>

#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using net::CapportCarrier;
using net::CapportOutcome;

constexpr std::string_view kUri = "https://portal.example/api";  // 26 bytes
constexpr net::MacAddress kAll{0xffff'ffff'ffff};

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

const Bytes kType4 = bytes({53, 1, 5});
const Bytes kServer4 = bytes({54, 4, 192, 0, 2, 1});
const Bytes kRelay4 = bytes({82, 7, 1, 2, 3, 4, 2, 1, 9});  // circuit and remote id
const Bytes kEnd4 = bytes({255});
const Bytes kOption4 = bytes({114, 26}) + bytes(kUri);
const Bytes kServer6 = bytes({0, 2, 0, 4, 1, 2, 3, 4});
const Bytes kOption6 = bytes({0, 103, 0, 26}) + bytes(kUri);
const Bytes kPrefix = bytes({3, 4, 64, 0xc0}) + Bytes(28);
const Bytes kOptionRa = bytes({37, 4}) + bytes(kUri) + Bytes(4);

struct Message4 {
  Bytes options;
  unsigned op = 2;
  std::uint32_t magic = 0x63825363;
  Bytes server_name{}, file{};  ///< from their first byte on
};
Bytes message4(const Message4& given) {
  Bytes body = bytes({given.op, 1, 6, 0}) + Bytes(24);
  body.resize(34);
  net::store_be48(body, 28, kClient.value());
  body.resize(44);
  body = body + given.server_name;
  body.resize(108);
  body = body + given.file;
  body.resize(240);
  net::store_be(body, 236, given.magic);
  return body + given.options;
}
FrameBuilder dhcp4(const Message4& given) {
  return FrameBuilder{}
      .from(kRouter)
      .to(kAll)
      .ip("192.0.2.1", "255.255.255.255")
      .udp(67, 68)
      .data(message4(given));
}
FrameBuilder dhcp4(const Bytes& options) {
  return dhcp4(Message4{.options = options});
}

FrameBuilder udp6(const Bytes& message) {
  return FrameBuilder{}
      .from(kRouter)
      .to(kClient)
      .ip("fe80::1", "fe80::101")
      .udp(547, 546)
      .data(message);
}
Bytes message6(unsigned type, const Bytes& options) {
  return bytes({type, 1, 2, 3}) + options;
}
FrameBuilder dhcp6(const Bytes& options) {
  return udp6(message6(7, options));
}
Bytes relayed6(const Bytes& message, const Bytes& behind = {}) {
  return bytes({13, 0}) + Bytes(32) + bytes({0, 18, 0, 2, 5, 6}) +
         bytes({0, 9, static_cast<unsigned>(message.size() >> 8),
                static_cast<unsigned>(message.size() & 0xff)}) +
         message + behind;
}

FrameBuilder advert(const Bytes& options, unsigned code = 0) {
  return FrameBuilder{}
      .from(kRouter)
      .ip("fe80::1", "ff02::1")
      .ttl(255)
      .icmp(134, code, bytes({64, 0, 7, 8}) + Bytes(8) + options);
}

constexpr std::size_t kMaxFrame = 1522;

struct Done {
  bool told = false;  ///< it was an answer of these kinds
  net::CapportResult result;
  Bytes frame;
};
Done insert(const Bytes& frame, std::size_t max_frame_out = kMaxFrame, std::string_view uri = kUri,
            std::size_t room = 2048) {
  Bytes buffer = frame;
  buffer.resize(std::max(room, frame.size()), std::byte{0xee});
  Done done;
  const net::CapportOptions options{uri};
  const net::Ethernet ethernet = net::parse_ethernet(frame);
  done.told = net::insert_capport(net::ByteView{buffer}.first(frame.size()), buffer, ethernet,
                                  options, max_frame_out, done.result);
  buffer.resize(done.told ? done.result.frame_bytes : frame.size());
  done.frame = buffer;
  return done;
}

void becomes(const FrameBuilder& before, const FrameBuilder& after, CapportCarrier carrier) {
  const Done done = insert(before.build());
  ASSERT_TRUE(done.told);
  EXPECT_EQ(done.result.outcome, CapportOutcome::kInserted);
  EXPECT_EQ(done.result.carrier, carrier);
  EXPECT_EQ(done.frame, after.build());
}
void becomes4(const Bytes& before, const Bytes& after) {
  becomes(dhcp4(before), dhcp4(after), CapportCarrier::kDhcp4);
}

void is_left(const Bytes& frame, CapportOutcome why, CapportCarrier carrier,
             std::size_t max_frame_out = kMaxFrame) {
  const Done done = insert(frame, max_frame_out);
  ASSERT_TRUE(done.told);
  EXPECT_EQ(done.result.outcome, why);
  EXPECT_EQ(done.result.carrier, carrier);
  EXPECT_EQ(done.frame, frame);
}
void is_left4(const Bytes& options, CapportOutcome why) {
  is_left(dhcp4(options).build(), why, CapportCarrier::kDhcp4);
}
void is_none(const FrameBuilder& frame) {
  const Done done = insert(frame.build());
  EXPECT_FALSE(done.told);
  EXPECT_EQ(done.frame, frame.build());
}

// ---- DHCPv4: RFC 8910, 2.1 ----

TEST(Capport4, GoesInFrontOfTheEnd) {
  becomes4(kType4 + kServer4 + kEnd4, kType4 + kServer4 + kOption4 + kEnd4);
}

TEST(Capport4, GoesIntoAnOffer) {
  const Bytes offer = bytes({53, 1, 2});
  becomes4(offer + kEnd4, offer + kOption4 + kEnd4);
}

TEST(Capport4, PaddingIsUsedUp) {
  // RFC 1542, 2.1: a message has 300 bytes at least, and is no longer than it must be.
  becomes4(kType4 + kEnd4 + Bytes(56), kType4 + kOption4 + kEnd4 + Bytes(28));
  becomes4(kType4 + kEnd4 + Bytes(28), kType4 + kOption4 + kEnd4);
  becomes4(kType4 + kEnd4 + Bytes(10), kType4 + kOption4 + kEnd4);
  becomes4(kType4 + kRelay4 + kEnd4 + Bytes(40), kType4 + kOption4 + kRelay4 + kEnd4 + Bytes(12));
  becomes4(bytes({0, 0}) + kType4 + bytes({0}) + kEnd4,
           bytes({0, 0}) + kType4 + bytes({0}) + kOption4 + kEnd4);
  becomes4(kType4 + kEnd4 + kOption4, kType4 + kOption4 + kEnd4 + kOption4);  // nobody reads it
}

TEST(Capport4, GoesInFrontOfWhatTheRelayAgentAdded) {
  // RFC 3046, 2.1: it is the last option.
  becomes4(kType4 + kRelay4 + kEnd4, kType4 + kOption4 + kRelay4 + kEnd4);
}

TEST(Capport4, GoesToARelayAgent) {
  const auto relayed = [](const Bytes& options) {
    return FrameBuilder{}
        .from(kRouter)
        .to(kClient)
        .ip("192.0.2.1", "192.0.2.2")
        .udp(67, 67)
        .data(message4({.options = options}));
  };
  becomes(relayed(kType4 + kRelay4 + kEnd4), relayed(kType4 + kOption4 + kRelay4 + kEnd4),
          CapportCarrier::kDhcp4);
}

TEST(Capport4, TagsAreKept) {
  const auto tagged = [](const Bytes& options) { return dhcp4(options).tag(100, 0x88a8).tag(20); };
  becomes(tagged(kType4 + kEnd4), tagged(kType4 + kOption4 + kEnd4), CapportCarrier::kDhcp4);
}

TEST(Capport4, OptionsInTheOverloadedFields) {
  const auto overloaded = [](const Bytes& options, const Bytes& file, const Bytes& name) {
    return dhcp4(Message4{.options = options, .server_name = name, .file = file});
  };
  // RFC 2132, 9.3: 3 is both. The type may stand there too.
  const Bytes both = bytes({52, 1, 3}), file = kType4 + kEnd4, name = kServer4 + kEnd4;
  becomes(overloaded(both + kEnd4, file, name), overloaded(both + kOption4 + kEnd4, file, name),
          CapportCarrier::kDhcp4);
  is_left(overloaded(both + kEnd4, file, kOption4 + kEnd4).build(), CapportOutcome::kPresent,
          CapportCarrier::kDhcp4);
  is_left(overloaded(bytes({52, 1, 2}) + kType4 + kEnd4, {}, bytes({90, 1, 0, 255})).build(),
          CapportOutcome::kAuthenticated, CapportCarrier::kDhcp4);
  is_left(overloaded(bytes({52, 1, 1}) + kType4 + kEnd4, bytes({12, 200}), {}).build(),
          CapportOutcome::kMalformed, CapportCarrier::kDhcp4);
  is_left(overloaded(bytes({52, 1, 4}) + kType4 + kEnd4, {}, {}).build(),
          CapportOutcome::kMalformed, CapportCarrier::kDhcp4);
  // Not overloaded, it is a name and no option.
  becomes(overloaded(kType4 + kEnd4, bytes("pxelinux.0"), kOption4),
          overloaded(kType4 + kOption4 + kEnd4, bytes("pxelinux.0"), kOption4),
          CapportCarrier::kDhcp4);
}

TEST(Capport4, IsLeftAlone) {
  is_left4(kType4 + bytes({114, 1, 'x'}) + kEnd4, CapportOutcome::kPresent);
}

TEST(Capport4, AuthenticatedIsLeftAlone) {
  is_left4(kType4 + bytes({90, 3, 1, 1, 0}) + kEnd4, CapportOutcome::kAuthenticated);
  // RFC 4030: the relay agent's signature is of the whole message.
  is_left4(kType4 + bytes({82, 6, 1, 1, 9, 8, 1, 7}) + kEnd4, CapportOutcome::kAuthenticated);
  is_left4(kType4 + bytes({82, 3, 1, 2, 9}) + kEnd4, CapportOutcome::kAuthenticated);
  is_left4(kType4 + bytes({82, 1, 1}) + kEnd4, CapportOutcome::kAuthenticated);
}

TEST(Capport4, MalformedIsLeftAlone) {
  is_left4(kType4 + kServer4, CapportOutcome::kMalformed);                  // no end
  is_left4(kType4 + bytes({12}), CapportOutcome::kMalformed);               // no length
  is_left4(kType4 + bytes({12, 9, 'x', 255}), CapportOutcome::kMalformed);  // past the end
  is_left(dhcp4(kType4 + kEnd4).ip_options(bytes({1, 1, 1, 0})).build(), CapportOutcome::kMalformed,
          CapportCarrier::kDhcp4);
  Bytes longer = dhcp4(kType4 + kEnd4 + Bytes(8)).build();
  net::store_be(longer, 14 + 20 + 4, static_cast<std::uint16_t>(8 + 240 + 4));  // UDP ends before
  is_left(longer, CapportOutcome::kMalformed, CapportCarrier::kDhcp4);
}

TEST(Capport4, FragmentsAreLeftAlone) {
  is_left(dhcp4(kType4 + kEnd4).fragment(0x2000).build(), CapportOutcome::kFragment,
          CapportCarrier::kDhcp4);
  is_none(dhcp4(kType4 + kEnd4).fragment(0x0010));  // a later one has no ports
}

TEST(Capport4, ChecksumsAreSeenTo) {
  Bytes damaged = dhcp4(kType4 + kEnd4).build();
  damaged[14 + 20 + 8 + 20] ^= std::byte{1};
  is_left(damaged, CapportOutcome::kBadChecksum, CapportCarrier::kDhcp4);
  // RFC 768: zero is none, and stays none.
  Bytes without = dhcp4(kType4 + kEnd4).build(), after = dhcp4(kType4 + kOption4 + kEnd4).build();
  for (Bytes* frame : {&without, &after}) net::store_be(*frame, 14 + 20 + 6, std::uint16_t{0});
  EXPECT_EQ(insert(without).frame, after);
}

TEST(Capport4, FitsTheMtuOrIsLeftAlone) {
  const Bytes filler = bytes({224, 200}) + Bytes(200);
  Bytes options = kType4;
  for (int i = 0; i < 5; ++i) options = options + filler;
  const std::size_t rest = 1500 - 28 - 240 - options.size() - kEnd4.size() - kOption4.size();
  const Bytes full = options + bytes({12, static_cast<unsigned>(rest - 2)}) + Bytes(rest - 2);
  becomes4(full + kEnd4, full + kOption4 + kEnd4);
  EXPECT_EQ(dhcp4(full + kOption4 + kEnd4).build().size(), 1514U);
  is_left4(full + bytes({0}) + kEnd4, CapportOutcome::kTooLong);
  // Tags are no part of it.
  const Bytes tagged = dhcp4(full + kEnd4).tag(20).build();
  EXPECT_EQ(insert(tagged).frame, dhcp4(full + kOption4 + kEnd4).tag(20).build());
  is_left(dhcp4(full + bytes({0}) + kEnd4).tag(20).build(), CapportOutcome::kTooLong,
          CapportCarrier::kDhcp4);
  // Nor is it written past the buffer.
  const Bytes small = dhcp4(kType4 + kEnd4).build();
  EXPECT_EQ(insert(small, kMaxFrame, kUri, small.size() + 27).result.outcome,
            CapportOutcome::kTooLong);
  EXPECT_EQ(insert(small, kMaxFrame, kUri, small.size() + 28).result.outcome,
            CapportOutcome::kInserted);
}

TEST(Capport4, IsNoMoreThanAClientMustTake) {
  // RFC 2131, 2: a datagram of 576 bytes, where it has not said more.
  const Bytes filler = kType4 + bytes({224, 200}) + Bytes(200);
  const auto filled = [&filler](std::size_t ip_bytes) {
    const std::size_t rest = ip_bytes - 28 - 240 - filler.size() - kEnd4.size();
    return filler + bytes({12, static_cast<unsigned>(rest - 2)}) + Bytes(rest - 2);
  };
  const Bytes fits = filled(576 - kOption4.size());
  becomes4(fits + kEnd4, fits + kOption4 + kEnd4);
  EXPECT_EQ(dhcp4(fits + kOption4 + kEnd4).build().size(), 14U + 576);
  is_left4(filled(577 - kOption4.size()) + kEnd4, CapportOutcome::kTooLong);
  is_left4(filled(576) + kEnd4, CapportOutcome::kTooLong);
  const Bytes longer = filled(577);  // so it has said more
  becomes4(longer + kEnd4, longer + kOption4 + kEnd4);
}

TEST(Capport4, OtherMessagesAreNone) {
  for (const unsigned type : {1U, 3U, 4U, 6U, 7U, 8U, 13U})
    is_none(dhcp4(bytes({53, 1, type}) + kEnd4));
  is_none(dhcp4(kServer4 + kEnd4));  // BOOTP
  is_none(dhcp4(Message4{.options = kType4 + kEnd4, .op = 1}));
  is_none(dhcp4(Message4{.options = kType4 + kEnd4, .magic = 0}));
  is_none(FrameBuilder{}.ip("192.0.2.1", "192.0.2.2").udp(67, 68).data(Bytes(100)));
  is_none(FrameBuilder{}
              .ip("192.0.2.1", "192.0.2.2")
              .udp(67, 53)
              .data(message4({.options = kType4 + kEnd4})));
  is_none(FrameBuilder{}.type(0x0806, Bytes(28)));
}

TEST(Capport4, TellsWhom) {
  EXPECT_EQ(insert(dhcp4(kType4 + kEnd4).build()).result.client, kClient);
}

TEST(Capport4, TheLongestUri) {
  const std::string uri(255, 'u');
  const Done done = insert(dhcp4(kType4 + kEnd4).build(), kMaxFrame, uri);
  EXPECT_EQ(done.frame, dhcp4(kType4 + bytes({114, 255}) + bytes(uri) + kEnd4).build());
}

// ---- DHCPv6: RFC 8910, 2.2 ----

TEST(Capport6, GoesBehindTheOptions) {
  becomes(dhcp6(kServer6), dhcp6(kServer6 + kOption6), CapportCarrier::kDhcp6);
  becomes(dhcp6({}), dhcp6(kOption6), CapportCarrier::kDhcp6);
  becomes(udp6(message6(2, kServer6)), udp6(message6(2, kServer6 + kOption6)),
          CapportCarrier::kDhcp6);
}

TEST(Capport6, GoesBehindExtensionHeaders) {
  const auto with_header = [](const Bytes& options) {
    return dhcp6(options).extension(60, Bytes(6));
  };
  becomes(with_header(kServer6), with_header(kServer6 + kOption6), CapportCarrier::kDhcp6);
}

TEST(Capport6, GoesIntoARelayedReply) {
  const auto relayed = [](const Bytes& options) {
    // Two relays; what the inner one was given stands behind the message as well.
    return FrameBuilder{}
        .from(kRouter)
        .to(kClient)
        .ip("fe80::1", "fe80::101")
        .udp(547, 547)
        .data(relayed6(relayed6(message6(7, options), bytes({0, 37, 0, 1, 9}))));
  };
  becomes(relayed(kServer6), relayed(kServer6 + kOption6), CapportCarrier::kDhcp6);
}

TEST(Capport6, IsLeftAlone) {
  const auto left = [](const Bytes& message, CapportOutcome why) {
    is_left(udp6(message).build(), why, CapportCarrier::kDhcp6);
  };
  left(message6(7, kServer6 + bytes({0, 103, 0, 1, 'x'})), CapportOutcome::kPresent);
  left(message6(7, bytes({0, 11, 0, 1, 1}) + kServer6), CapportOutcome::kAuthenticated);
  left(relayed6(message6(7, {}), bytes({0, 11, 0, 1, 1})), CapportOutcome::kAuthenticated);
  left(message6(7, kServer6 + bytes({0, 2, 0, 9, 1})), CapportOutcome::kMalformed);
  left(message6(7, kServer6 + bytes({0, 2, 0})), CapportOutcome::kMalformed);
  left(bytes({7, 1, 2}), CapportOutcome::kMalformed);
  left(bytes({13, 0}) + Bytes(32) + kServer6, CapportOutcome::kMalformed);  // no message in it
  left(bytes({13, 0}) + Bytes(20), CapportOutcome::kMalformed);
  Bytes nested = message6(7, kServer6);
  for (int i = 0; i < 8; ++i) nested = relayed6(nested);
  EXPECT_EQ(insert(udp6(nested).build()).result.outcome, CapportOutcome::kInserted);
  left(relayed6(nested), CapportOutcome::kMalformed);  // RFC 8415, 7.6: eight relays at most
}

TEST(Capport6, ChecksumsAreSeenTo) {
  Bytes damaged = dhcp6(kServer6).build();
  damaged.back() ^= std::byte{1};
  is_left(damaged, CapportOutcome::kBadChecksum, CapportCarrier::kDhcp6);
  Bytes without = dhcp6(kServer6).build();
  net::store_be(without, 14 + 40 + 6, std::uint16_t{0});  // RFC 8200, 8.1: it must be there
  is_left(without, CapportOutcome::kBadChecksum, CapportCarrier::kDhcp6);
}

TEST(Capport6, OtherMessagesAreNone) {
  for (const unsigned type : {1U, 3U, 10U, 11U, 12U}) is_none(udp6(message6(type, kServer6)));
  is_none(udp6(relayed6(message6(10, kServer6))));
  is_none(udp6({}));
}

TEST(Capport6, ARelayAgentIsNotWhoIsTold) {
  const auto frame = udp6(relayed6(message6(7, kServer6))).udp(547, 547).build();
  EXPECT_EQ(insert(frame).result.client, net::MacAddress{});
}

TEST(Capport6, TellsWhom) {
  EXPECT_EQ(insert(dhcp6(kServer6).build()).result.client, kClient);
}

// ---- router advertisements: RFC 8910, 2.3 ----

TEST(CapportAdvert, GoesBehindTheOptions) {
  becomes(advert(kPrefix), advert(kPrefix + kOptionRa), CapportCarrier::kRouterAdvert);
  becomes(advert({}), advert(kOptionRa), CapportCarrier::kRouterAdvert);
  becomes(advert(kPrefix).tag(20), advert(kPrefix + kOptionRa).tag(20),
          CapportCarrier::kRouterAdvert);
}

TEST(CapportAdvert, IsPaddedToUnitsOfEight) {
  for (const std::size_t size : {1U, 5U, 6U, 7U, 14U, 255U}) {
    const std::string uri(size, 'u');
    Bytes option = bytes({37, static_cast<unsigned>((size + 9) / 8)}) + bytes(uri);
    option.resize((size + 9) / 8 * 8);
    const Done done = insert(advert({}).build(), kMaxFrame, uri);
    EXPECT_EQ(done.frame, advert(option).build()) << size;
  }
}

TEST(CapportAdvert, IsLeftAlone) {
  const auto left = [](const FrameBuilder& frame, CapportOutcome why) {
    is_left(frame.build(), why, CapportCarrier::kRouterAdvert);
  };
  left(advert(kPrefix + bytes({37, 1}) + Bytes(6)), CapportOutcome::kPresent);
  left(advert(bytes({11, 1}) + Bytes(6)), CapportOutcome::kAuthenticated);
  left(advert(bytes({12, 1}) + Bytes(6) + kPrefix), CapportOutcome::kAuthenticated);
  left(advert(bytes({1, 0}) + Bytes(6)), CapportOutcome::kMalformed);
  left(advert(bytes({1, 2}) + Bytes(6)), CapportOutcome::kMalformed);
  left(advert(kPrefix + Bytes(3)), CapportOutcome::kMalformed);
  left(advert(kPrefix).ttl(64), CapportOutcome::kMalformed);
  left(advert(kPrefix, 1), CapportOutcome::kMalformed);
  left(FrameBuilder{}.ip("2001:db8::1", "ff02::1").ttl(255).icmp(134, 0, Bytes(12)),
       CapportOutcome::kMalformed);
  left(FrameBuilder{}.ip("fe80::1", "ff02::1").ttl(255).icmp(134, 0, Bytes(8)),
       CapportOutcome::kMalformed);
  Bytes damaged = advert(kPrefix).build();
  damaged.back() ^= std::byte{1};
  is_left(damaged, CapportOutcome::kBadChecksum, CapportCarrier::kRouterAdvert);
  is_left(advert(kPrefix).build(), CapportOutcome::kTooLong, CapportCarrier::kRouterAdvert, 134);
}

TEST(CapportAdvert, TellsWhom) {
  EXPECT_EQ(insert(advert({}).build()).result.client, net::MacAddress{});
  EXPECT_EQ(insert(advert({}).to(kClient).build()).result.client, kClient);
}

TEST(CapportAdvert, OtherMessagesAreNone) {
  is_none(FrameBuilder{}.ip("fe80::1", "ff02::1").ttl(255).icmp(136, 0, Bytes(20)));
  is_none(FrameBuilder{}.ip("fe80::1", "fe80::2").icmp(128, 0, Bytes(20)));
}

// ---- by the gateway ----

class CapportGateway : public testing::Test {
 protected:
  CapportGateway() {
    for (std::size_t zone : {0U, 1U})
      gateway_.snapshot.zones[zone].capport = net::CapportOptions{kUri};
  }
  void is_told(const FrameBuilder& before, const FrameBuilder& after) {
    const Outcome outcome = gateway_.from_uplink(before.build());
    EXPECT_TRUE(outcome.forwarded);
    EXPECT_EQ(outcome.sent, after.build());
  }
  void is_not_told(const FrameBuilder& frame) {
    const Outcome outcome = gateway_.from_uplink(frame.build());
    EXPECT_TRUE(outcome.forwarded);
    EXPECT_EQ(outcome.sent, frame.build());
  }
  std::uint64_t counted(CapportCarrier carrier, CapportOutcome outcome) {
    return gateway_.pipeline.teller()
        .counts()
        .at(static_cast<std::size_t>(carrier))
        .at(static_cast<std::size_t>(outcome));
  }
  std::vector<pipeline::Announced> reports() {
    std::array<pipeline::Announced, 16> taken;
    const std::size_t count = gateway_.pipeline.teller().reports().take(taken);
    return {taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(count)};
  }

  // VLAN 30 is only monitored, 40 has no API.
  Gateway gateway_{
      {.zones = {{.vlans = {30}, .enforce = policy::Enforce::kMonitor}, {.vlans = {40}}}}};
  FrameBuilder before_ = dhcp4(kType4 + kEnd4), after_ = dhcp4(kType4 + kOption4 + kEnd4);
};

TEST_F(CapportGateway, TellsGuests) {
  is_told(before_, after_);
  is_told(advert(kPrefix), advert(kPrefix + kOptionRa));
  is_told(dhcp6(kServer6), dhcp6(kServer6 + kOption6));
  EXPECT_EQ(counted(CapportCarrier::kDhcp4, CapportOutcome::kInserted), 1U);
  EXPECT_EQ(counted(CapportCarrier::kDhcp6, CapportOutcome::kInserted), 1U);
  EXPECT_EQ(counted(CapportCarrier::kRouterAdvert, CapportOutcome::kInserted), 1U);
  EXPECT_EQ(reports(), (std::vector<pipeline::Announced>{
                           {.client = kClient},
                           {.carrier = CapportCarrier::kRouterAdvert},
                           {.client = kClient, .carrier = CapportCarrier::kDhcp6}}));
  is_told(before_, after_);
  EXPECT_TRUE(reports().empty());  // once a minute
}

TEST_F(CapportGateway, TellsSessions) {
  (void)gateway_.table.insert({kClient, 0}, table::State::kAuthenticated);
  is_told(before_.to(kClient), after_.to(kClient));
  is_told(dhcp6(kServer6), dhcp6(kServer6 + kOption6));
}

TEST_F(CapportGateway, TellsWhyNot) {
  const FrameBuilder present = dhcp4(kType4 + kOption4 + kEnd4);
  is_not_told(present);
  EXPECT_EQ(counted(CapportCarrier::kDhcp4, CapportOutcome::kPresent), 1U);
  EXPECT_EQ(
      reports(),
      (std::vector<pipeline::Announced>{{.client = kClient, .outcome = CapportOutcome::kPresent}}));
  gateway_.room = 0;
  is_not_told(before_);
  EXPECT_EQ(counted(CapportCarrier::kDhcp4, CapportOutcome::kTooLong), 1U);
}

TEST_F(CapportGateway, IsByZone) {
  is_told(dhcp4(kType4 + kEnd4).tag(20), dhcp4(kType4 + kOption4 + kEnd4).tag(20));
  is_not_told(dhcp4(kType4 + kEnd4).tag(30));
  is_not_told(dhcp4(kType4 + kEnd4).tag(40));
}

TEST_F(CapportGateway, TellsNothingByWhatIsDropped) {
  // Nobody waits for it.
  const Outcome outcome = gateway_.from_uplink(dhcp4(kType4 + kEnd4).to(kClient).build());
  EXPECT_FALSE(outcome.forwarded);
  EXPECT_EQ(counted(CapportCarrier::kDhcp4, CapportOutcome::kInserted), 0U);
}

TEST_F(CapportGateway, TellsNothingUpwards) {
  (void)gateway_.table.insert({kRouter, 0}, table::State::kAuthenticated);
  const Outcome outcome = gateway_.from_access(before_.build());
  EXPECT_EQ(outcome.sent, before_.build());
}

}  // namespace
}  // namespace gate511::test
