// SPDX-License-Identifier: BSD-3-Clause
//
// What the control thread makes of what the workers saw on the uplink.
#include <gtest/gtest.h>

#include "control/routers.hpp"
#include "control_fakes.hpp"

namespace gate511::control {
namespace {

using pipeline::SightingSource;

constexpr net::MacAddress kRouterMac{0x0200'5e00'53fe};
constexpr net::MacAddress kOtherMac{0x0200'5e00'53fd};
constexpr net::MacAddress kClientMac{0x0200'5e00'5301};

net::IpAddress ip(std::string_view text) {
  return *net::parse_ip(text);
}

class RoutersTest : public testing::Test {
 protected:
  RoutersTest() {
    routers_.publish_to([this](auto known, const auto& servers) {
      known_ = std::move(known);
      servers_ = servers;
    });
    LinkConfig link;
    link.name = "venue";
    config_.links.push_back(link);
    config_.guest.resolvers = {ip("192.0.2.53")};
    apply();
  }
  void apply() {
    routers_.configure(config_);
    routers_.tick();
  }
  void saw(SightingSource source, std::string_view address, net::MacAddress mac = kRouterMac) {
    routers_.saw({.address = ip(address), .client = mac, .source = source});
    routers_.tick();
  }
  bool guards(std::string_view address) { return known_->holds(0, 0, ip(address)); }
  bool guards(net::MacAddress mac) { return known_->holds(0, mac); }
  /// Type, address and MAC of each event since the last call.
  std::string events() {
    std::string all;
    world_.settle();
    std::istringstream lines{std::exchange(world_.pushed[1], {})};
    for (std::string line; std::getline(lines, line);) {
      const Json params = Json::parse(line)["params"];
      all += params["type"].get<std::string>() + " " + params.value("role", "") + " " +
             params["address"].dump() + " " + params["mac"].dump() + "\n";
    }
    return all;
  }

