// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "control/snapshot_builder.hpp"
#include "policy/garden_hosts.hpp"
#include "support/temp_folder.hpp"

namespace gate511::control {
namespace {

class SnapshotBuilder : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream{folder_ / "key"} << std::string(32, 'k');
    ::chmod((folder_ / "key").c_str(), 0600);
  }

  Config parse(const std::string& rest) {
    auto config = parse_config(
        "[[link]]\nname = \"venue\"\naccess = \"a\"\nuplink = \"b\"\nreserved = \"drop\"\n"
        "[portal]\nurl = \"http://192.0.2.10/login\"\nsecret_file = \"" +
            (folder_ / "key").string() + "\"\n" + rest,
        "t.toml");
    EXPECT_TRUE(config) << config.error().text();
    return std::move(*config);
  }

  static tl::expected<std::unique_ptr<const policy::Snapshot>, Error> build(const Config& config) {
    return build_snapshot(config, ZoneNumbers{}.with(config.zones));
  }

  test::TempFolder folder_;
};

TEST_F(SnapshotBuilder, CarriesTheConfiguration) {
  const auto snapshot = build(parse(
      "[sessions]\nkey = \"mac+vlan\"\n[response]\nhttp_ports = [80, 8080]\nhttps = \"drop\"\n"
      "[guest]\nresolvers = [\"192.0.2.53\"]\nntp = [\"192.0.2.123\"]\n"
      "dns_name_bytes = 90\ndns_https = \"drop\"\n[guest.budget]\nntp_packets_per_s = 7\n"
      "burst_s = 3\n[garden]\ncidrs = [\"198.51.100.0/24\"]\n"));
  ASSERT_TRUE(snapshot) << snapshot.error().text();
  ASSERT_EQ((*snapshot)->links.size(), 1U);
  EXPECT_FALSE((*snapshot)->links[0].pass_reserved);
  EXPECT_EQ((*snapshot)->links[0].zone_of_vlan[4094].number, 0);
  ASSERT_EQ((*snapshot)->zones.size(), 1U);
  const policy::Zone& zone = (*snapshot)->zones[0];
  EXPECT_EQ(zone.http_ports, (std::vector<std::uint16_t>{80, 8080}));
  EXPECT_EQ(zone.https, policy::HttpsPolicy::kDrop);
  EXPECT_TRUE(zone.guest.resolvers.contains(*net::parse_ip("192.0.2.53")));
  EXPECT_FALSE(zone.guest.resolvers.contains(*net::parse_ip("192.0.2.54")));
  EXPECT_TRUE(zone.guest.ntp.contains(*net::parse_ip("192.0.2.123")));
  EXPECT_TRUE(zone.guest.garden.contains(*net::parse_ip("198.51.100.7")));
  EXPECT_EQ(zone.guest.dns.name_bytes, 90);
  EXPECT_TRUE(zone.guest.dns.drop_https);
  EXPECT_EQ(zone.guest.budgets.depth_ns(), 3'000'000'000U);
  EXPECT_EQ(zone.guest.budgets.token(policy::Budget::kNtp), (1'000'000'000ULL << 8) / 7);
  EXPECT_EQ(zone.guest.budgets.token(policy::Budget::kArp), (1'000'000'000ULL << 8) / 20);
  // The portal is reachable without being named twice.
  EXPECT_EQ(zone.guest.portal, net::parse_ip("192.0.2.10"));
}

TEST_F(SnapshotBuilder, SaysThatThePageDoesNotFit) {
  const auto snapshot =
      build(parse("[response]\nnetwork_name = \"" + std::string(500, 'x') + "\"\n"));
  ASSERT_FALSE(snapshot);
  EXPECT_TRUE(snapshot.error().text().starts_with("t.toml:10: `response.network_name`: the "))
      << snapshot.error().text();
}

TEST_F(SnapshotBuilder, CompilesTheExpressionsOfTheGarden) {
  const auto snapshot =
      build(parse("[garden]\nhosts = [\"a.example\", '/img[0-9]+\\.b\\.example/']\n"
                  "[[zone]]\nname = \"hall\"\nlink = \"venue\"\nvlans = [40]\n"));
  ASSERT_TRUE(snapshot) << snapshot.error().text();
  const policy::GuestRules& rules = (*snapshot)->zones[0].guest;
  const policy::GardenHosts hosts{rules.hosts.get(), nullptr, rules.host_patterns.get(),
                                  (*snapshot)->scratch_of(0)};
  EXPECT_TRUE(hosts.contain("a.example"));
  EXPECT_TRUE(hosts.contain("IMG42.b.example."));
  EXPECT_FALSE(hosts.contain("img42.b.example.evil.example"));
  EXPECT_EQ((*snapshot)->zones[1].guest.host_patterns, rules.host_patterns) << "shared";
  const auto bad = build(parse("[garden]\nhosts = ['/a(/']\n"));
  ASSERT_FALSE(bad);
  EXPECT_TRUE(
      bad.error().text().starts_with("t.toml:10: `garden.hosts`: the expression /a(/ is refused: "))
      << bad.error().text();
}

constexpr const char* kZones = R"(
[garden]
cidrs = ["198.51.100.0/24"]
[[zone]]
name = "staff"
link = "venue"
vlans = [20, "30-39"]
enforce = "off"
[[zone]]
name = "hall"
link = "venue"
vlans = [0, 40]
[zone.portal]
url = "http://192.0.2.11/hall"
[zone.guest]
resolvers = ["192.0.2.54"]
)";

TEST_F(SnapshotBuilder, GivesEachVlanItsZone) {
  const auto snapshot = build(parse(kZones));
  ASSERT_TRUE(snapshot) << snapshot.error().text();
  const auto& zone_of_vlan = (*snapshot)->links[0].zone_of_vlan;
  for (const std::size_t vlan : {20U, 30U, 35U, 39U}) {
    EXPECT_EQ(zone_of_vlan[vlan].number, 1) << vlan;
    EXPECT_EQ(zone_of_vlan[vlan].enforce, policy::Enforce::kOff) << vlan;
  }
  for (const std::size_t vlan : {0U, 40U}) EXPECT_EQ(zone_of_vlan[vlan].number, 2) << vlan;
  for (const std::size_t vlan : {19U, 21U, 29U, 41U, 4095U}) {
    EXPECT_EQ(zone_of_vlan[vlan].number, 0) << vlan;
    EXPECT_EQ(zone_of_vlan[vlan].enforce, policy::Enforce::kOn) << vlan;
  }
  const policy::Zone& hall = (*snapshot)->zone({2});
  EXPECT_EQ(hall.name, "hall");
  EXPECT_EQ(hall.number, 2);
  EXPECT_EQ(hall.guest.portal, net::parse_ip("192.0.2.11"));
  EXPECT_TRUE(hall.guest.resolvers.contains(*net::parse_ip("192.0.2.54")));
  EXPECT_TRUE(hall.guest.garden.contains(*net::parse_ip("198.51.100.7")));
  EXPECT_EQ((*snapshot)->zone({0}).name, "default");
}

TEST_F(SnapshotBuilder, KeepsAZonesNumberWhateverStandsBeforeIt) {
  const Config both = parse(kZones);
  Config hall_alone = both;
  hall_alone.zones.erase(hall_alone.zones.begin());
  const ZoneNumbers numbers = ZoneNumbers{}.with(both.zones).with(hall_alone.zones);
  const auto snapshot = build_snapshot(hall_alone, numbers);
  ASSERT_TRUE(snapshot);
  EXPECT_EQ((*snapshot)->links[0].zone_of_vlan[40].number, 2);
  EXPECT_EQ((*snapshot)->links[0].zone_of_vlan[20].number, 0);
  EXPECT_EQ((*snapshot)->zone({2}).name, "hall");
  EXPECT_EQ(numbers.with(both.zones).of("staff"), 1);
}

TEST_F(SnapshotBuilder, TopLevelEnforceIsTheDefaultZones) {
  Config config = parse("");
  config.enforce = policy::Enforce::kMonitor;
  const auto snapshot = build(config);
  ASSERT_TRUE(snapshot);
  EXPECT_EQ((*snapshot)->links[0].zone_of_vlan[0].enforce, policy::Enforce::kMonitor);
  EXPECT_EQ((*snapshot)->links[0].zone_of_vlan[4094].enforce, policy::Enforce::kMonitor);
}

TEST_F(SnapshotBuilder, SaysWhichZonesPageDoesNotFit) {
  const std::string zone = "[[zone]]\nname = \"a\"\nlink = \"venue\"\nvlans = [1]\n";
  const std::string name = "[zone.response]\nnetwork_name = \"" + std::string(500, 'x') + "\"\n";
  const auto own = build(parse(zone + name));
  ASSERT_FALSE(own);
  EXPECT_TRUE(own.error().text().starts_with("t.toml:14: `zone[0].response.network_name`: the "))
      << own.error().text();
}

std::vector<ZoneConfig> zones_named(const std::string& prefix, std::size_t count) {
  std::vector<ZoneConfig> zones(count);
  for (std::size_t i = 0; i < count; ++i) zones[i].name = prefix + std::to_string(i);
  return zones;
}

TEST(ZoneNumbersTest, AreTakenOverOnlyWhenAllAreGiven) {
  const auto a = zones_named("a", 200), b = zones_named("b", 55), c = zones_named("c", 255);
  const ZoneNumbers first = ZoneNumbers{}.with(a);
  EXPECT_EQ(first.of("a0"), 1);
  EXPECT_EQ(first.of("a199"), 200);
  EXPECT_EQ(first.of("none"), 0);
  EXPECT_EQ(first.bound(), 201);
  const ZoneNumbers second = first.with(b);
  EXPECT_EQ(second.of("b54"), 255);
  EXPECT_TRUE(second.taken_over().empty());
  EXPECT_EQ(second.with(a).of("a7"), first.of("a7"));
  // Those of zones that went earlier are taken first, and no two zones have one.
  const ZoneNumbers third = second.with(zones_named("c", 200));
  EXPECT_EQ(third.taken_over().size(), 200U);
  EXPECT_EQ(third.of("b0"), second.of("b0"));
  const ZoneNumbers all = third.with(c);
  std::set<int> numbers;
  for (const ZoneConfig& zone : c) numbers.insert(all.of(zone.name));
  EXPECT_EQ(numbers.size(), 255U);
  EXPECT_EQ(*numbers.begin(), 1);
}

TEST_F(SnapshotBuilder, CompilesProbeRulesOnceForAllZonesThatHaveThem) {
  const auto snapshot = build(parse(
      "[dpdk]\nlcores = \"0-3\"\n[[zone]]\nname = \"a\"\nlink = \"venue\"\nvlans = [1]\n"
      "[[zone]]\nname = \"b\"\nlink = \"venue\"\nvlans = [2]\n[zone.response]\nmode = \"511\"\n"
      "[[zone]]\nname = \"c\"\nlink = \"venue\"\nvlans = [3]\n[zone.response]\n"
      "probes = [\"venue probe.example /check\"]\n"));
  ASSERT_TRUE(snapshot) << snapshot.error().text();
  const auto& zones = (*snapshot)->zones;
  ASSERT_EQ(zones.size(), 4U);
  ASSERT_TRUE(zones[0].probes);
  EXPECT_EQ(zones[1].probes, zones[0].probes);
  EXPECT_FALSE(zones[2].probes);
  ASSERT_TRUE(zones[3].probes);
  EXPECT_EQ(zones[3].probes->names(), std::vector<std::string>{"venue"});
  EXPECT_EQ((*snapshot)->scratch.size(), 3U) << "one for each worker";
  const auto request =
      http::scan_request(net::as_bytes("GET /check HTTP/1.1\r\nHost: probe.example\r\n\r\n"));
  for (const http::Patterns::Scratch& scratch : (*snapshot)->scratch) {
    EXPECT_EQ(zones[3].probes->match(request, scratch), 0);
    EXPECT_FALSE(zones[0].probes->match(request, scratch));
  }
}

TEST_F(SnapshotBuilder, SaysWhereAnAnswerIsWrong) {
  const auto error_of = [&](const std::string& rest) {
    const auto snapshot = build(parse(rest));
    return snapshot ? std::string{} : snapshot.error().text();
  };
  EXPECT_TRUE(error_of("[response]\nprobes = [\"x ~( /\"]\n")
                  .starts_with("t.toml:10: `response.probes`: the expression /"));
  EXPECT_EQ(
      error_of("[response]\nsentences = {de = \"" + std::string(400, 's') + "\"}\n"),
      "t.toml:10: `response.sentences.de`: the full page in German is 63 bytes over its 1200; "
      "shorten the sentence, the network's name or portal.url");
}

}  // namespace
}  // namespace gate511::control
