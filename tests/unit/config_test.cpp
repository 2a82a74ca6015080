// SPDX-License-Identifier: BSD-3-Clause
#include "control/config.hpp"
#include "support/temp_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace gate511::control {
namespace {

constexpr std::string_view kSmallest = R"([[link]]
name = "venue"
access = "net_af_packet0"
uplink = "net_af_packet1"
[portal]
url = "http://192.0.2.10/login"
secret_file = "/etc/gate511/link.key"
)";

/// The error of the smallest config with `text` behind it.
std::string error_with(const std::string& text) {
  const auto config = parse_config(std::string{kSmallest} + text, "t.toml");
  return config ? "no error" : config.error().text();
}

std::string error_of(std::string_view text) {
  const auto config = parse_config(text, "t.toml");
  return config ? "no error" : config.error().text();
}

TEST(Config, SmallestHasAllDefaults) {
  const auto config = parse_config(kSmallest, "t.toml");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_TRUE(config->dpdk.args.empty());
  EXPECT_EQ(config->dpdk.lcore_ids, (std::vector<unsigned>{0, 1}));
  ASSERT_EQ(config->links.size(), 1U);
  EXPECT_EQ(config->links[0].access, "net_af_packet0");
  EXPECT_TRUE(config->links[0].pass_reserved);
  EXPECT_FALSE(config->links[0].multicast_all);
  EXPECT_EQ(config->sessions.capacity, 1048576U);
  EXPECT_EQ(config->sessions.key, KeyKind::kMac);
  EXPECT_EQ(config->sessions.default_ttl_s, 86400U);
  EXPECT_EQ(config->portal.host, "192.0.2.10");
  EXPECT_EQ(config->portal.address, net::parse_ip("192.0.2.10"));
  EXPECT_EQ(config->response.http_ports, std::vector<std::uint16_t>{80});
  EXPECT_EQ(config->response.network_name, "this network");
  EXPECT_EQ(config->response.https, policy::HttpsPolicy::kReset);
  EXPECT_EQ(config->control.socket, "/run/gate511/control.sock");
  EXPECT_EQ(config->control.status_socket, "/run/gate511/status.sock");
  EXPECT_EQ(config->control.group, "gate511");
  EXPECT_EQ(config->where("link[0].access"), "t.toml:3");
  EXPECT_EQ(config->where("guest.resolvers"), "t.toml");
}

TEST(Config, Records) {
  const auto none = parse_config(kSmallest, "t.toml");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->records.file, "") << "off by default";
  const auto config = parse_config(
      std::string{kSmallest} + "[records]\nfile = \"/var/lib/g/r.db\"\nretention_days = 90\n", "t");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->records.file, "/var/lib/g/r.db");
  EXPECT_EQ(config->records.retention_days, 90U);
  EXPECT_EQ(error_with("[records]\nfile = \"/r.db\"\n"),
            "t.toml:9: `records.retention_days` is missing; say for how many days who had which "
            "address must be kept, and no longer");
  EXPECT_EQ(error_with("[records]\nfile = \"r.db\"\nretention_days = 1\n"),
            "t.toml:9: `records.file` is no absolute path; write it like "
            "\"/var/lib/gate511/records.db\"");
  EXPECT_EQ(error_with("[records]\nretention_days = 0\n"),
            "t.toml:9: `records.retention_days` is 0; it must be an integer from 1 to 3650 days");
  EXPECT_EQ(error_with("[sessions]\nstore = \"/r.db\"\n[records]\nfile = "
                       "\"/r.db\"\nretention_days = 1\n"),
            "t.toml:10: `records.file` is the same file as `sessions.store`; give each a file of "
            "its own");
  EXPECT_EQ(
      error_with("[records]\nfile = \"/x/../a.jsonl\"\nretention_days = 1\n[control]\n"
                 "audit_log = \"/a.jsonl\"\n"),
      "t.toml:11: `control.audit_log` is the same file as `records.file`; give each a file of "
      "its own");
  EXPECT_EQ(error_with("[sessions]\nstore = \"/s.db\"\n[records]\nfile = \"/s.db-wal\"\n"
                       "retention_days = 1\n"),
            "t.toml:10: `records.file` is what SQLite puts beside `sessions.store`; give each a "
            "file of its own");
}

