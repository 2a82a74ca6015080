// SPDX-License-Identifier: BSD-3-Clause
//
// Disconnect and CoA: who is meant, what of it is not to be done, and what is not of now.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

#include "radius/client/address.hpp"
#include "radius/dynamic/answered.hpp"
#include "radius/dynamic/authorization.hpp"
#include "radius/dynamic/meaning.hpp"

namespace gate511::radius {
namespace {

using namespace attribute;  // NOLINT(google-build-using-namespace)

constexpr const char* kSecret = "a secret of the test's";
constexpr const char* kConfig =
    "[nas]\nidentifier = \"venue-1\"\naddress = \"192.0.2.2\"\n"
    "[[server]]\naddress = \"192.0.2.20\"\nsecret_file = \"/s\"\n"
    "[coa]\nlisten = \"[2001:db8::2]:3799\"\n"
    "[[coa_client]]\naddress = \"127.0.0.1\"\nsecret_file = \"/s\"\n";

/// What is asked, and what is known to answer it by.
class RadiusMeaning : public testing::Test {
 public:
  RadiusMeaning() {
    // By its MAC alone: where it is was told by the Access-Request.
    directory_.put(
        {7, {"02:00:5e:00:53:01", 0, ""}, "ann", 0x10, {"02:00:5e:00:53:01", 20, "venue"}, "ann"});
  }
  RadiusMeaning& with(AttributeId id, std::string_view text) {
    asked_.add(id, text);
    return *this;
  }
  RadiusMeaning& with(AttributeId id, std::uint32_t number) {
    asked_.add(id, number);
    return *this;
  }
  /// 0: it may be done to session 7.
  unsigned cause(Code code = Code::kDisconnectRequest) {
    const PacketBytes bytes = dynamic_request(code, 1, kSecret, std::exchange(asked_, {}));
    const Packet packet = Packet::parse(bytes).value();
    if (const auto wrong = wrong_with(packet, config_)) return static_cast<unsigned>(*wrong);
    const auto session = session_of(packet, directory_);
    if (!session) return static_cast<unsigned>(session.error());
    EXPECT_EQ(session->id, 7U);
    return 0;
  }

