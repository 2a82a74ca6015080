// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "control/config.hpp"

namespace gate511::control {
namespace {

class SnapshotBuilder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "gate511-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::ofstream{folder_ / "key"} << std::string(32, 'k');
    ::chmod((folder_ / "key").c_str(), 0600);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Config parse(const std::string& rest) {
    auto config = parse_config(
        "[[link]]\nname = \"venue\"\naccess = \"a\"\nuplink = \"b\"\nreserved = \"drop\"\n"
        "[portal]\nurl = \"http://192.0.2.10/login\"\nsecret_file = \"" +
            (folder_ / "key").string() + "\"\n" + rest,
        "t.toml");
    EXPECT_TRUE(config) << config.error().text();
    return std::move(*config);
  }

  std::filesystem::path folder_;
};

TEST_F(SnapshotBuilder, CarriesTheConfiguration) {
  const auto snapshot = build_snapshot(parse(
      "[sessions]\nkey = \"mac+vlan\"\n[response]\nhttp_ports = [80, 8080]\nhttps = \"drop\"\n"
      "[guest]\nresolvers = [\"192.0.2.53\"]\nntp = [\"192.0.2.123\"]\n"
      "[garden]\ncidrs = [\"198.51.100.0/24\"]\n"));
  ASSERT_TRUE(snapshot) << snapshot.error().text();
  EXPECT_TRUE((*snapshot)->key_has_vlan);
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
  // The portal is reachable without being named twice.
  EXPECT_EQ(zone.guest.portal, net::parse_ip("192.0.2.10"));
}

TEST_F(SnapshotBuilder, SaysThatThePageDoesNotFit) {
  const auto snapshot =
      build_snapshot(parse("[response]\nnetwork_name = \"" + std::string(500, 'x') + "\"\n"));
  ASSERT_FALSE(snapshot);
  EXPECT_TRUE(snapshot.error().text().starts_with("t.toml:10: `response.network_name`: the "))
      << snapshot.error().text();
}

}  // namespace
}  // namespace gate511::control
