// SPDX-License-Identifier: BSD-3-Clause
//
// `client.seen`: who hears of which guests, and how often.
#include "control/guest_news.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "control_fakes.hpp"

namespace gate511::control {
namespace {

class GuestNewsTest : public testing::Test {
 protected:
  GuestNewsTest() {
    clients_.on_guest([this](const SeenClient& client) { news_.seen(client); },
                      GuestNews::kQuiet_ns);
  }
  void see(std::uint64_t n, std::uint16_t vlan = 0) {
    clients_.add({.client = net::MacAddress{0x0200'5e00'0000 + n}, .vlan = vlan});
  }
  void ask() { (void)world_.events.subscribe(1, {.types = *EventBus::mask_of("client.seen")}); }
  /// Without numbers and times.
  std::vector<Json> events(std::uint64_t connection = 1) {
    std::vector<Json> all;
    do {
      world_.settle();
    } while (world_.events.has_work());
    std::istringstream lines{std::exchange(world_.pushed[connection], {})};
    for (std::string line; std::getline(lines, line);) {
      Json params = Json::parse(line)["params"];
      params.erase("seq");
      params.erase("time");
      all.push_back(std::move(params));
    }
    return all;
  }

  World world_;
  Clients clients_{world_.table, world_.keys, world_.time.clock, {.capacity = 10'000}};
  GuestNews news_{{world_.events, world_.time.clock,
                   [this](std::uint8_t link) { return world_.snapshot.links[link].name; },
                   [](std::uint8_t, std::uint16_t vlan) {
                     return std::string{vlan == 20 ? "staff" : "default"};
                   }}};
};

TEST_F(GuestNewsTest, IsToldToWhoNamesIt) {
  (void)world_.events.subscribe(2, {});
  see(1);
  ask();
  see(2, 20);
  EXPECT_EQ(events(), std::vector{Json::parse(R"({"type":"client.seen","mac":"02:00:5e:00:00:02",
    "vlan":20,"link":"venue","zone":"staff","is_new":true,"untold":0})")});
  EXPECT_EQ(events(2).size(), 0U);
}

TEST_F(GuestNewsTest, IsToldOnceInHalfAMinute) {
  ask();
  see(1);
  world_.time.advance_ms(29'999);
  see(1);
  EXPECT_EQ(events().size(), 1U);
  world_.time.advance_ms(1);
  see(1);
  const auto again = events();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0]["is_new"], false);
}

TEST_F(GuestNewsTest, IsOfGuestsAlone) {
  ask();
  world_.add({net::MacAddress{0x0200'5e00'0001}, 0}, {});
  see(1);
  const auto told = events();
  EXPECT_EQ(std::count_if(told.begin(), told.end(),
                          [](const Json& event) { return event["type"] == "client.seen"; }),
            0);
}

TEST_F(GuestNewsTest, IsBoundedAndTellsWhatWasLeftOut) {
  ask();
  for (std::uint64_t n = 0; n < 3'100; ++n) see(n);
  EXPECT_EQ(events().size(), GuestNews::kPerSecond);
  world_.time.advance_ms(1'000);
  see(5'000);
  const auto next = events();
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0]["untold"], 100);
}

}  // namespace
}  // namespace gate511::control
