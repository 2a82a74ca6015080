// SPDX-License-Identifier: BSD-3-Clause
//
// The bounded table of clients seen: who goes when it is full, what is known of addresses, and who
// has one that several claim.
#include "control/clients.hpp"

#include <gtest/gtest.h>

#include "control_fakes.hpp"

namespace gate511::control {
namespace {

using pipeline::Sighting;
using pipeline::SightingSource;

net::MacAddress mac(std::uint64_t n) {
  return net::MacAddress{0x0200'5e00'5300 + n};
}
table::Key key(std::uint64_t n) {
  return {mac(n), 0};
}
net::IpAddress ip(std::string_view text) {
  return *net::parse_ip(text);
}

class ClientsTest : public testing::Test {
 protected:
  void see(std::uint64_t n, std::string_view address = "",
           SightingSource source = SightingSource::kArp, std::uint16_t vlan = 0,
           std::uint8_t link = 0, std::uint32_t lease_s = 0) {
    clients_.add({.address = address.empty() ? net::IpAddress{} : ip(address),
                  .client = mac(n),
                  .lease_s = lease_s,
                  .vlan = vlan,
                  .link = link,
                  .source = source});
    world_.time.advance_ms(1'000);
  }
  void bind(std::uint64_t n, std::string_view address, std::uint32_t lease_s,
            std::uint16_t vlan = 0) {
    see(n, address, SightingSource::kDhcp, vlan, 0, lease_s);
  }
  bool knows(std::uint64_t n) { return clients_.find({mac(n)}) != nullptr; }
  std::vector<std::string> addresses(std::uint64_t n) {
    std::vector<std::string> all;
    for (const SeenAddress& a : clients_.find({mac(n)})->addresses)
      all.push_back(net::to_string(a.address));
    return all;
  }
  /// Last octets of those who may have it.
  std::vector<std::uint64_t> claimants(std::string_view address, const Place& place = {}) {
    std::vector<std::uint64_t> all;
    for (const Clients::Claim& claim : clients_.claims(ip(address), place))
      all.push_back(claim.client->key.mac.value() & 0xff);
    return all;
  }
  using Numbers = std::vector<std::uint64_t>;

  World world_;
  Clients& clients_ = world_.clients;  // of 8 clients
};

TEST_F(ClientsTest, ForgetsThoseWhoAreNotHeardOf) {
  clients_.set_forget_after_s(600);
  world_.add(key(2), {});
  world_.settle();
  see(1, "192.0.2.101");
  see(2, "192.0.2.102");
  bind(2, "192.0.2.103", 86'400);
  world_.time.advance_ms(590'000);
  see(3);
  clients_.tick();
  EXPECT_TRUE(knows(1)) << "for so long";
  world_.time.advance_ms(20'000);
  clients_.tick();
  EXPECT_FALSE(knows(1));
  EXPECT_TRUE(clients_.claims(ip("192.0.2.101"), {}).empty());
  EXPECT_TRUE(knows(3)) << "it was heard";
  EXPECT_TRUE(knows(2)) << "it has a session";
  EXPECT_EQ(addresses(2), std::vector<std::string>{"192.0.2.103"}) << "its lease runs";
  EXPECT_EQ(clients_.displaced(), 0U);
}

TEST_F(ClientsTest, ForgetsOneOnRequest) {
  see(1, "192.0.2.101");
  see(2, "192.0.2.102");
  EXPECT_EQ(clients_.all_of(mac(1)).size(), 1U);
  EXPECT_EQ(clients_.forget(mac(1)), 1U);
  EXPECT_EQ(clients_.forget(mac(1)), 0U);
  EXPECT_FALSE(knows(1));
  EXPECT_TRUE(knows(2));
  EXPECT_TRUE(clients_.claims(ip("192.0.2.101"), {}).empty());
}

TEST_F(ClientsTest, RemembersWhereAndWhen) {
  const std::uint64_t start = world_.time.boot_ns;
  see(1, "192.0.2.101", SightingSource::kArp, 10, 1);
  see(1, "fe80::1", SightingSource::kNd, 20, 0);
  const SeenClient* client = clients_.find({mac(1)});
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(client->vlan, 20);
  EXPECT_EQ(client->link, 0);
  EXPECT_EQ(client->first_ns, start);
  EXPECT_EQ(client->last_ns, start + kNsPerSecond);
  ASSERT_EQ(client->addresses.size(), 2U);
  EXPECT_EQ(client->addresses[0].vlan, 10);
  EXPECT_EQ(client->addresses[0].link, 1);
  EXPECT_EQ(client->addresses[0].last_ns, start);
  see(1, "192.0.2.101");
  EXPECT_EQ(client->addresses[1].first_ns, start);
  EXPECT_EQ(client->addresses[1].last_ns, start + 2 * kNsPerSecond);
}

TEST_F(ClientsTest, TheLongestUnseenGuestGoes) {
  for (std::uint64_t n = 1; n <= 8; ++n) see(n, "192.0.2.10" + std::to_string(n));
  see(1);
  see(9);
  EXPECT_TRUE(knows(1));
  EXPECT_FALSE(knows(2));
  EXPECT_TRUE(knows(9));
  EXPECT_EQ(clients_.size(), 8U);
  EXPECT_EQ(clients_.displaced(), 1U);
  EXPECT_EQ(claimants("192.0.2.102"), Numbers{}) << "its address went with it";
}

TEST_F(ClientsTest, ManySpoofedMacsCostNoMoreAndNoSession) {
  see(1, "192.0.2.101");
  ASSERT_TRUE(world_.add(key(1), {}));
  see(2, "192.0.2.102");
  for (std::uint64_t n = 1'000; n < 21'000; ++n) see(n, "192.0.2.103");
  EXPECT_EQ(clients_.size(), 8U);
  EXPECT_TRUE(knows(1)) << "it has a session";
  EXPECT_FALSE(knows(2));
  EXPECT_EQ(claimants("192.0.2.103").size(), 7U);
}

TEST_F(ClientsTest, WhoseSessionHasEndedGoesBeforeGuestsThatWereSeenSince) {
  ASSERT_TRUE(world_.add(key(1), {.ttl_s = 60}));
  for (std::uint64_t n = 1; n <= 8; ++n) see(n);
  world_.time.advance_ms(60'000);
  world_.settle();
  clients_.tick();
  see(9);
  EXPECT_FALSE(knows(1));
  EXPECT_TRUE(knows(2));
}

TEST_F(ClientsTest, AmongSessionsAloneOneGoesAndItsSessionStays) {
  for (std::uint64_t n = 1; n <= 8; ++n) {
    ASSERT_TRUE(world_.add(key(n), {}));
    see(n);
  }
  see(9);
  EXPECT_EQ(clients_.size(), 8U);
  EXPECT_FALSE(knows(1));
  EXPECT_TRUE(knows(9));
  EXPECT_TRUE(world_.sessions.find(key(1)));
}

TEST_F(ClientsTest, AddressesAreBoundedAndTheLongestUnseenGoes) {
  for (int n = 0; n < 8; ++n) see(1, "2001:db8::" + std::to_string(n + 1), SightingSource::kNd);
  see(1, "2001:db8::1", SightingSource::kNd);
  see(1, "2001:db8::9", SightingSource::kNd);
  const auto all = addresses(1);
  EXPECT_EQ(all.size(), Clients::kMaxAddresses);
  EXPECT_EQ(std::count(all.begin(), all.end(), "2001:db8::1"), 1);
  EXPECT_EQ(std::count(all.begin(), all.end(), "2001:db8::2"), 0);
  EXPECT_EQ(claimants("2001:db8::2"), Numbers{});
}

TEST_F(ClientsTest, TwoMayClaimOneAddress) {
  see(2, "192.0.2.101");
  see(1, "192.0.2.101", SightingSource::kArp, 10);
  EXPECT_EQ(claimants("192.0.2.101"), (Numbers{1, 2}));
  EXPECT_EQ(claimants("192.0.2.101", {.vlan = 10}), Numbers{1});
  EXPECT_EQ(claimants("192.0.2.101", {.link = 1}), Numbers{});
  const SeenClient& first = *clients_.find({mac(1)});
  EXPECT_TRUE(clients_.rivals(first, first.addresses[0]).empty()) << "on another VLAN";
  see(1, "192.0.2.101");
  EXPECT_EQ(clients_.rivals(first, first.addresses[0]).size(), 1U);
}

TEST_F(ClientsTest, DhcpOutranksArpWhileTheLeaseLasts) {
  bind(1, "192.0.2.200", 3'600);
  see(2, "192.0.2.200");
  see(1, "192.0.2.200");
  EXPECT_EQ(claimants("192.0.2.200"), Numbers{1});
  EXPECT_EQ(clients_.find({mac(1)})->addresses[0].source, SightingSource::kDhcp);
  world_.time.advance_ms(3'600'000);
  EXPECT_EQ(claimants("192.0.2.200"), (Numbers{1, 2}));
  see(1, "192.0.2.200");
  EXPECT_EQ(clients_.find({mac(1)})->addresses[0].source, SightingSource::kArp);
}

TEST_F(ClientsTest, AnAddressGivenAnewIsNotTheOldClientsAnyMore) {
  bind(1, "192.0.2.200", 3'600);
  bind(2, "192.0.2.200", 3'600);
  EXPECT_EQ(claimants("192.0.2.200"), Numbers{2});
  EXPECT_TRUE(addresses(1).empty());
  bind(3, "192.0.2.200", 3'600, 10);
  EXPECT_EQ(claimants("192.0.2.200"), (Numbers{2, 3})) << "another VLAN, another server";
  EXPECT_EQ(claimants("192.0.2.200", {.vlan = 0}), Numbers{2});
}

TEST_F(ClientsTest, ABindingIsFoundHoweverManyClaimTheAddress) {
  Clients large{world_.table, world_.keys, world_.time.clock, {.capacity = 10'000}};
  const Sighting spoofed{.address = ip("192.0.2.200")};
  for (std::uint64_t n = 0; n < 5'000; ++n) {
    Sighting one = spoofed;
    one.client = net::MacAddress{0x0200'0000'0000 + n};
    large.add(one);
  }
  EXPECT_EQ(large.claims(ip("192.0.2.200"), {}).size(), Clients::kMaxClaims);
  large.add({.address = ip("192.0.2.200"),
             .client = mac(0xff),
             .lease_s = 60,
             .source = SightingSource::kDhcp});
  ASSERT_EQ(large.claims(ip("192.0.2.200"), {}).size(), 1U);
  EXPECT_EQ(large.claims(ip("192.0.2.200"), {})[0].client->key.mac, mac(0xff));
}

TEST_F(ClientsTest, AnOldClaimIsNone) {
  see(1, "192.0.2.101");
  world_.time.advance_ms(Clients::kClaim_ns / 1'000'000);
  EXPECT_EQ(claimants("192.0.2.101"), Numbers{});
  see(2, "192.0.2.101");
  EXPECT_EQ(claimants("192.0.2.101"), Numbers{2});
  EXPECT_EQ(addresses(1).size(), 1U) << "it is still shown";
}

TEST_F(ClientsTest, KeyedByVlanWhereSessionsAre) {
  World with_vlan{64, KeyKind::kMacVlan};
  with_vlan.clients.add({.client = mac(1), .vlan = 10});
  with_vlan.clients.add({.client = mac(1), .vlan = 20});
  EXPECT_EQ(with_vlan.clients.size(), 2U);
  EXPECT_NE(with_vlan.clients.find({mac(1), 20}), nullptr);
  EXPECT_EQ(with_vlan.clients.find({mac(1)}), nullptr);
}

TEST_F(ClientsTest, ListsEachOnceInPages) {
  Clients large{world_.table, world_.keys, world_.time.clock, {.capacity = 10'000}};
  for (std::uint64_t n = 0; n < 3'000; ++n) {
    large.add({.client = net::MacAddress{0x0200'0000'0000 + n},
               .vlan = static_cast<std::uint16_t>(n % 2)});
  }
  std::size_t seen = 0;
  std::optional<ClientKey> cursor = ClientKey{};
  while (cursor) {
    const auto page = large.list({.place = {.vlan = 1}}, *cursor, 100);
    EXPECT_LE(page.clients.size(), 100U);
    seen += page.clients.size();
    cursor = page.next;
  }
  EXPECT_EQ(seen, 1'500U);
}

TEST_F(ClientsTest, TakesInSlices) {
  for (std::uint64_t n = 0; n < 300; ++n) world_.sightings.waiting.push_back({.client = mac(1)});
  EXPECT_TRUE(clients_.take(world_.sightings));
  EXPECT_EQ(world_.sightings.waiting.size(), 44U);
  EXPECT_FALSE(clients_.take(world_.sightings));
  EXPECT_EQ(clients_.size(), 1U);
}

TEST_F(ClientsTest, HasTheIpv4AddressOfItsLastLeaseWhileThatRuns) {
  EXPECT_EQ(clients_.leased_v4({mac(1)}), 0U) << "it was not seen";
  see(1, "192.0.2.100");
  EXPECT_EQ(clients_.leased_v4({mac(1)}), 0U) << "it was merely seen";
  bind(1, "192.0.2.7", 600);
  bind(1, "192.0.2.8", 60);
  bind(1, "2001:db8::8", 600);
  EXPECT_EQ(clients_.leased_v4({mac(1)}), ip("192.0.2.8").v4_value());
  world_.time.advance_ms(60'000);
  EXPECT_EQ(clients_.leased_v4({mac(1)}), ip("192.0.2.7").v4_value());
}

}  // namespace
}  // namespace gate511::control