  Config config_ = parse_config(kConfig, "radius.toml").value();
  Directory directory_;
  Attributes asked_;
};

TEST_F(RadiusMeaning, TheGatewayIsThisOne) {
  const auto named = [this]() -> RadiusMeaning& { return with(kAcctSessionId, "10-7"); };
  EXPECT_EQ(named().cause(), 0U);
  EXPECT_EQ(named().with(kNasIdentifier, "venue-1").with(kNasIpAddress, 0xc0000202U).cause(), 0U);
  EXPECT_EQ(named().with(kNasIdentifier, "venue-2").cause(), 403U);
  EXPECT_EQ(named().with(kNasIpAddress, 0xc0000203U).cause(), 403U);
  // Where it listens is an address of its own as well.
  const std::string here{"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16};
  const std::string there{"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x03", 16};
  EXPECT_EQ(named().with(kNasIpv6Address, here).cause(), 0U);
  EXPECT_EQ(named().with(kNasIpv6Address, there).cause(), 403U);
  config_.nas_address.clear();
  EXPECT_EQ(named().with(kNasIpAddress, 0xc0000202U).cause(), 403U) << "nobody says that it is";
}

TEST_F(RadiusMeaning, AllThatNamesTheSessionFits) {
  EXPECT_EQ(with(kCallingStationId, "02-00-5E-00-53-01").with(kUserName, "ann").cause(), 0U);
  EXPECT_EQ(with(kUserName, "ann").with(kNasPort, 20U).with(kNasPortId, "venue.20").cause(), 0U);
  EXPECT_EQ(with(kUserName, "ann").with(kNasPort, 21U).cause(), 503U);
  EXPECT_EQ(with(kUserName, "ann").with(kNasPortId, "venue").cause(), 503U);
  EXPECT_EQ(with(kAcctSessionId, "10-7").with(kUserName, "bob").cause(), 503U);
  EXPECT_EQ(with(kAcctSessionId, "11-7").cause(), 503U);
  EXPECT_EQ(with(kNasPort, 20U).cause(), 402U) << "a port is not one session";
}

TEST_F(RadiusMeaning, ANameFitsToItsEnd) {
  const std::string name(64, 'a');
  directory_.put({7, {"02:00:5e:00:53:01", 0, ""}, name, 0x10, {}, name + "x"});
  EXPECT_EQ(with(kUserName, name + "x").cause(), 0U);
  EXPECT_EQ(with(kUserName, name + "y").cause(), 503U);
  directory_.put({7, {"02:00:5e:00:53:01", 0, ""}, "a?", 0x10, {}, "a\x01"});
  EXPECT_EQ(with(kUserName, "a\x01").cause(), 0U);
  EXPECT_EQ(with(kUserName, "a?").cause(), 503U);
}

TEST_F(RadiusMeaning, WhatItSets) {
  const auto named = [this]() -> RadiusMeaning& { return with(kAcctSessionId, "10-7"); };
  EXPECT_EQ(named().with(kSessionTimeout, 60U).cause(Code::kCoaRequest), 0U);
  EXPECT_EQ(named().with(kSessionTimeout, 0U).cause(Code::kCoaRequest), 407U);
  EXPECT_EQ(named().with(kMaxTotalOctets, 0U).cause(Code::kCoaRequest), 0U);
  EXPECT_EQ(named().cause(Code::kCoaRequest), 402U);
  EXPECT_EQ(named().with(kSessionTimeout, 60U).cause(), 401U) << "nothing is set by a Disconnect";
  EXPECT_EQ(named().with(kServiceType, 17U).cause(Code::kCoaRequest), 405U);
}

Authenticator numbered(unsigned number) {
  Authenticator made{};
  for (std::size_t i = 0; i < 4; ++i) made.at(i) = static_cast<std::byte>(number >> (8 * i));
  return made;
}

TEST(RadiusAnsweredRequests, AreKeptForAsLongAsTheyAreOfNow) {
  Answered answered;
  for (unsigned i = 0; i < Answered::kMax; ++i)
    ASSERT_TRUE(answered.begin(numbered(i), 1'300, 1'000));
  answered.answer(numbered(0), PacketBytes(3));
  // One more would be one less.
  EXPECT_FALSE(answered.begin(numbered(Answered::kMax), 1'300, 1'300));
  ASSERT_NE(answered.find(numbered(0)), nullptr);
  EXPECT_EQ(answered.find(numbered(0))->size(), 3U);
  EXPECT_TRUE(answered.begin(numbered(Answered::kMax), 1'601, 1'301));
  EXPECT_EQ(answered.find(numbered(0)), nullptr);
}

/// Over loopback, at a time of the test's.
class RadiusDynamic : public testing::Test {
 protected:
  RadiusDynamic() {
    config_.coa_listen = {"127.0.0.1", 0};
    EXPECT_TRUE(dynamic_.open());
    SocketAddress address;
    socklen_t size = SocketAddress::capacity();
    EXPECT_EQ(::getsockname(dynamic_.fd(), address.get(), &size), 0);
    client_ = FileDescriptor{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    EXPECT_EQ(::connect(client_.get(), address.get(), address.size()), 0);
  }
  /// A Disconnect of no session, dated so. True: it is answered.
  bool is_answered(std::uint32_t sent_at, std::uint8_t id = 1) {
    Attributes attributes;
    attributes.add(kAcctSessionId, "10-7");
    attributes.add(kEventTimestamp, sent_at);
    const PacketBytes bytes = dynamic_request(Code::kDisconnectRequest, id, kSecret, attributes);
    EXPECT_EQ(::send(client_.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    dynamic_.work();
    std::array<std::byte, kMaxPacket> answer{};
    return ::recv(client_.get(), answer.data(), answer.size(), MSG_DONTWAIT) > 0;
  }

  std::uint64_t now_ = 1'000'000;
  Config config_ = parse_config(kConfig, "radius.toml").value();
  std::vector<std::string> secrets_{kSecret};
  Directory directory_;
  Inbox inbox_;
  Changes changes_{"/nowhere", inbox_};
  DynamicAuthorization dynamic_{
      {config_, secrets_, directory_, changes_, {}, {}, [this] { return now_; }}};
  FileDescriptor client_;
};

TEST_F(RadiusDynamic, IsOfNow) {
  EXPECT_FALSE(is_answered(1'000'000)) << "as old as this program";
  EXPECT_FALSE(is_answered(999'990)) << "older";
  now_ += 1'000;
  EXPECT_TRUE(is_answered(1'001'000));
  EXPECT_TRUE(is_answered(1'000'700));
  EXPECT_FALSE(is_answered(1'000'699));
  EXPECT_TRUE(is_answered(1'001'005));
  EXPECT_FALSE(is_answered(1'001'006)) << "good for too long behind a restart";
  EXPECT_EQ(dynamic_.counts().old, 4U);
  EXPECT_EQ(dynamic_.counts().naks, 3U);
  // Once more: answered, and not looked at.
  EXPECT_TRUE(is_answered(1'001'000));
  EXPECT_EQ(dynamic_.counts().repeated, 1U);
  EXPECT_EQ(dynamic_.counts().naks, 3U);
}

}  // namespace
}  // namespace gate511::radius