TEST(Config, TakesEveryKey) {
  const auto config = parse_config(R"(
[dpdk]
args = ["--no-pci", "--vdev=net_af_packet0,iface=acc0"]
lcores = "0@0,2@0,4@1"
[[link]]
name = "venue"
access = "0000:01:00.0"
uplink = "0000:01:00.1"
reserved = "drop"
multicast = "all"
mtu = 9000
carrier = "follow"
offloads = "off"
[[link]]
name = "hall"
access = "a"
uplink = "b"
[sessions]
capacity = 16777216
key = "mac+vlan"
default_ttl_s = 0
[portal]
url = "https://portal.example:8443/login"
secret_file = "/etc/gate511/link.key"
[response]
http_ports = [80, 8080]
network_name = "Example Wi-Fi"
https = "drop"
[guest]
resolvers = ["192.0.2.53", "2001:db8::53"]
ntp = ["192.0.2.123"]
[garden]
cidrs = ["198.51.100.0/24", "2001:db8:1::/48", "192.0.2.10"]
[control]
socket = "/tmp/c.sock"
group = ""
[privileges]
user = "portal"
)",
                                   "t.toml");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->dpdk.args.size(), 2U);
  EXPECT_EQ(config->dpdk.lcore_ids, (std::vector<unsigned>{0, 2, 4}));
  ASSERT_EQ(config->links.size(), 2U);
  EXPECT_FALSE(config->links[0].pass_reserved);
  EXPECT_TRUE(config->links[0].multicast_all);
  EXPECT_EQ(config->links[0].mtu, 9000);
  EXPECT_TRUE(config->links[0].follow_carrier);
  EXPECT_FALSE(config->links[0].offloads);
  EXPECT_EQ(config->links[1].mtu, 0);
  EXPECT_FALSE(config->links[1].follow_carrier);
  EXPECT_TRUE(config->links[1].offloads);
  EXPECT_EQ(config->sessions.key, KeyKind::kMacVlan);
  EXPECT_EQ(config->sessions.default_ttl_s, 0U);
  EXPECT_EQ(config->portal.host, "portal.example");
  EXPECT_FALSE(config->portal.address);
  EXPECT_EQ(config->response.http_ports, (std::vector<std::uint16_t>{80, 8080}));
  EXPECT_EQ(config->response.https, policy::HttpsPolicy::kDrop);
  EXPECT_EQ(config->guest.resolvers.size(), 2U);
  EXPECT_EQ(config->guest.ntp.size(), 1U);
  EXPECT_EQ(config->garden.cidrs.prefixes().size(), 3U);
  EXPECT_EQ(config->control.group, "");
  EXPECT_EQ(config->privileges.user, "portal");
  EXPECT_TRUE(warnings(*config).empty());
}

TEST(ConfigError, UnknownKeysNameTheNearestAndAll) {
  EXPECT_EQ(error_with("[sessions]\ncapasity = 5\n"),
            "t.toml:9: unknown key `sessions.capasity`; did you mean `capacity`? sessions takes "
            "capacity, key, default_ttl_s, default_idle_s, on_quota, store, on_store_failure, "
            "keep_ends_days, copy, gateway, store_prefix, store_ca");
  EXPECT_EQ(
      error_with("[zones]\n"),
      "t.toml:8: unknown key `zones`; did you mean `zone`? the file takes enforce, dpdk, link, "
      "zone, sessions, portal, response, guest, garden, control, metrics, records, capture, log, "
      "privileges");
  EXPECT_EQ(error_with("[portal.x]\n"),
            "t.toml:8: unknown key `portal.x`; portal takes url, secret_file, api_url");
  EXPECT_EQ(error_with("[garden]\ndomains = [\"a.example\"]\n"),
            "t.toml:9: unknown key `garden.domains`; garden takes cidrs, hosts, hosts_file, state");
}

TEST(ConfigError, RootIsNoUserToBecome) {
  EXPECT_EQ(error_with("[privileges]\nuser = \"root\"\n"),
            "t.toml:9: `privileges.user` is root; give another user, or \"\" to stay root with all "
            "its rights");
}

TEST(ConfigError, WrongTypesAndRanges) {
  EXPECT_EQ(error_with("[sessions]\ncapacity = \"5\"\n"),
            "t.toml:9: `sessions.capacity` is a string; it must be an integer from 1 to 16777216 "
            "sessions");
  EXPECT_EQ(error_with("[sessions]\ncapacity = 0\n"),
            "t.toml:9: `sessions.capacity` is 0; it must be an integer from 1 to 16777216 "
            "sessions");
  EXPECT_EQ(error_with("[sessions]\nstore = \"http://ann:hunter2@192.0.2.9\"\n"),
            "t.toml:9: `sessions.store` is no URL of a server: it begins neither with redis:// nor "
            "with rediss://; give a file, \"\" to keep sessions in memory alone, or "
            "redis://USER:PASSWORD@HOST:PORT/DATABASE");
  // No file of that name, in which a password would be told wherever the file is.
  for (const char* const scheme : {"redis", "rediss", "redis+sentinel", "rediss+sentinel"}) {
    EXPECT_EQ(error_with(fmt::format("[sessions]\nstore = \"{}:/me:secret@192.0.2.9\"\n"
                                     "gateway = 1\ncopy = \"x\"\n",
                                     scheme)),
              "t.toml:9: `sessions.store` is no URL of a server: it begins neither with redis:// "
              "nor with rediss://; give a file, \"\" to keep sessions in memory alone, or "
              "redis://USER:PASSWORD@HOST:PORT/DATABASE");
  }
  EXPECT_EQ(error_with("[sessions]\nstore = \"redis://192.0.2.9\"\n"),
            "t.toml:9: `sessions.store` is a server that gateways share, and `sessions.gateway` is "
            "not set; give each of them a number of its own, from 1 to 255");
  EXPECT_EQ(
      error_with("[sessions]\nstore = \"redis://192.0.2.9\"\ngateway = 1\ncopy = \"\"\n"),
      "t.toml:11: `sessions.copy` is empty; give a file, from which this gateway starts while "
      "the server is away");
  EXPECT_EQ(error_with("[sessions]\ngateway = 256\n"),
            "t.toml:9: `sessions.gateway` is 256; it must be an integer from 1 to 255, its number "
            "among those that share the store");
  EXPECT_EQ(error_with("[sessions]\nstore_prefix = \"a*\"\n"),
            "t.toml:9: `sessions.store_prefix` is \"a*\"; give at most 64 letters, digits and "
            ": - _ .");
  EXPECT_EQ(
      error_with("[sessions]\non_store_failure = \"shrug\"\n"),
      "t.toml:9: `sessions.on_store_failure` is \"shrug\"; it must be \"refuse\" or \"memory\"");
  EXPECT_EQ(error_with("[sessions]\ndefault_ttl_s = 1.5\n"),
            "t.toml:9: `sessions.default_ttl_s` is a floating-point number; it must be an integer "
            "from 0 to 3153600000 seconds, 0 for no end");
  EXPECT_EQ(
      error_with("[sessions]\nkey = \"ip\"\n"),
      "t.toml:9: `sessions.key` is \"ip\"; it must be \"mac\", \"mac+vlan\" or \"mac+vlan+link\"");
  EXPECT_EQ(error_with("[response]\nhttps = true\n"),
            "t.toml:9: `response.https` is a boolean; it must be \"reset\", \"alert\" or \"drop\"");
  EXPECT_EQ(error_with("[dpdk]\nargs = \"--no-pci\"\n"),
            "t.toml:9: `dpdk.args` is a string; it must be an array of strings");
  EXPECT_EQ(error_with("[dpdk]\nargs = [1]\n"),
            "t.toml:9: `dpdk.args[]` is an integer; it must be a string in quotes");
  EXPECT_EQ(error_of("guest = 1\n" + std::string{kSmallest}),
            "t.toml:1: `guest` is an integer; it must be a section, [guest]");
  EXPECT_EQ(error_of("[link]\nname = \"a\"\n"),
            "t.toml:1: `link` is a table; it must be sections, [[link]] with two brackets");
}

