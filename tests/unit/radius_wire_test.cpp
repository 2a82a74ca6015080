// SPDX-License-Identifier: BSD-3-Clause
//
// RADIUS packets, bytes in and bytes out: the examples of RFC 2865, 7 and RFC 5997, 6, and what is
// refused of others.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "radius/wire/packet.hpp"
#include "radius/wire/signature.hpp"
#include "radius/wire/writer.hpp"

namespace gate511::radius {
namespace {

constexpr std::string_view kSecret = "xyzzy5461";

PacketBytes from_hex(std::string_view text) {
  PacketBytes bytes;
  std::string digits;
  for (const char c : text) {
    if (c != ' ') digits += c;
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<std::byte>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

/// What is wrong with a packet whose attributes these are.
std::string wrong_with(std::string_view attributes) {
  PacketBytes bytes = from_hex("01 00 00 00 00000000000000000000000000000000");
  const PacketBytes more = from_hex(attributes);
  bytes.insert(bytes.end(), more.begin(), more.end());
  bytes[2] = static_cast<std::byte>(bytes.size() >> 8U);
  bytes[3] = static_cast<std::byte>(bytes.size() & 0xffU);
  const auto packet = Packet::parse(bytes);
  return packet ? "nothing" : packet.error();
}

// RFC 2865, 7.1
const PacketBytes kNemo = from_hex(
    "01 00 00 38 0f 40 3f 94 73 97 80 57 bd 83 d5 cb 98 f4 22 7a 01 06 6e 65 6d 6f 02 12 0d be 70"
    "8d 93 d4 13 ce 31 96 e4 3f 78 2a 0a ee 04 06 c0 a8 01 10 05 06 00 00 00 03");
const PacketBytes kNemoAccepted = from_hex(
    "02 00 00 26 86 fe 22 0e 76 24 ba 2a 10 05 f6 bf 9b 55 e0 b2 06 06 00 00 00 01 0f 06 00 00 00"
    "00 0e 06 c0 a8 01 03");
// RFC 2865, 7.2
const PacketBytes kFlopsy = from_hex(
    "01 01 00 47 2a ee 86 f0 8d 0d 55 96 9c a5 97 8e 0d 33 67 a2 01 08 66 6c 6f 70 73 79 03 13 16"
    "e9 75 57 c3 16 18 58 95 f2 93 ff 63 44 07 72 75 04 06 c0 a8 01 10 05 06 00 00 00 14 06 06 00"
    "00 00 02 07 06 00 00 00 01");
// RFC 5997, 6.1
const PacketBytes kStatus = from_hex(
    "0c da 00 26 8a 54 f4 68 6f b3 94 c5 28 66 e3 02 18 5d 06 23 50 12 5a 66 5e 2e 1e 84 11 f3 e2"
    "43 82 20 97 c8 4f a3");

TEST(RadiusPacket, OfTheStandardIsRead) {
  const Packet packet = Packet::parse(kNemo).value();
  EXPECT_EQ(packet.code(), Code::kAccessRequest);
  EXPECT_EQ(packet.id(), 0);
  EXPECT_EQ(packet.attributes().size(), 4U);
  EXPECT_EQ(packet.text(attribute::kUserName), "nemo");
  EXPECT_EQ(packet.integer(attribute::kNasIpAddress), 0xc0a80110U);
  EXPECT_EQ(packet.integer(attribute::kNasPort), 3U);
  EXPECT_FALSE(packet.find(attribute::kState));
  EXPECT_FALSE(packet.message_authenticator());
}

TEST(RadiusPacket, AReplyIsSignedOverItsRequest) {
  const Packet request = Packet::parse(kNemo).value();
  const Packet reply = Packet::parse(kNemoAccepted).value();
  EXPECT_TRUE(is_reply_genuine(reply, request.authenticator(), kSecret));
  EXPECT_FALSE(is_reply_genuine(reply, request.authenticator(), "xyzzy5462"));
  EXPECT_FALSE(is_reply_genuine(reply, Authenticator{}, kSecret));
  for (std::size_t at = 0; at < kNemoAccepted.size(); ++at) {
    PacketBytes changed = kNemoAccepted;
    changed[at] ^= std::byte{0x20};
    const auto other = Packet::parse(changed);
    if (!other) continue;
    EXPECT_FALSE(is_reply_genuine(*other, request.authenticator(), kSecret)) << at;
  }
}

TEST(RadiusPacket, PasswordsAreHidden) {
  const Packet nemo = Packet::parse(kNemo).value();
  const auto hidden = hidden_password("arctangent", nemo.authenticator(), kSecret);
  EXPECT_TRUE(std::ranges::equal(hidden, *nemo.find(attribute::kUserPassword)));
  const Packet flopsy = Packet::parse(kFlopsy).value();
  const auto answer = chap_password(std::byte{22}, "arctangent", flopsy.authenticator());
  EXPECT_TRUE(std::ranges::equal(answer, *flopsy.find(attribute::kChapPassword)));
  EXPECT_EQ(hidden_password("", {}, kSecret).size(), 16U);
  EXPECT_EQ(hidden_password(std::string(17, 'a'), {}, kSecret).size(), 32U);
  EXPECT_EQ(hidden_password(std::string(200, 'a'), {}, kSecret).size(), 128U);
}

TEST(RadiusPacket, IsSealedWhole) {
  const Packet status = Packet::parse(kStatus).value();
  EXPECT_EQ(check_seal(status, status.authenticator(), kSecret), Seal::kGood);
  EXPECT_EQ(check_seal(status, status.authenticator(), "other"), Seal::kWrong);
  EXPECT_EQ(check_seal(status, {}, kSecret), Seal::kWrong);
  EXPECT_EQ(check_seal(Packet::parse(kNemo).value(), {}, kSecret), Seal::kMissing);
}

TEST(RadiusPacket, WhatIsBehindItsLengthIsNotRead) {
  PacketBytes padded = kNemo;
  padded.resize(padded.size() + 40);
  EXPECT_EQ(Packet::parse(padded).value().bytes().size(), kNemo.size());
}

TEST(RadiusPacket, IsRefusedWhereItIsShorterThanItSays) {
  for (std::size_t size = 0; size < kNemo.size(); ++size)
    EXPECT_FALSE(Packet::parse(Bytes{kNemo}.first(size))) << size;
  EXPECT_EQ(Packet::parse(Bytes{kNemo}.first(19)).error(), "it has 19 bytes");
  EXPECT_EQ(Packet::parse(Bytes{kNemo}.first(55)).error(),
            "its length field is 56, and 55 bytes came");
  PacketBytes changed = kNemo;
  changed[3] = std::byte{19};
  EXPECT_EQ(Packet::parse(changed).error(), "its length field is 19");
  PacketBytes large(kMaxPacket + 1, std::byte{0});
  large[2] = std::byte{0x10};
  large[3] = std::byte{0x01};
  EXPECT_EQ(Packet::parse(large).error(), "its length field is 4097");
}

TEST(RadiusPacket, IsRefusedForWhatItsAttributesAre) {
  EXPECT_EQ(wrong_with(""), "nothing");
  EXPECT_EQ(wrong_with("01"), "a byte is left over behind its attributes");
  EXPECT_EQ(wrong_with("01 01"), "User-Name has the length 1, where 2 bytes are left");
  EXPECT_EQ(wrong_with("01 00 00"), "User-Name has the length 0, where 3 bytes are left");
  EXPECT_EQ(wrong_with("01 05 61 61"), "User-Name has the length 5, where 4 bytes are left");
  EXPECT_EQ(wrong_with("01 02"), "User-Name has a value of 0 bytes");
  EXPECT_EQ(wrong_with("1b 05 00 0e 10"), "Session-Timeout has a value of 3 bytes");
  EXPECT_EQ(wrong_with("1b 06 00000e10 1b 06 00000e10"), "Session-Timeout is repeated");
  EXPECT_EQ(wrong_with("50 11 000000000000000000000000000000"),
            "Message-Authenticator has a value of 15 bytes");
  EXPECT_EQ(wrong_with("1a 06 00003 72a"), "Vendor-Specific has a value of 4 bytes");
  EXPECT_EQ(wrong_with("1a 07 0000372a 07"),
            "an attribute of vendor 14122 has the length 0, where 1 bytes are left");
  EXPECT_EQ(wrong_with("1a 0c 0000372a 07 07 00000001"),
            "an attribute of vendor 14122 has the length 7, where 6 bytes are left");
  EXPECT_EQ(wrong_with("1a 0b 0000372a 07 05 000001"),
            "WISPr-Bandwidth-Max-Up has a value of 3 bytes");
  EXPECT_EQ(wrong_with("1a 0c 0000372a 07 06 00000001 1a 0c 0000372a 07 06 00000002"),
            "WISPr-Bandwidth-Max-Up is repeated");
  EXPECT_EQ(wrong_with("1a 07 00000009 61"), "nothing");  // of a vendor that is not known
  EXPECT_EQ(wrong_with("19 03 61 19 03 62"), "nothing");  // Class may be repeated
  EXPECT_EQ(wrong_with("fe 02"), "nothing");              // one that is not known
  std::string many;
  for (int i = 0; i < 257; ++i) many += "19 03 61 ";
  EXPECT_EQ(wrong_with(many), "it has more than 256 attributes");
}

TEST(RadiusPacket, OfAVendorAreReadByThemselves) {
  PacketBytes bytes = from_hex(
      "02 00 00 26 00000000000000000000000000000000 1a 12 0000372a 07 06 000f4240 08 06 001e8480");
  const Packet packet = Packet::parse(bytes).value();
  EXPECT_EQ(packet.integer(attribute::kBandwidthMaxUp), 1'000'000U);
  EXPECT_EQ(packet.integer(attribute::kBandwidthMaxDown), 2'000'000U);
}

TEST(RadiusWriter, WritesWhatIsRead) {
  Attributes attributes;
  EXPECT_TRUE(attributes.add(attribute::kUserName, "nemo"));
  EXPECT_TRUE(attributes.add(attribute::kNasPort, 3U));
  EXPECT_TRUE(attributes.add(attribute::kBandwidthMaxUp, 1'000'000U));
  EXPECT_TRUE(attributes.add(attribute::kReplyMessage, ""));  // left out
  const Authenticator authenticator = random_authenticator();
  const PacketBytes bytes = access_request(7, authenticator, kSecret, attributes,
                                           {Credentials::Kind::kPap, "arctangent", {}, {}});
  const Packet packet = Packet::parse(bytes).value();
  EXPECT_EQ(packet.bytes().size(), bytes.size());
  EXPECT_EQ(packet.code(), Code::kAccessRequest);
  EXPECT_EQ(packet.id(), 7);
  EXPECT_EQ(packet.authenticator(), authenticator);
  EXPECT_EQ(packet.attributes().front().id, attribute::kMessageAuthenticator);
  EXPECT_EQ(packet.text(attribute::kUserName), "nemo");
  EXPECT_EQ(packet.integer(attribute::kBandwidthMaxUp), 1'000'000U);
  EXPECT_FALSE(packet.find(attribute::kReplyMessage));
  EXPECT_EQ(check_seal(packet, authenticator, kSecret), Seal::kGood);
  EXPECT_TRUE(std::ranges::equal(*packet.find(attribute::kUserPassword),
                                 hidden_password("arctangent", authenticator, kSecret)));
}

TEST(RadiusWriter, AsksByChap) {
  const Authenticator authenticator = random_authenticator();
  const PacketBytes made = access_request(7, authenticator, kSecret, {},
                                          {Credentials::Kind::kChap, "arctangent", {}, {}});
  const Packet packet = Packet::parse(made).value();
  const Bytes response = *packet.find(attribute::kChapPassword);
  EXPECT_TRUE(std::ranges::equal(
      response, chap_password(response[0], "arctangent", *packet.find(attribute::kChapChallenge))));
  EXPECT_FALSE(packet.find(attribute::kUserPassword));
  const std::string answer(17, 'r'), challenge(16, 'c');
  const PacketBytes given = access_request(7, authenticator, kSecret, {},
                                           {Credentials::Kind::kChap, "", answer, challenge});
  EXPECT_EQ(Packet::parse(given).value().text(attribute::kChapPassword), answer);
  EXPECT_EQ(Packet::parse(given).value().text(attribute::kChapChallenge), challenge);
}

TEST(RadiusWriter, SignsRequestsAndReplies) {
  Attributes attributes;
  attributes.add(attribute::kAcctSessionId, "1");
  const PacketBytes accounting = accounting_request(1, kSecret, attributes);
  EXPECT_TRUE(is_request_genuine(Packet::parse(accounting).value(), kSecret));
  EXPECT_FALSE(is_request_genuine(Packet::parse(accounting).value(), "other"));
  const PacketBytes asked = dynamic_request(Code::kDisconnectRequest, 2, kSecret, attributes);
  const Packet request = Packet::parse(asked).value();
  EXPECT_TRUE(is_request_genuine(request, kSecret));
  EXPECT_EQ(check_seal(request, {}, kSecret), Seal::kGood);
  const PacketBytes answered = reply_to(request, Code::kDisconnectNak, kSecret, attributes);
  const Packet reply = Packet::parse(answered).value();
  EXPECT_EQ(reply.id(), 2);
  EXPECT_TRUE(is_reply_genuine(reply, request.authenticator(), kSecret));
  EXPECT_EQ(check_seal(reply, request.authenticator(), kSecret), Seal::kGood);
}

TEST(RadiusWriter, NeverWritesTooMuch) {
  Attributes attributes;
  int taken = 0;
  while (attributes.add(attribute::kClass, std::string(300, 'x'))) ++taken;
  EXPECT_EQ(taken, 15);  // of 253 bytes each
  const PacketBytes bytes = access_request(
      1, {}, kSecret, attributes, {Credentials::Kind::kPap, std::string(128, 'p'), {}, {}});
  EXPECT_LE(bytes.size(), kMaxPacket);
  EXPECT_TRUE(Packet::parse(bytes));
  EXPECT_FALSE(Attributes{}.add(attribute::kBandwidthMaxUp, Bytes{bytes}.first(248)));
}

}  // namespace
}  // namespace gate511::radius
