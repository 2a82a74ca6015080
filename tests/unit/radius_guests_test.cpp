// SPDX-License-Identifier: BSD-3-Clause
//
// What is made of an Access-Accept and of guests, and what is remembered of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "radius/config.hpp"
#include "radius/guests.hpp"
#include "radius/recent.hpp"
#include "radius/terms.hpp"
#include "radius/wire/writer.hpp"
#include "radius_fakes.hpp"

namespace gate511::radius {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kServer = "[[server]]\naddress = \"192.0.2.20\"\nsecret_file = \"/s\"\n";

TEST(RadiusMac, IsWrittenAsTheServerWantsIt) {
  const std::vector<std::string> all{"02-00-5E-00-53-0A", "02-00-5e-00-53-0a", "02:00:5E:00:53:0A",
                                     "02:00:5e:00:53:0a", "02005E00530A",      "02005e00530a"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(written("02:00:5e:00:53:0a", static_cast<MacForm>(i)), all[i]);
    EXPECT_EQ(read_mac(all[i]), "02:00:5e:00:53:0a") << all[i];
  }
  for (const char* const bad : {"", "02:00:5e:00:53", "02-00:5e-00-53-0a", "02:00:5e:00:53:0a:01",
                                "02005e00530", "02 00 5e 00 53 0a", "02:00:5e:00:53:0g"})
    EXPECT_FALSE(read_mac(bad)) << bad;
}

/// Of an Access-Accept with these attributes.
Terms terms_of(const Attributes& attributes) {
  const PacketBytes asked = access_request(1, {}, "secret", {}, {});
  const PacketBytes told =
      reply_to(Packet::parse(asked).value(), Code::kAccessAccept, "secret", attributes);
  return Terms::of(Packet::parse(told).value());
}

TEST(RadiusTerms, AreWhatTheServerSays) {
  Attributes attributes;
  attributes.add(attribute::kSessionTimeout, 3'600U);
  attributes.add(attribute::kIdleTimeout, 600U);
  attributes.add(attribute::kBandwidthMaxUp, 1'000'000U);
  attributes.add(attribute::kBandwidthMaxDown, 2'000'000U);
  attributes.add(attribute::kMaxTotalOctets, 5U);
  attributes.add(attribute::kMaxTotalGigawords, 2U);
  attributes.add(attribute::kUserName, "ann\n");
  attributes.add(attribute::kClass, "one");
  attributes.add(attribute::kClass, "two");
  attributes.add(attribute::kAcctInterimInterval, 5U);
  const Terms terms = terms_of(attributes);
  EXPECT_EQ(terms.json(), nlohmann::json::parse(R"({"ttl_s":3600,"idle_s":600,
    "rate_up_bps":1000000,"rate_down_bps":2000000,"quota_bytes":8589934597,"user":"ann?"})"));
  EXPECT_EQ(terms.classes, "\x19\x05one\x19\x05two");
  EXPECT_EQ(terms.interim_s, 60U);  // RFC 2869, 5.16
}

TEST(RadiusTerms, ThatAreNotSaidAreTheConfigurations) {
  Config config = parse_config(kServer, "radius.toml").value();
  config.ttl_s = 77;
  EXPECT_EQ(session_params(config, terms_of({}), "02-00-5E-00-53-01"), nlohmann::json::parse(R"({
    "ttl_s":77,"idle_s":0,"rate_up_bps":0,"rate_down_bps":0,"quota_bytes":0,
    "user":"02-00-5E-00-53-01","tag":"radius"})"));
}

TEST(RadiusTerms, OfZero) {
  const auto with = [](AttributeId id, std::uint32_t number) {
    Attributes attributes;
    attributes.add(id, number);
    return terms_of(attributes);
  };
  EXPECT_FALSE(terms_of({}).grants_nothing);
  EXPECT_TRUE(with(attribute::kSessionTimeout, 0).grants_nothing);
  EXPECT_TRUE(with(attribute::kMaxTotalOctets, 0).grants_nothing);
  EXPECT_TRUE(with(attribute::kMaxTotalGigawords, 0).grants_nothing);
  EXPECT_FALSE(with(attribute::kMaxTotalGigawords, 1).grants_nothing);
  EXPECT_EQ(with(attribute::kMaxTotalOctets, 0).quota_bytes, 1U) << "not 0, which is any volume";
  EXPECT_EQ(with(attribute::kAcctInterimInterval, 0).interim_s, Terms::kNoInterims);
  EXPECT_EQ(with(attribute::kIdleTimeout, 0).idle_s, 0U);
}

TEST(RadiusTerms, NamesAreAsTheGatewayTakesThem) {
  EXPECT_EQ(plain_name("b\xc3\xbc"
                       "cher"),
            "b\xc3\xbc"
            "cher");
  EXPECT_EQ(plain_name("a\x01z\x7f\xc2\x85"), "a?z??");
  EXPECT_EQ(plain_name("\xff\xc3"), "??");
  EXPECT_EQ(plain_name("\xed\xa0\x80"), "???");  // a surrogate
  EXPECT_EQ(plain_name("\xf4\x90\x80\x80"), "????");
  EXPECT_EQ(plain_name(std::string(63, 'a') + "\xc3\xbc"), std::string(63, 'a'));
  EXPECT_EQ(plain_name(std::string(70, 'a')).size(), 64U);
}

TEST(RadiusRecent, ForgetsTheOneUntouchedForLongest) {
  Recent<int, int> recent{2};
  recent.put(1, 10);
  recent.put(2, 20);
  recent.put(1, 11);
  recent.put(3, 30);
  ASSERT_NE(recent.find(1), nullptr);
  EXPECT_EQ(*recent.find(1), 11);
  EXPECT_EQ(recent.find(2), nullptr);
  EXPECT_EQ(recent.size(), 2U);
  recent.drop(3);
  EXPECT_EQ(recent.size(), 1U);
}

/// A server that never answers, and a clock of the test's.
class RadiusGuests : public testing::Test {
 protected:
  RadiusGuests() { EXPECT_TRUE(exchange_.open()); }
  void see(int from, int count) {
    std::vector<Guest> guests;
    for (int i = from; i < from + count; ++i)
      guests.push_back(
          {{fmt::format("02:00:5e:01:{:02x}:{:02x}", i / 256, i % 256), 0, "venue"}, "default"});
    guests_.seen(guests);
  }

  Config config_ = parse_config(std::string{kServer} +
                                    "[mac]\nper_second = 10\nin_flight = 15\n"
                                    "remembered = 1024\n",
                                "radius.toml")
                       .value();
  std::string password_;
  Exchange exchange_{"authentication", {{"127.0.0.1", 9, "a secret of the test's"}}, {}};
  Inbox inbox_;
  Changes changes_{"/nowhere", inbox_};
  std::chrono::steady_clock::time_point now_{1'000s};
  Guests guests_{{config_, password_, exchange_, changes_, {}, {}, [this] { return now_; }}};
};

TEST_F(RadiusGuests, MadeUpByTheThousandReachNoServer) {
  see(0, 1'000);
  EXPECT_EQ(exchange_.waiting(), 8U);  // of ten a second, two are kept
  EXPECT_EQ(guests_.counts().over_budget, 992U);
  now_ += 1s;
  see(2'000, 30'000);
  EXPECT_EQ(exchange_.waiting(), 12U);  // in_flight
  EXPECT_EQ(guests_.counts().asked, 12U);
  EXPECT_LE(guests_.remembered(), 1'024U);
}

/// With a server that answers as the test says.
class RadiusAnswered : public testing::Test {
 protected:
  RadiusAnswered() { EXPECT_TRUE(exchange_.open()); }
  void answers(Code code, const Attributes& attributes) {
    guests_.seen({{{kMac, 0, "venue"}, "default"}});
    std::optional<FakeServer::Got> got;
    for (int i = 0; i < 1'000 && !(got = server_.receive()); ++i) std::this_thread::sleep_for(1ms);
    ASSERT_TRUE(got);
    if (before_answer_) before_answer_();
    server_.send(*got, reply_to(got->packet(), code, kSecret, attributes));
    for (int i = 0; i < 1'000 && exchange_.waiting() > 0; ++i) {
      std::this_thread::sleep_for(1ms);
      exchange_.work();
    }
  }

  static constexpr const char* kMac = "02:00:5e:00:53:01";
  Config config_ = parse_config(kServer, "radius.toml").value();
  std::string password_;
  FakeServer server_;
  Exchange exchange_{"authentication", {server_.as_server()}, {}};
  Inbox inbox_;
  Changes changes_{"/nowhere", inbox_};
  int accepted_ = 0;
  std::function<void()> before_answer_;
  Guests guests_{{config_,
                  password_,
                  exchange_,
                  changes_,
                  [this](const Place&, const Terms&) { ++accepted_; },
                  {}}};
};

TEST_F(RadiusAnswered, IsAccepted) {
  answers(Code::kAccessAccept, {});
  EXPECT_EQ(guests_.counts().accepted, 1U);
  EXPECT_EQ(accepted_, 1);
}

TEST_F(RadiusAnswered, WhoWasSentAwayMeanwhileIsNotLetIn) {
  before_answer_ = [this] { guests_.sent_away(kMac); };
  answers(Code::kAccessAccept, {});
  EXPECT_EQ(guests_.counts().accepted, 0U);
  EXPECT_EQ(guests_.counts().sent_away, 1U);
  EXPECT_EQ(accepted_, 0);
}

TEST_F(RadiusAnswered, ByNoTimeOrNoVolumeIsRejected) {
  Attributes nothing;
  nothing.add(attribute::kMaxTotalOctets, 0U);
  answers(Code::kAccessAccept, nothing);
  EXPECT_EQ(guests_.counts().rejected, 1U);
  EXPECT_EQ(accepted_, 0);
}

TEST_F(RadiusAnswered, ByWhatNobodyUnderstandsIsRejected) {
  Attributes twice;
  twice.add(attribute::kSessionTimeout, 60U);
  twice.add(attribute::kSessionTimeout, 61U);
  answers(Code::kAccessAccept, twice);
  EXPECT_EQ(guests_.counts().rejected, 1U);
  EXPECT_EQ(guests_.counts().unanswered, 0U);
}

TEST_F(RadiusGuests, AreAskedForOnce) {
  see(0, 5);
  see(0, 5);
  EXPECT_EQ(guests_.counts().asked, 5U);
  EXPECT_EQ(guests_.counts().known, 5U);
  guests_.sent_away("02:00:5e:01:00:09");
  see(9, 1);
  EXPECT_EQ(guests_.counts().known, 6U);
  now_ += 601s;
  see(9, 1);
  EXPECT_EQ(guests_.counts().asked, 6U);
}

TEST_F(RadiusGuests, WhoseSessionWasNotEndedAreNotSentAway) {
  guests_.sent_away("02:00:5e:01:00:00");
  see(0, 1);
  EXPECT_EQ(guests_.counts().asked, 0U);
  guests_.stays("02:00:5e:01:00:00");
  see(0, 1);
  EXPECT_EQ(guests_.counts().asked, 1U);
}

TEST_F(RadiusGuests, OfOtherZonesAreNotAskedFor) {
  config_.mac.zones = {"staff"};
  see(0, 5);
  EXPECT_EQ(guests_.counts().seen, 0U);
}

TEST(RadiusRequest, TellsOfGatewayAndClient) {
  Config config = parse_config(std::string{kServer} +
                                   "[nas]\nidentifier = \"venue-1\"\n"
                                   "address = \"192.0.2.2\"\n",
                               "radius.toml")
                      .value();
  const Attributes attributes =
      request_attributes(config, {"02:00:5e:00:53:01", 20, "venue"}, "ann", 10);
  const PacketBytes bytes = access_request(1, {}, "secret", attributes, {});
  const Packet packet = Packet::parse(bytes).value();
  EXPECT_EQ(packet.text(attribute::kUserName), "ann");
  EXPECT_EQ(packet.text(attribute::kCallingStationId), "02-00-5E-00-53-01");
  EXPECT_EQ(packet.text(attribute::kNasIdentifier), "venue-1");
  EXPECT_EQ(packet.text(attribute::kNasPortId), "venue.20");
  EXPECT_EQ(packet.integer(attribute::kNasIpAddress), 0xc0000202U);
  EXPECT_EQ(packet.integer(attribute::kServiceType), 10U);
}

}  // namespace
}  // namespace gate511::radius