TEST(ConfigError, Syntax) {
  EXPECT_TRUE(error_of("[portal]\nurl = http://192.0.2.10\n").starts_with("t.toml:2: Error while"))
      << error_of("[portal]\nurl = http://192.0.2.10\n");
  EXPECT_TRUE(error_of("[portal]\nurl = \"a\"\nurl = \"b\"\n").starts_with("t.toml:3: "));
  EXPECT_NE(error_of("\xff = 1\n"), "no error");
}

TEST(ConfigError, Links) {
  EXPECT_EQ(error_of("[portal]\nurl = \"http://192.0.2.10/\"\nsecret_file = \"/k\"\n"),
            "t.toml:1: there is no link; add a [[link]] with name, access and uplink");
  EXPECT_EQ(error_with("[[link]]\nname = \"b\"\naccess = \"net_af_packet1\"\nuplink = \"x\"\n"),
            "t.toml:10: `link[1].access` is port \"net_af_packet1\", which is `link[0].uplink` "
            "already; a port belongs to one end of one link: give each its own");
  EXPECT_EQ(error_of("[[link]]\nname = \"a\"\naccess = \"p\"\nuplink = \"p\"\n"),
            "t.toml:4: `link[0].uplink` is port \"p\", which is `link[0].access` already; a port "
            "belongs to one end of one link: give each its own");
  EXPECT_EQ(error_with("[[link]]\nname = \"venue\"\naccess = \"y\"\nuplink = \"x\"\n"),
            "t.toml:9: two links are named \"venue\"; give each its own name");
  EXPECT_EQ(error_with("[[link]]\nname = \"b\"\nuplink = \"x\"\n"),
            "t.toml:8: `link[1].access` is missing; set it: DPDK port name or PCI address towards "
            "clients");
}

TEST(ConfigError, Portal) {
  const auto url_error = [](const std::string& url) {
    return error_of("[[link]]\nname = \"a\"\naccess = \"p\"\nuplink = \"q\"\n[portal]\nurl = \"" +
                    url + "\"\nsecret_file = \"/k\"\n");
  };
  EXPECT_EQ(error_of("[[link]]\nname = \"a\"\naccess = \"p\"\nuplink = \"q\"\n"),
            "t.toml: `portal.url` is missing; set it: the login page, such as "
            "\"http://192.0.2.10/login\"");
  EXPECT_EQ(url_error("http://192.0.2.10/" + std::string(80, 'x')),
            "t.toml:6: `portal.url` is 98 bytes long; make it 2 bytes shorter: at most 96 fit into "
            "the smallest answer");
  EXPECT_EQ(url_error("ftp://192.0.2.10/"),
            "t.toml:6: `portal.url` is no http or https URL: \"ftp://192.0.2.10/\"; it must be "
            "like \"http://192.0.2.10/login\" or \"https://portal.example/\"");
  for (const char* bad :
       {"http:///", "http://", "http://a b/", "http://a/<b", "http://a/#x", "http://u@a/",
        "http://a:0/", "http://a:65536/", "http://a:/", "http://[2001:db8::1/", "http://[a]/",
        "http://[192.0.2.1]/", "http://127.0.0.1/", "192.0.2.10/login", "http://a/{x}"})
    EXPECT_NE(url_error(bad), "no error") << bad;
  for (const char* good : {"http://a", "http://a/?site=1", "http://a?site=1",
                           "https://[2001:db8::1]:8443/x", "http://192.0.2.10:8080"})
    EXPECT_EQ(url_error(good), "no error") << good;
}

