// SPDX-License-Identifier: BSD-3-Clause
//
// What the control thread makes of the workers' reports of what clients were told of the API.
#include <gtest/gtest.h>

#include "control/announcements.hpp"
#include "control_fakes.hpp"

namespace gate511::control {
namespace {

using net::CapportCarrier;
using net::CapportOutcome;

constexpr net::MacAddress kMac{0x0200'5e00'5301};

class AnnouncementsTest : public testing::Test {
 protected:
  AnnouncementsTest() { (void)world_.events.subscribe(1, {}); }
  void add(CapportOutcome outcome, std::uint16_t vlan = 0, net::MacAddress client = kMac,
           CapportCarrier carrier = CapportCarrier::kDhcp4) {
    world_.announcements.add(
        {.client = client, .vlan = vlan, .carrier = carrier, .outcome = outcome});
  }
  /// Without numbers and times.
  std::vector<Json> events() {
    std::vector<Json> all;
    do {
      world_.settle();
    } while (world_.events.has_work());
    std::istringstream lines{std::exchange(world_.pushed[1], {})};
    for (std::string line; std::getline(lines, line);) {
      Json params = Json::parse(line)["params"];
      params.erase("seq");
      params.erase("time");
      all.push_back(std::move(params));
    }
    return all;
  }

  World world_;
};

TEST_F(AnnouncementsTest, AreEventsOnceAMinute) {
  add(CapportOutcome::kInserted);
  EXPECT_EQ(events(), std::vector{Json::parse(R"({"type":"capport.inserted","link":"venue",
    "vlan":0,"carrier":"dhcp4","mac":"02:00:5e:00:53:01","reports":1})")});
  add(CapportOutcome::kInserted);
  add(CapportOutcome::kInserted);
  EXPECT_EQ(events().size(), 0U);
  add(CapportOutcome::kInserted, 20);
  add(CapportOutcome::kPresent, 0, {}, CapportCarrier::kRouterAdvert);
  const auto others = events();
  ASSERT_EQ(others.size(), 2U);
  EXPECT_EQ(others[0]["vlan"], 20);
  EXPECT_EQ(others[1], Json::parse(R"({"type":"capport.left_alone","link":"venue","vlan":0,
    "carrier":"router_advert","mac":null,"reports":1,"reason":"present"})"));
  world_.time.advance_ms(60'000);
  add(CapportOutcome::kInserted);
  const auto later = events();
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0]["reports"], 3);
}

TEST_F(AnnouncementsTest, AreTakenFromTheWorkers) {
  for (std::uint16_t vlan = 0; vlan < 200; ++vlan)
    world_.sightings.announced.push_back({.client = kMac, .vlan = vlan});
  EXPECT_TRUE(world_.announcements.take(world_.sightings));
  EXPECT_FALSE(world_.announcements.take(world_.sightings));
  EXPECT_EQ(events().size(), 200U);
}

TEST_F(AnnouncementsTest, AreBounded) {
  for (std::size_t i = 0; i < Announcements::kMaxPlaces + 10; ++i) {
    world_.announcements.add({.client = {},
                              .vlan = static_cast<std::uint16_t>(i % 4096),
                              .link = static_cast<std::uint8_t>(i / 4096 % 2),
                              .carrier = static_cast<CapportCarrier>(i / 8192 % 3),
                              .outcome = static_cast<CapportOutcome>(i / 24'576)});
  }
  events();
  world_.announcements.add({.client = {}, .vlan = 5, .outcome = CapportOutcome::kMalformed});
  EXPECT_EQ(events().size(), 0U);
  EXPECT_NE(world_.announcements.told(nullptr, 0, 5)[2].at_ns, 0U);
}

TEST_F(AnnouncementsTest, AreKeptOfClientsThatAreKnown) {
  add(CapportOutcome::kInserted);
  EXPECT_EQ(world_.clients.find({kMac}), nullptr);  // none is made by being told
  world_.clients.add({.client = kMac});
  add(CapportOutcome::kAuthenticated);
  const SeenClient* const client = world_.clients.find({kMac});
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(world_.announcements.told(client, 0, 0)[0].outcome, CapportOutcome::kAuthenticated);
  EXPECT_EQ(world_.announcements.told(client, 0, 0)[1].at_ns, 0U);
  // What all were told later counts.
  world_.time.advance_ms(1'000);
  add(CapportOutcome::kPresent, 0, kMac, CapportCarrier::kRouterAdvert);
  world_.time.advance_ms(1'000);
  add(CapportOutcome::kInserted, 0, {}, CapportCarrier::kRouterAdvert);
  EXPECT_EQ(world_.announcements.told(client, 0, 0)[2].outcome, CapportOutcome::kInserted);
  EXPECT_EQ(world_.announcements.told(client, 0, 7)[2].outcome, CapportOutcome::kPresent);
  // An answer to someone behind a relay agent, who is not named, is not told to all.
  add(CapportOutcome::kInserted, 0, {}, CapportCarrier::kDhcp6);
  EXPECT_EQ(world_.announcements.told(client, 0, 0)[1].at_ns, 0U);
}

}  // namespace
}  // namespace gate511::control