  World world_;
  Config config_;
  Routers routers_{{world_.clients, world_.events, world_.time.clock}};
  std::shared_ptr<const policy::Infrastructure> known_;
  std::vector<Routers::Known> servers_;
};

TEST_F(RoutersTest, GuardTheResolversFromTheStart) {
  EXPECT_TRUE(guards("192.0.2.53"));
  EXPECT_FALSE(guards(kRouterMac));
  saw(SightingSource::kUplinkArp, "192.0.2.53");
  EXPECT_TRUE(guards(kRouterMac));
}

TEST_F(RoutersTest, LearnARouterFromItsAdvertisement) {
  ASSERT_TRUE(world_.events.subscribe(1, {}));
  saw(SightingSource::kRouterAdvert, "fe80::1");
  EXPECT_TRUE(guards("fe80::1"));
  EXPECT_TRUE(guards(kRouterMac));
  EXPECT_EQ(events(), "router.learnt router \"fe80::1\" \"02:00:5e:00:53:fe\"\n");
  saw(SightingSource::kRouterAdvert, "fe80::1");
  EXPECT_EQ(events(), "");
  saw(SightingSource::kUplinkNd, "fe80::1", kOtherMac);
  EXPECT_EQ(events(), "router.changed router \"fe80::1\" \"02:00:5e:00:53:fd\"\n");
  EXPECT_FALSE(guards(kRouterMac));
}

TEST_F(RoutersTest, BelieveDhcpOnceArpHasShownItsServerOnTheLink) {
  saw(SightingSource::kDhcpServer, "192.0.2.2");
  saw(SightingSource::kDhcpRouter, "192.0.2.1");
  EXPECT_TRUE(servers_.empty());
  EXPECT_FALSE(guards("192.0.2.1"));
  saw(SightingSource::kUplinkArp, "192.0.2.2", kOtherMac);
  EXPECT_TRUE(servers_.empty()) << "another one answers for it";
  saw(SightingSource::kUplinkArp, "192.0.2.2");
  ASSERT_EQ(servers_.size(), 1U);
  EXPECT_EQ(servers_[0].address, ip("192.0.2.2"));
  saw(SightingSource::kUplinkArp, "192.0.2.1", kOtherMac);
  EXPECT_TRUE(guards("192.0.2.1"));
  EXPECT_TRUE(guards(kOtherMac));
}

TEST_F(RoutersTest, MakeNoClientARouter) {
  ASSERT_TRUE(world_.events.subscribe(1, {}));
  world_.clients.add({.address = ip("192.0.2.101"), .client = kClientMac});
  saw(SightingSource::kRouterAdvert, "fe80::bad", kClientMac);
  EXPECT_FALSE(guards(kClientMac));
  EXPECT_FALSE(guards("fe80::bad"));
  saw(SightingSource::kRouterAdvert, "fe80::bad", kClientMac);
  EXPECT_EQ(events(), "router.refused router \"fe80::bad\" \"02:00:5e:00:53:01\"\n") << "told once";
  // Nor what a client has as its address.
  saw(SightingSource::kDhcpServer, "192.0.2.2");
  saw(SightingSource::kUplinkArp, "192.0.2.2");
  saw(SightingSource::kDhcpRouter, "192.0.2.101");
  saw(SightingSource::kUplinkArp, "192.0.2.101");
  EXPECT_FALSE(guards("192.0.2.101"));
  // A session alone is enough.
  ASSERT_TRUE(world_.table.insert({kOtherMac, 0}, table::State::kAuthenticated));
  saw(SightingSource::kRouterAdvert, "fe80::bee", kOtherMac);
  EXPECT_FALSE(guards(kOtherMac));
}

TEST_F(RoutersTest, LearnNoRouterWhereSomeArePinned) {
  config_.links[0].routers = {{.address = ip("192.0.2.1")}, {.mac = kOtherMac}};
  apply();
  EXPECT_TRUE(guards("192.0.2.1"));
  EXPECT_TRUE(guards(kOtherMac));
  saw(SightingSource::kRouterAdvert, "fe80::1");
  EXPECT_FALSE(guards(kRouterMac));
  saw(SightingSource::kUplinkArp, "192.0.2.1");
  EXPECT_TRUE(guards(kRouterMac));
}

TEST_F(RoutersTest, KeepWhatWasLearntOverAReload) {
  saw(SightingSource::kRouterAdvert, "fe80::1");
  saw(SightingSource::kUplinkArp, "192.0.2.53", kOtherMac);
  apply();
  EXPECT_TRUE(guards(kRouterMac));
  EXPECT_TRUE(guards(kOtherMac));
}

TEST_F(RoutersTest, ForgetWhatIsNotSeenAgainAndAreBounded) {
  saw(SightingSource::kRouterAdvert, "fe80::1");
  world_.time.advance_ms(Routers::kAge_ns / 1'000'000 / 2);
  saw(SightingSource::kRouterAdvert, "fe80::1");
  world_.time.advance_ms(Routers::kAge_ns / 1'000'000 / 2 + 1);
  routers_.tick();
  EXPECT_TRUE(guards(kRouterMac));
  ASSERT_TRUE(world_.events.subscribe(1, {}));
  world_.time.advance_ms(Routers::kAge_ns / 1'000'000);
  routers_.tick();
  EXPECT_FALSE(guards(kRouterMac));
  EXPECT_EQ(events(), "router.lost router \"fe80::1\" \"02:00:5e:00:53:fe\"\n");
  EXPECT_TRUE(guards("192.0.2.53"));
  for (std::uint64_t i = 1; i <= 200; ++i) {
    routers_.saw({.address = {0xfe80'0000'0000'0000, i},
                  .client = net::MacAddress{0x0200'5e10'0000 + i},
                  .source = SightingSource::kRouterAdvert});
  }
  EXPECT_EQ(routers_.known().size(), 1 + Routers::kMaxLearnt);
}

TEST_F(RoutersTest, TellOfBrokenGuards) {
  ASSERT_TRUE(world_.events.subscribe(1, {}));
  routers_.guarded(
      {.address = ip("192.0.2.1"), .client = kClientMac, .source = SightingSource::kStolenAddress});
  EXPECT_EQ(events(), "guard.dropped  \"192.0.2.1\" \"02:00:5e:00:53:01\"\n");
  testing::internal::CaptureStderr();
  routers_.tick();
  routers_.guarded({.client = kClientMac, .source = SightingSource::kRogueServer});
  routers_.tick();
  EXPECT_EQ(
      testing::internal::GetCapturedStderr(),
      "gate511: guards: 1 reported, the last: 02:00:5e:00:53:01 on link venue, VLAN 0, claims "
      "the address of a router or resolver; find that device\n")
      << "one line, though two were reported";
}

}  // namespace
}  // namespace gate511::control