TEST(ConfigError, ResponseGuestGardenControl) {
  EXPECT_EQ(error_with("[response]\nhttp_ports = [80, 443]\n"),
            "t.toml:9: `response.http_ports` holds 443; leave it out: HTTPS cannot be answered, "
            "see `response.https`");
  EXPECT_EQ(error_with("[response]\nhttp_ports = [80, 80]\n"),
            "t.toml:9: `response.http_ports` holds 80 twice; leave one out");
  EXPECT_EQ(error_with("[response]\nhttp_ports = []\n"),
            "t.toml:9: `response.http_ports` holds 0 ports; give 1 to 16, such as [80]");
  EXPECT_EQ(error_with("[response]\nhttp_ports = [0]\n"),
            "t.toml:9: `response.http_ports` holds 0; a port is from 1 to 65535");
  EXPECT_EQ(error_with("[guest]\nresolvers = [\"dns.example\"]\n"),
            "t.toml:9: `guest.resolvers` holds \"dns.example\", which is no IP address; write it "
            "like \"192.0.2.53\" or \"2001:db8::53\"");
  EXPECT_EQ(error_with("[guest]\nresolvers = [\"any\", \"192.0.2.53\"]\n"),
            "t.toml:9: `guest.resolvers` holds \"any\" and addresses; give either [\"any\"] or the "
            "addresses");
  EXPECT_EQ(error_with("[guest]\ndns_name_bytes = 256\n"),
            "t.toml:9: `guest.dns_name_bytes` is 256; it must be an integer from 1 to 255 bytes");
  EXPECT_EQ(error_with("[guest]\ndns_https = \"no\"\n"),
            "t.toml:9: `guest.dns_https` is \"no\"; it must be \"pass\" or \"drop\"");
  EXPECT_EQ(error_with("[guest.budget]\narp_packets_per_s = 0\n"),
            "t.toml:9: `guest.budget.arp_packets_per_s` is 0; it must be an integer from 1 to "
            "1000000000 a second");
  EXPECT_EQ(error_with("[guest.budget]\nburst_s = 61\n"),
            "t.toml:9: `guest.budget.burst_s` is 61; it must be an integer from 1 to 60 seconds");
  EXPECT_EQ(error_with("[guest]\nntp = [\"224.0.1.1\"]\n"),
            "t.toml:9: `guest.ntp` holds \"224.0.1.1\", which is no host's address; give the "
            "address that guests send to");
  EXPECT_EQ(error_with("[garden]\ncidrs = [\n\"192.0.2.77/26\"]\n"),
            "t.toml:10: `garden.cidrs` holds \"192.0.2.77/26\", which has bits set behind its "
            "length; \"192.0.2.64/26\" was probably meant, or \"192.0.2.77\" for the one host");
  EXPECT_EQ(error_with("[garden]\ncidrs = [\"2001:db8:0:1:8000::1/64\"]\n"),
            "t.toml:9: `garden.cidrs` holds \"2001:db8:0:1:8000::1/64\", which has bits set behind "
            "its length; \"2001:db8:0:1::/64\" was probably meant, or \"2001:db8:0:1:8000::1\" for "
            "the one host");
  EXPECT_EQ(error_with("[garden]\ncidrs = [\"192.0.2.0/33\"]\n"),
            "t.toml:9: `garden.cidrs` holds \"192.0.2.0/33\", which is no prefix; write it like "
            "\"192.0.2.0/24\", \"2001:db8::/32\" or \"192.0.2.10\"");
  EXPECT_EQ(error_with("[control]\nsocket = \"c.sock\"\n"),
            "t.toml:9: `control.socket` is 6 bytes long and begins with \"c\"; give an absolute "
            "path of at most 107 bytes");
  EXPECT_EQ(error_with("[control]\nsocket = \"/a\"\nstatus_socket = \"/a\"\n"),
            "t.toml:10: `control.status_socket` is `control.socket` as well; give each a path of "
            "its own, or set it to \"\"");
  EXPECT_EQ(error_with("[control]\nstatus_socket = \"\"\n"), "no error");
  EXPECT_EQ(error_with("[control]\naudit_log = \"audit\"\n"),
            "t.toml:9: `control.audit_log` is no absolute path; write it like "
            "\"/var/log/gate511/audit.jsonl\"");
  const std::string tls = "[control]\ntls_cert = \"c\"\ntls_key = \"k\"\ntls_ca = \"a\"\n";
  EXPECT_EQ(error_with(tls + "tls_listen = \"[::1]:9512\"\ntls_clients = {\"a.example\" = "
                             "\"read\"}\n"),
            "no error");
  EXPECT_EQ(error_with(tls + "tls_listen = \"127.0.0.1:9512\"\n"),
            "t.toml:12: `control.tls_clients` names no one; give rights by certificate name: "
            "tls_clients = {\"portal.example\" = \"change\"}");
  EXPECT_EQ(error_with(tls + "tls_clients = {\"a.example\" = \"all\"}\n"),
            "t.toml:12: `control.tls_clients` has a name whose right is none; give it \"change\", "
            "\"read\" or \"status\"");
  for (const char* bad : {"9512", "localhost:9512", "127.0.0.1:0", "127.0.0.1:65536", "::1:9512",
                          "[127.0.0.1]:9512", "127.0.0.1:9512x"}) {
    EXPECT_EQ(error_with(tls + "tls_listen = \"" + bad + "\"\n"),
              "t.toml:12: `control.tls_listen` is no address and port; write it like "
              "\"192.0.2.1:9512\" or \"[2001:db8::1]:9512\"");
  }
  EXPECT_EQ(error_with("[control]\ntls_listen = \"127.0.0.1:9512\"\n"),
            "t.toml:9: `control.tls_cert` is missing; TLS needs tls_cert, tls_key and tls_ca, each "
            "a PEM file");
  EXPECT_EQ(error_with("[control]\nsocket = \"/" + std::string(106, 'x') + "\"\n"), "no error");
  EXPECT_NE(error_with("[control]\nsocket = \"/" + std::string(107, 'x') + "\"\n"), "no error");
}

TEST(Config, MetricsListen) {
  const auto config = parse_config(kSmallest, "t.toml");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->metrics.listen, "127.0.0.1:9511");
  for (const char* good : {"", "192.0.2.1:9511", "[2001:db8::1]:80"})
    EXPECT_EQ(error_with("[metrics]\nlisten = \"" + std::string{good} + "\"\n"), "no error");
  for (const char* bad : {"9511", ":9511", "localhost:9511", "127.0.0.1", "::1:9511"}) {
    EXPECT_EQ(error_with("[metrics]\nlisten = \"" + std::string{bad} + "\"\n"),
              "t.toml:9: `metrics.listen` is no address and port; write it like "
              "\"192.0.2.1:9511\" or \"[2001:db8::1]:9511\"");
  }
}

/// A zone of link "venue" with `text` behind its name and link.
std::string zone(const std::string& name, const std::string& text) {
  return "[[zone]]\nname = \"" + name + "\"\nlink = \"venue\"\n" + text;
}

TEST(Config, ZonesTakeWhatTheyDoNotSetFromTheDefault) {
  const auto config = parse_config(R"(enforce = "monitor"
[[link]]
name = "venue"
access = "a"
uplink = "b"
[portal]
url = "http://192.0.2.10/login"
secret_file = "/k"
[response]
network_name = "Example Wi-Fi"
http_ports = [80, 8080]
[guest]
resolvers = ["192.0.2.53"]
ntp = ["192.0.2.123"]
[garden]
cidrs = ["198.51.100.0/24"]
[[zone]]
name = "staff"
link = "venue"
vlans = ["30-32", 20]
enforce = "off"
[[zone]]
name = "hall"
link = "venue"
vlans = [0]
[zone.portal]
url = "https://portal.example/hall"
[zone.response]
https = "drop"
[zone.guest]
resolvers = ["any"]
[zone.garden]
cidrs = []
)",
                                   "t.toml");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->enforce, policy::Enforce::kMonitor);
  ASSERT_EQ(config->zones.size(), 2U);
  const ZoneConfig& staff = config->zones[0];
  EXPECT_EQ(staff.vlans, (std::vector<std::uint16_t>{20, 30, 31, 32}));
  EXPECT_EQ(staff.enforce, policy::Enforce::kOff);
  EXPECT_EQ(staff.portal, config->portal);
  EXPECT_EQ(staff.response, config->response);
  EXPECT_EQ(staff.guest, config->guest);
  EXPECT_EQ(staff.garden, config->garden);
  const ZoneConfig& hall = config->zones[1];
  EXPECT_EQ(hall.vlans, std::vector<std::uint16_t>{0});
  EXPECT_EQ(hall.enforce, policy::Enforce::kMonitor);
  EXPECT_EQ(hall.portal.host, "portal.example");
  EXPECT_FALSE(hall.portal.address);
  EXPECT_EQ(hall.response.https, policy::HttpsPolicy::kDrop);
  EXPECT_EQ(hall.response.http_ports, config->response.http_ports);
  EXPECT_EQ(hall.response.network_name, "Example Wi-Fi");
  EXPECT_TRUE(hall.guest.any_resolver);
  EXPECT_TRUE(hall.guest.resolvers.empty());
  EXPECT_EQ(hall.guest.ntp, config->guest.ntp);
  EXPECT_TRUE(hall.garden.cidrs.empty());
  EXPECT_EQ(config->where("zone[1].portal.url"), "t.toml:27");
}

TEST(ConfigError, ZoneVlans) {
  EXPECT_EQ(error_with(zone("a", "")),
            "t.toml:8: `zone[0].vlans` is missing; give the VLANs that are of this zone, such as "
            "[20, \"30-39\"]; 0 is untagged");
  EXPECT_EQ(error_with(zone("a", "vlans = []\n")),
            "t.toml:11: `zone[0].vlans` is empty; give the VLANs that are of this zone, such as "
            "[20, \"30-39\"]; 0 is untagged");
  EXPECT_EQ(error_with(zone("a", "vlans = 20\n")),
            "t.toml:11: `zone[0].vlans` is an integer; it must be an array of VLANs, such as [20, "
            "\"30-39\"]");
  EXPECT_EQ(error_with(zone("a", "vlans = [true]\n")),
            "t.toml:11: `zone[0].vlans[]` is a boolean; it must be an integer, or a string in "
            "quotes");
  EXPECT_EQ(error_with(zone("a", "vlans = [1,\n4095]\n")),
            "t.toml:12: `zone[0].vlans` holds 4095; a VLAN is from 1 to 4094; 0 is untagged");
  EXPECT_EQ(error_with(zone("a", "vlans = [-1]\n")),
            "t.toml:11: `zone[0].vlans` holds -1; a VLAN is from 1 to 4094; 0 is untagged");
  EXPECT_EQ(error_with(zone("a", "vlans = [\"4000-4095\"]\n")),
            "t.toml:11: `zone[0].vlans` holds \"4000-4095\"; a VLAN is from 1 to 4094; 0 is "
            "untagged");
  for (const char* bad : {"39-30", "30-", "-30", "", "a", "1-2-3", "1 - 2", "99999999999-1"}) {
    EXPECT_EQ(error_with(zone("a", "vlans = [\"" + std::string{bad} + "\"]\n")),
              "t.toml:11: `zone[0].vlans` holds \"" + std::string{bad} +
                  "\", which is no range of VLANs; write it like \"30-39\"");
  }
  EXPECT_EQ(error_with(zone("a", "vlans = [\"20\", \"0-0\"]\n")), "no error");
}

TEST(ConfigError, ZonesThatOverlap) {
  EXPECT_EQ(error_with(zone("a", "vlans = [30,\n\"25-35\"]\n")),
            "t.toml:12: `zone[0].vlans` holds 30 twice; leave one out");
  EXPECT_EQ(
      error_with(zone("staff", "vlans = [20, \"30-39\"]\n") + zone("hall", "vlans = [35]\n")),
      "t.toml:15: `zone[1].vlans` holds 35 of link \"venue\", which zone \"staff\" has already "
      "(t.toml:11); a VLAN belongs to one zone: take it out of one of them");
  const std::string second = "[[link]]\nname = \"hall\"\naccess = \"x\"\nuplink = \"y\"\n";
  EXPECT_EQ(error_with(second + zone("a", "vlans = [0, 20]\n") +
                       "[[zone]]\nname = \"b\"\nlink = \"hall\"\nvlans = [0, 20]\n"),
            "no error");
}

TEST(ConfigError, ZoneNamesLinksAndKeys) {
  EXPECT_EQ(error_with("[zone]\nname = \"a\"\n"),
            "t.toml:8: `zone` is a table; it must be sections, [[zone]] with two brackets");
  EXPECT_EQ(error_with("[[zone]]\nlink = \"venue\"\nvlans = [1]\n"),
            "t.toml:8: `zone[0].name` is missing; set it: any name, by which it is shown");
  EXPECT_EQ(error_with(zone("a", "vlans = [1]\n") + zone("a", "vlans = [2]\n")),
            "t.toml:13: two zones are named \"a\"; give each its own name");
  EXPECT_EQ(error_with(zone("default", "vlans = [1]\n")),
            "t.toml:9: a zone is named \"default\", as that of all other VLANs is; give it another "
            "name");
  EXPECT_EQ(error_with(zone(std::string(65, 'x'), "vlans = [1]\n")),
            "t.toml:9: `zone[0].name` is longer than 64 bytes or holds control characters; give a "
            "short name");
  EXPECT_EQ(
      error_with("[[zone]]\nname = \"a\"\nvlans = [1]\n"),
      "t.toml:8: `zone[0].link` is missing; set it: the link that its VLANs are on: \"venue\"");
  EXPECT_EQ(error_with("[[zone]]\nname = \"a\"\nlink = \"venu\"\nvlans = [1]\n"),
            "t.toml:10: `zone[0].link` is \"venu\", and no link has that name; name one of "
            "\"venue\"");
  EXPECT_EQ(error_with(zone("a", "vlans = [1]\nenforce = true\n")),
            "t.toml:12: `zone[0].enforce` is a boolean; it must be \"on\", \"monitor\" or \"off\"");
  EXPECT_EQ(error_of("enforce = \"of\"\n" + std::string{kSmallest}),
            "t.toml:1: `enforce` is \"of\"; it must be \"on\", \"monitor\" or \"off\"");
  EXPECT_EQ(
      error_with(zone("a", "vlan = [1]\n")),
      "t.toml:11: unknown key `zone[0].vlan`; did you mean `vlans`? zone[0] takes name, link, "
      "vlans, enforce, portal, response, guest, garden");
  EXPECT_EQ(
      error_with(zone("a", "vlans = [1]\n[zone.portal]\nsecret_file = \"/k\"\n")),
      "t.toml:13: unknown key `zone[0].portal.secret_file`; zone[0].portal takes url, api_url");
  EXPECT_EQ(
      error_with(zone("a", "vlans = [1]\n[zone.portal]\nurl = \"ftp://192.0.2.10/\"\n")),
      "t.toml:13: `zone[0].portal.url` is no http or https URL: \"ftp://192.0.2.10/\"; it must "
      "be like \"http://192.0.2.10/login\" or \"https://portal.example/\"");
  EXPECT_EQ(error_with(zone("a", "vlans = [1]\n[zone.garden]\ncidrs = [\"x\"]\n")),
            "t.toml:13: `zone[0].garden.cidrs` holds \"x\", which is no prefix; write it like "
            "\"192.0.2.0/24\", \"2001:db8::/32\" or \"192.0.2.10\"");
  std::string many;
  for (int i = 1; i <= 256; ++i)
    many += zone(std::to_string(i), "vlans = [" + std::to_string(i) + "]\n");
  EXPECT_EQ(error_with(many), "t.toml:8: there are 256 zones; at most 255 are possible");
  many.resize(many.rfind("[[zone]]"));
  EXPECT_EQ(error_with(many), "no error");
}

TEST(ConfigError, Lcores) {
  EXPECT_EQ(error_with("[dpdk]\nlcores = \"0\"\n"),
            "t.toml:9: `dpdk.lcores` is \"0\": one lcore is control's, so that none is left for a "
            "worker; give at least two, such as \"0-1\", or \"0@0,1@0\" to put two on one CPU");
  for (const char* bad : {"", "0-", "-1", "1-0", "0,0", "0-1,1", "0,128", "0@,1", "0-1@0", "a,b",
                          "0, 1", "0-1,", "99999999999999999999,1"})
    EXPECT_NE(error_with("[dpdk]\nlcores = \"" + std::string{bad} + "\"\n"), "no error") << bad;
  EXPECT_EQ(error_with("[dpdk]\nargs = [\"--lcores=0-3\"]\n"),
            "t.toml:9: `dpdk.args` holds \"--lcores=0-3\"; leave it out and set `dpdk.lcores`");
  EXPECT_NE(error_with("[dpdk]\nargs = [\"-l\", \"0-3\"]\n"), "no error");
}

TEST(Config, WarnsOfWhatGuestsCannotReach) {
  std::string text{kSmallest};
  text.replace(text.find("192.0.2.10"), 10, "portal.example");
  const auto config = parse_config(text, "t.toml");
  ASSERT_TRUE(config);
  const auto found = warnings(*config);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].text(),
            "t.toml:6: guests cannot reach the portal portal.example, which is given by name; add "
            "its addresses to `garden.cidrs`");
  EXPECT_EQ(found[1].text(),
            "t.toml: guests have no resolver, so that most never ask for a page; set "
            "`guest.resolvers` to the addresses that DHCP gives them, or to [\"any\"]");
}

TEST(Config, TheApiOfThePortal) {
  const auto with = [](const std::string& url, const std::string& more = {}) {
    std::string text{kSmallest};
    text.insert(text.find("url = "), "api_url = \"" + url + "\"\n");
    return text + more;
  };
  const auto config = parse_config(with("https://portal.example:8443/api"), "t.toml");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->portal.api_url, "https://portal.example:8443/api");
  EXPECT_EQ(config->portal.api_host, "portal.example");
  for (const char* good : {"", "urn:ietf:params:capport:unrestricted"}) {
    const auto none = parse_config(with(good), "t.toml");
    ASSERT_TRUE(none) << none.error().text();
    EXPECT_EQ(none->portal.api_host, "");
  }
  EXPECT_EQ(
      error_of(with("http://portal.example/api")),
      "t.toml:6: `portal.api_url` is no https URL: \"http://portal.example/api\"; clients ask "
      "the API by HTTPS alone: \"https://portal.example/capport\", or "
      "\"urn:ietf:params:capport:unrestricted\" where there is no portal");
  EXPECT_TRUE(parse_config(with("https://a/" + std::string(245, 'x')), "t.toml"));
  EXPECT_EQ(
      error_of(with("https://a/" + std::string(247, 'x'))),
      "t.toml:6: `portal.api_url` is 257 bytes long; make it 2 bytes shorter: at most 255 fit "
      "into the option of DHCP");
  for (const char* bad : {"https://", "https://a b/", "https://[x]/", "portal.example",
                          "https://a:0/", "urn:ietf:params:capport:other"})
    EXPECT_NE(error_of(with(bad)), "no error") << bad;
  const auto zone = parse_config(
      with("https://portal.example/api",
           "[[zone]]\nname = \"a\"\nlink = \"venue\"\nvlans = [1]\n[zone.portal]\napi_url = \"\"\n"
           "[[zone]]\nname = \"b\"\nlink = \"venue\"\nvlans = [2]\n"),
      "t.toml");
  ASSERT_TRUE(zone) << zone.error().text();
  EXPECT_EQ(zone->zones[0].portal.api_url, "");
  EXPECT_EQ(zone->zones[1].portal.api_url, "https://portal.example/api");
}

TEST(Config, WarnsOfTheApi) {
  const auto told = [](const std::string& url, const std::string& garden = {}) {
    std::string text{kSmallest};
    text.insert(text.find("url = "), "api_url = \"" + url + "\"\n");
    const auto config =
        parse_config(text + "[guest]\nresolvers = [\"192.0.2.53\"]\n" + garden, "t.toml");
    EXPECT_TRUE(config) << config.error().text();
    std::vector<std::string> texts;
    for (const Error& warning : warnings(*config)) texts.push_back(warning.text());
    return texts;
  };
  EXPECT_EQ(
      told("https://192.0.2.10/api"),
      std::vector<std::string>{"t.toml:6: the API is at an address, 192.0.2.10, for which most "
                               "clients accept no certificate; give it a name"});
  EXPECT_EQ(
      told("https://api.example/"),
      std::vector<std::string>{"t.toml:6: guests cannot reach the API's host api.example; add "
                               "it to `garden.hosts`, or its addresses to `garden.cidrs`"});
  for (const char* garden :
       {"[garden]\nhosts = [\"api.example\"]\n", "[garden]\nhosts = ['/api[.]example/']\n",
        "[garden]\ncidrs = [\"198.51.100.7\"]\n"})
    EXPECT_TRUE(told("https://api.example/", garden).empty()) << garden;
  EXPECT_TRUE(told("urn:ietf:params:capport:unrestricted").empty());
}

TEST(Config, HoldsTheGardensHosts) {
  const auto config = parse_config(std::string{kSmallest} +
                                       "[garden]\nhosts = [\"A.Example\", "
                                       "\"*.b\u00fccher.example\", '/img[0-9]\\.c\\.example/']\n"
                                       "hosts_file = \"/nowhere/list\"\n",
                                   "t.toml");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->garden.host_names,
            (std::vector<std::string>{"a.example", "*.xn--bcher-kva.example"}));
  EXPECT_EQ(config->garden.host_patterns, (std::vector<std::string>{"/img[0-9]\\.c\\.example/"}));
  EXPECT_TRUE(config->garden.hosts->contains("www.xn--bcher-kva.example"));
  EXPECT_EQ(config->garden.hosts_file, "/nowhere/list") << "which parsing does not open";
  EXPECT_EQ(
      error_with("[garden]\nhosts = [\n\"a.example\", \"b.*.example\"]\n"),
      "t.toml:10: `garden.hosts`: \"b.*.example\" has a * that is not in front; write it like "
      "\"a.example\" or \"*.a.example\"");
  EXPECT_EQ(
      error_with("[garden]\nstate = \"garden.jsonl\"\n"),
      "t.toml:9: `garden.state` is \"garden.jsonl\"; it must be an absolute path, or \"\" for "
      "none");
}

TEST(Config, WarnsOfHostsThatCannotBeLearntAndOfProbes) {
  const auto told = [](const std::string& more) {
    const auto config = parse_config(std::string{kSmallest} + more, "t.toml");
    EXPECT_TRUE(config) << config.error().text();
    std::vector<std::string> texts;
    for (const Error& warning : warnings(*config)) texts.push_back(warning.text());
    return texts;
  };
  const std::string resolver = "[guest]\nresolvers = [\"192.0.2.53\"]\n";
  EXPECT_TRUE(told(resolver + "[garden]\nhosts = [\"a.example\"]\n").empty());
  const auto unlearnt = told("[garden]\nhosts = [\"a.example\"]\n");
  ASSERT_EQ(unlearnt.size(), 2U);
  EXPECT_EQ(
      unlearnt[0],
      "t.toml:9: guests cannot reach the hosts of the garden: their addresses are learnt from "
      "resolvers that are named alone; set `guest.resolvers` to their addresses");
  const auto probe = told(resolver + "[garden]\nhosts = [\"captive.apple.com\"]\n");
  ASSERT_EQ(probe.size(), 1U);
  EXPECT_TRUE(
      probe[0].starts_with("t.toml:11: the garden holds captive.apple.com, by which clients"))
      << probe[0];
  EXPECT_EQ(told(resolver + "[garden]\nhosts = [\"*.msftconnecttest.com\"]\n").size(), 1U);
}

class Secret : public testing::Test {
 protected:
  /// The error of loading a config whose secret is a file of `size` bytes with `mode`.
  std::string error_of_secret(std::size_t size, mode_t mode) {
    const std::string key = (folder_ / "key").string();
    std::filesystem::remove(key);
    std::ofstream{key} << std::string(size, 'k');
    ::chmod(key.c_str(), mode);
    std::string text{kSmallest};
    text.replace(text.find("/etc/gate511/link.key"), 21, key);
    std::ofstream{folder_ / "c.toml"} << text;
    const auto config = load_config((folder_ / "c.toml").string());
    return config ? "no error" : config.error().text();
  }

  test::TempFolder folder_;
};

TEST_F(Secret, IsChecked) {
  const std::string where = (folder_ / "c.toml:7: `portal.secret_file` ").string();
  const std::string key = (folder_ / "key").string();
  EXPECT_EQ(error_of_secret(32, 0640), "no error");
  EXPECT_EQ(error_of_secret(31, 0600), where + key +
                                           " has 31 bytes, fewer than 32; make one: head -c 32 "
                                           "/dev/urandom >" +
                                           key);
  EXPECT_EQ(error_of_secret(32, 0644),
            where + key + " is open to every user; close it: chmod 0640 " + key);
  EXPECT_NE(error_of_secret(5000, 0600), "no error");
  EXPECT_EQ(load_config("/nonexistent/gate511.toml").error().text(),
            "/nonexistent/gate511.toml: cannot be opened: No such file or directory; give the "
            "configuration file with --config FILE");
}

TEST(Config, ReadsWhatClientsAreAnswered) {
  const auto config =
      parse_config(std::string{kSmallest} +
                       "[response]\nmode = \"511\"\nhttps = \"alert\"\n"
                       "probes = [\"default\", \"venue probe.example /check*\"]\n"
                       "language = \"ar\"\nsentences = {de = \"Hallo\"}\n"
                       "[[zone]]\nname = \"hall\"\nlink = \"venue\"\nvlans = [10]\n"
                       "[zone.response]\nmode = \"auto\"\nsentences = {fr = \"Bonjour\"}\n",
                   "t.toml");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_FALSE(config->response.redirect_probes);
  EXPECT_EQ(config->response.https, policy::HttpsPolicy::kAlert);
  EXPECT_EQ(config->response.probes,
            (std::vector<std::string>{"default", "venue probe.example /check*"}));
  EXPECT_EQ(config->response.language, http::Language::kArabic);
  EXPECT_EQ(config->response.sentences[1], "Hallo");
  const ResponseConfig& hall = config->zones[0].response;
  EXPECT_TRUE(hall.redirect_probes);
  EXPECT_EQ(hall.sentences[1], "Hallo");
  EXPECT_EQ(hall.sentences[2], "Bonjour");
  const auto plain = parse_config(kSmallest, "t.toml");
  EXPECT_TRUE(plain->response.redirect_probes);
  EXPECT_EQ(plain->response.probes, std::vector<std::string>{"default"});
}

TEST(Config, SaysWhatIsWrongWithAnswers) {
  EXPECT_EQ(error_with("[response]\nmode = \"302\"\n"),
            "t.toml:9: `response.mode` is \"302\"; it must be \"auto\" or \"511\"");
  EXPECT_EQ(
      error_with("[response]\nprobes = [\"default\",\n\"venue probe.example\"]\n"),
      "t.toml:10: `response.probes` holds a probe rule of fewer than three words; write `NAME HOST "
      "PATH [USER-AGENT]`, such as `venue probe.example /check*`, or \"default\" for the rules "
      "that "
      "are built in");
  EXPECT_EQ(
      error_with("[response]\nlanguage = \"nl\"\n"),
      "t.toml:9: `response.language` is \"nl\"; it must be \"en\", \"de\", \"fr\", \"es\", \"pt\", "
      "\"zh\" or \"ar\"");
  EXPECT_EQ(error_with("[response]\nsentences = {nl = \"x\"}\n"),
            "t.toml:9: unknown key `response.sentences.nl`; did you mean `en`? response.sentences "
            "takes en, "
            "de, fr, es, pt, zh, ar");
  EXPECT_EQ(error_with("[response]\nsentences = {en = \"\"}\n"),
            "t.toml:9: `response.sentences.en` is empty or holds control characters; give one "
            "sentence that "
            "says that the network asks for a login");
}

}  // namespace
}  // namespace gate511::control
