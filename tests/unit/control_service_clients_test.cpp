// SPDX-License-Identifier: BSD-3-Clause
//
// The methods that tell of clients, and those that change a session that is there.
#include "control_service_fixture.hpp"

namespace gate511::control {
namespace {

using pipeline::SightingSource;

const char* const kOther = "02:00:5e:00:53:02";

class ClientMethodsTest : public ServiceTest {
 protected:
  explicit ClientMethodsTest(KeyKind kind = KeyKind::kMac) : ServiceTest{kind} {}

  void see(const char* mac, std::string_view address, SightingSource source = SightingSource::kArp,
           std::uint16_t vlan = 0, std::uint8_t link = 0) {
    world_.sightings.waiting.push_back(
        {.address = address.empty() ? net::IpAddress{} : *net::parse_ip(address),
         .client = *net::parse_mac(mac),
         .lease_s = source == SightingSource::kDhcp ? 3'600U : 0U,
         .vlan = vlan,
         .link = link,
         .source = source});
  }
  /// `fate traffic`, a line each.
  std::string rules(const Json& params) {
    std::string lines;
    const Json explained = result("explain", params);
    for (const Json& rule : explained["rules"]) {
      lines +=
          rule["verdict"].get<std::string>() + ": " + rule["traffic"].get<std::string>() + "\n";
    }
    return lines;
  }
};

class ClientMethodsWithVlanTest : public ClientMethodsTest {
 protected:
  ClientMethodsWithVlanTest() : ClientMethodsTest{KeyKind::kMacVlan} {}
};

TEST_F(ClientMethodsTest, AClientIsShownWithItsAddresses) {
  see(kMac, "192.0.2.200", SightingSource::kDhcp);
  see(kMac, "fe80::1", SightingSource::kNd);
  EXPECT_EQ(result("client.get", {{"mac", kMac}})["client"], Json::parse(R"({
    "mac":"02:00:5e:00:53:01","vlan":0,"link":"venue","state":"guest","first_seen":1750000000,
    "last_seen":1750000000,"addresses":[
    {"address":"192.0.2.200","source":"dhcp","vlan":0,"link":"venue","first_seen":1750000000,
     "last_seen":1750000000,"also_claimed_by":[]},
    {"address":"fe80::1","source":"nd","vlan":0,"link":"venue","first_seen":1750000000,
     "last_seen":1750000000,"also_claimed_by":[]}]})"));
  result("session.add", {{"mac", kMac}, {"state", "restricted"}});
  world_.time.advance_ms(5'000);
  const Json by_ip = result("client.get", {{"ip", "192.0.2.200"}})["client"];
  EXPECT_EQ(by_ip["state"], "restricted");
  EXPECT_EQ(by_ip["last_seen"], 1'750'000'000);
}

TEST_F(ClientMethodsTest, ListsByStateAndPlace) {
  for (int n = 1; n <= 5; ++n) {
    const std::string mac = "02:00:5e:00:53:0" + std::to_string(n);
    see(mac.c_str(), "", SightingSource::kArp, n < 3 ? 0 : 10, n < 4 ? 0 : 1);
  }
  result("session.add", {{"mac", kMac}});
  const auto macs = [this](Json params) {
    std::string all;
    for (;;) {
      const Json page = result("client.list", params);
      for (const Json& client : page["clients"])
        all += client["mac"].get<std::string>().substr(15) + " ";
      if (page["next_cursor"].is_null()) return all;
      params["cursor"] = page["next_cursor"];
    }
  };
  EXPECT_EQ(macs({{"limit", 2}}), "01 02 03 04 05 ");
  EXPECT_EQ(macs({{"state", "guest"}}), "02 03 04 05 ");
  EXPECT_EQ(macs({{"state", "session"}}), "01 ");
  EXPECT_EQ(macs({{"vlan", 10}, {"limit", 1}}), "03 04 05 ");
  EXPECT_EQ(macs({{"link", "annex"}}), "04 05 ");
  const Json page = result("client.list");
  EXPECT_EQ(page["known"], 5);
  EXPECT_EQ(page["capacity"], 8);
  EXPECT_EQ(page["displaced"], 0);
}

TEST_F(ClientMethodsTest, ASessionIsFoundByAddress) {
  see(kMac, "2001:db8::1", SightingSource::kNd);
  result("session.add", {{"mac", kMac}});
  EXPECT_EQ(result("session.get", {{"ip", "2001:db8::1"}})["session"]["mac"], kMac);
  EXPECT_EQ(result("session.get", {{"ip", "2001:0db8:0:0::1"}, {"link", "venue"}})["generation"],
            1);
  result("session.revoke", {{"mac", kMac}});
  EXPECT_EQ(error("session.get", {{"ip", "2001:db8::1"}}),
            "-32001 2001:db8::1 is 02:00:5e:00:53:01, which has no session");
  EXPECT_EQ(error("session.get", {{"ip", "2001:db8::1"}, {"vlan", 7}}),
            "-32001 no client was seen with 2001:db8::1; it is known once it has spoken ARP, ND or "
            "DHCP");
}

TEST_F(ClientMethodsTest, TwoClaimantsConflict) {
  see(kMac, "192.0.2.101");
  see(kOther, "192.0.2.101", SightingSource::kArp, 10, 1);
  EXPECT_EQ(error("session.get", {{"ip", "192.0.2.101"}}),
            "-32004 192.0.2.101 is claimed by 02:00:5e:00:53:01 (arp, untagged, link venue) and "
            "02:00:5e:00:53:02 (arp, VLAN 10, link annex); narrow it by `vlan` or `link`, or give "
            "the `mac`");
  EXPECT_EQ(call("client.get", {{"ip", "192.0.2.101"}})["error"]["data"], Json::parse(R"({
    "reason":"CONFLICT","claimants":[
    {"mac":"02:00:5e:00:53:01","source":"arp","vlan":0,"link":"venue"},
    {"mac":"02:00:5e:00:53:02","source":"arp","vlan":10,"link":"annex"}]})"));
  EXPECT_EQ(result("client.get", {{"ip", "192.0.2.101"}, {"vlan", 10}})["client"]["mac"], kOther);
  EXPECT_EQ(result("client.get", {{"ip", "192.0.2.101"}, {"link", "venue"}})["client"]["mac"],
            kMac);
}

TEST_F(ClientMethodsTest, DhcpOutranksAndTheConflictIsShown) {
  see(kMac, "192.0.2.200", SightingSource::kDhcp);
  see(kOther, "192.0.2.200");
  const Json client = result("client.get", {{"ip", "192.0.2.200"}})["client"];
  EXPECT_EQ(client["mac"], kMac);
  EXPECT_EQ(client["addresses"][0]["also_claimed_by"], Json::array({kOther}));
  EXPECT_EQ(result("client.get", {{"mac", kOther}})["client"]["addresses"][0]["also_claimed_by"],
            Json::array({kMac}));
}

TEST_F(ClientMethodsTest, SaysWhatIsWrong) {
  const std::string choose = "-32602 give one of `mac` (with `vlan` and `link`) and `ip`";
  EXPECT_EQ(error("client.get", Json::object()), choose);
  EXPECT_EQ(error("session.get", {{"mac", kMac}, {"ip", "192.0.2.1"}}), choose);
  EXPECT_EQ(
      error("client.get", {{"mac", kMac}}),
      "-32001 02:00:5e:00:53:01 was not seen; it is known once it has spoken ARP, ND or DHCP");
  EXPECT_EQ(error("client.get", {{"mac", kMac}, {"link", "venue"}}),
            "-32602 `link` is no part of a session's key here; leave it out, or set sessions.key = "
            "\"mac+vlan+link\" in the configuration");
  for (const char* bad : {"192.0.2.300", "ff02::1", "0.0.0.0", "x"}) {
    EXPECT_EQ(error("session.get", {{"ip", bad}}),
              std::string{"-32602 `"} + bad +
                  "` is no host's IP address; write it like 192.0.2.100 or 2001:db8::100");
  }
  EXPECT_EQ(error("client.list", {{"link", "attic"}}),
            "-32602 there is no link `attic`; there is venue, annex");
  EXPECT_EQ(error("client.list", {{"cursor", "1"}}),
            "-32602 `cursor` must be a `next_cursor` as it was given");
  EXPECT_EQ(error("client.list", {{"limit", 501}}),
            "-32602 `limit` must be an integer from 1 to 500");
  EXPECT_EQ(error("client.list", {{"state", "blocked"}}),
            "-32602 `state` must be one of guest, session");
  EXPECT_EQ(error("explain", Json::object()), "-32602 `mac` is missing");
  EXPECT_EQ(error("explain", {{"mac", "x"}}),
            "-32003 `x` is no MAC address; write it like 02:00:5e:00:53:01");
}

TEST_F(ClientMethodsTest, ExplainsAGuestByTheRules) {
  EXPECT_EQ(rules({{"mac", kMac}}),
            "fragment: IP fragment\n"
            "arp: ARP\n"
            "neighbour: IPv6 neighbour discovery\n"
            "dhcp: DHCP request\n"
            "dns: DNS to 192.0.2.53\n"
            "dns_refused: DNS to any other\n"
            "ntp: NTP to 192.0.2.123\n"
            "garden: all to the portal and the garden, 192.0.2.10\n"
            "page: TCP to port 80\n"
            "https_refused: TCP to port 443\n"
            "tcp_refused: TCP to any other port\n"
            "udp_refused: UDP to any other port\n"
            "guest_denied: ICMP and all else\n");
  const Json explained = result("explain", {{"mac", kMac}});
  EXPECT_EQ(explained["state"], "guest");
  EXPECT_EQ(explained["why"], Json::array({"it has no session, so it is a guest",
                                           "zone default holds for it: link venue, untagged",
                                           "it was not seen: it has not spoken ARP, ND or DHCP",
                                           "it is told of no API of the portal: portal.api_url is "
                                           "not set"}));
  EXPECT_EQ(explained["rules"][8], Json::parse(R"({"traffic":"TCP to port 80","fate":"answered",
    "verdict":"page","sentence":"guest's request answered with the 511"})"));
  EXPECT_EQ(explained["session"], nullptr);
  EXPECT_EQ(explained["client"], nullptr);
}

TEST_F(ClientMethodsTest, ExplainsWhatASessionIsBoundTo) {
  result("session.add", {{"mac", kMac}, {"bind_ip", {"192.0.2.7"}}, {"ttl_s", 0}});
  const Json explained = result("explain", {{"mac", kMac}});
  EXPECT_EQ(explained["why"][0],
            "session 1 lets its client pass with its own addresses, and it "
            "has no end");
  EXPECT_EQ(explained["why"][1],
            "it is bound to 192.0.2.7 (given), and is a guest with another address, but for the "
            "first of a kind that none is known of");
  EXPECT_EQ(explained["session"]["bind_ip"], Json::array({"192.0.2.7"}));
}

TEST_F(ClientMethodsTest, ExplainsWhatARequestIsAnswered) {
  // GET /generate_204 HTTP/1.1, Host: www.gstatic.com
  const Json get = result("explain", {{"mac", kMac},
                                      {"request",
                                       "R0VUIC9nZW5lcmF0ZV8yMDQgSFRUUC8xLjENCkhvc3Q6IHd3dy5nc3Rh"
                                       "dGljLmNvbQ0KDQo="}})["request"];
  EXPECT_EQ(get["answer"], "page");
  EXPECT_EQ(get["status"], 511);
  EXPECT_EQ(get["language"], "en");
  EXPECT_EQ(get["why"],
            Json::array({"it is a GET", "its host is www.gstatic.com, its path /generate_204",
                         "response.mode is 511: no request is taken for a probe",
                         "its language is English: there is no Accept-Language",
                         "the link leads back to http%3A%2F%2Fwww.gstatic.com%2Fgenerate_204"}));
  // HEAD
  const Json head = result("explain", {{"mac", kMac}, {"request", "SEVBRCA="}})["request"];
  EXPECT_EQ(head["answer"], "page");
  EXPECT_EQ(head["body"], false);
  EXPECT_EQ(head["probe"], nullptr);
  EXPECT_FALSE(result("explain", {{"mac", kMac}}).contains("request"));
  for (const char* bad : {"", "x", "SEVBRC=A", "????"}) {
    EXPECT_EQ(error("explain", {{"mac", kMac}, {"request", bad}}),
              "-32602 `request` must be base64 of 1 to 4096 bytes: the request as it is sent")
        << bad;
  }
}

TEST_F(ClientMethodsTest, ExplainsWhatItWasTold) {
  using net::CapportCarrier;
  using net::CapportOutcome;
  world_.snapshot.zones[0].capport = net::CapportOptions{"https://portal.example/api"};
  const auto told = [this](CapportCarrier carrier, CapportOutcome outcome, bool all = false) {
    world_.sightings.announced.push_back({.client = all ? net::MacAddress{} : *net::parse_mac(kMac),
                                          .carrier = carrier,
                                          .outcome = outcome});
  };
  see(kMac, "192.0.2.101");
  EXPECT_EQ(result("explain", {{"mac", kMac}})["why"][3],
            "no answer has passed to it that could tell it of the portal's API");
  told(CapportCarrier::kDhcp4, CapportOutcome::kInserted);
  told(CapportCarrier::kRouterAdvert, CapportOutcome::kPresent, true);
  world_.time.advance_ms(3'000);
  EXPECT_EQ(result("explain", {{"mac", kMac}})["capport"]["dhcp4"]["ago_s"], 0);
  world_.time.advance_ms(3'000);
  const Json explained = result("explain", {{"mac", kMac}});
  EXPECT_EQ(explained["capport"], Json::parse(R"({"api_url":"https://portal.example/api",
    "dhcp4":{"outcome":"inserted","ago_s":3},"dhcp6":null,
    "router_advert":{"outcome":"present","ago_s":3}})"));
  EXPECT_EQ(explained["why"][3], "it was told of the portal's API by DHCP 3 s ago");
  EXPECT_EQ(
      explained["why"][4],
      "it was told of an API by a router advertisement 3 s ago, not by the gateway: it has the "
      "option already");
  // Another client heard the advertisement too, and had no answer of DHCP.
  const Json other = result("explain", {{"mac", kOther}, {"link", "venue"}});
  EXPECT_EQ(other["capport"]["dhcp4"], nullptr);
  EXPECT_EQ(other["capport"]["router_advert"]["outcome"], "present");
  world_.snapshot.links[0].zone_of_vlan[0].enforce = policy::Enforce::kMonitor;
  EXPECT_EQ(result("explain", {{"mac", kOther}, {"link", "venue"}})["why"][4],
            "it is told of no API of the portal: nothing is enforced in its zone");
}

TEST_F(ClientMethodsTest, ExplainsByTheZoneThatItIsIn) {
  see(kMac, "192.0.2.101", SightingSource::kArp, 20, 1);
  const Json explained = result("explain", {{"mac", kMac}});
  EXPECT_EQ(explained["zone"], "staff");
  EXPECT_EQ(explained["link"], "annex");
  EXPECT_EQ(explained["vlan"], 20);
  EXPECT_EQ(explained["why"][1], "zone staff holds for it: link annex, VLAN 20");
  EXPECT_EQ(explained["why"][2],
            "it was last seen 0 s ago on link annex, VLAN 20, with 192.0.2.101 (arp)");
  EXPECT_NE(rules({{"mac", kMac}}).find("https_dropped: TCP to port 443"), std::string::npos);
  EXPECT_EQ(result("explain", {{"mac", kMac}, {"vlan", 0}})["zone"], "default");
  EXPECT_EQ(result("explain", {{"mac", kMac}, {"link", "venue"}})["zone"], "default");
}

TEST_F(ClientMethodsTest, ExplainsASession) {
  result("session.add", {{"mac", kMac}, {"ttl_s", 60}});
  Json explained = result("explain", {{"mac", kMac}});
  EXPECT_EQ(explained["why"][0],
            "session 1 lets every frame of its client pass, and it ends in 60 s");
  EXPECT_EQ(rules({{"mac", kMac}}), "session: all\n");
  EXPECT_EQ(explained["session"]["id"], 1);
  result("session.add", {{"mac", kMac}, {"state", "blocked"}, {"ttl_s", 0}});
  explained = result("explain", {{"mac", kMac}});
  EXPECT_EQ(explained["why"][0],
            "session 1 is blocked: every frame of its client is dropped, and it has no end");
  EXPECT_EQ(rules({{"mac", kMac}}), "blocked: all\n");
  result("session.add", {{"mac", kMac}, {"state", "restricted"}});
  EXPECT_EQ(result("explain", {{"mac", kMac}})["rules"].size(), 13U);
}

TEST_F(ClientMethodsWithVlanTest, VlanIsPartOfTheKey) {
  see(kMac, "192.0.2.101", SightingSource::kArp, 10);
  result("session.add", {{"mac", kMac}, {"vlan", 10}});
  EXPECT_EQ(result("session.get", {{"ip", "192.0.2.101"}})["session"]["vlan"], 10);
  EXPECT_EQ(result("client.get", {{"mac", kMac}, {"vlan", 10}})["client"]["state"],
            "authenticated");
  EXPECT_EQ(result("explain", {{"mac", kMac}, {"vlan", 10}})["state"], "authenticated");
  EXPECT_EQ(result("explain", {{"mac", kMac}})["state"], "guest");
  EXPECT_EQ(result("session.move", {{"mac", kMac}, {"vlan", 10}, {"to_vlan", 20}})["session"]["id"],
            1);
  EXPECT_EQ(error("session.get", {{"mac", kMac}, {"vlan", 10}}),
            "-32001 02:00:5e:00:53:01 has no session");
  EXPECT_EQ(error("session.move", {{"mac", kMac}, {"vlan", 20}, {"to_vlan", 20}}),
            "-32602 give `to_mac`, `to_vlan` or `to_link`, other than they are");
}

TEST_F(ClientMethodsTest, Extends) {
  result("session.add", {{"mac", kMac}, {"ttl_s", 100}});
  world_.time.advance_ms(40'000);
  EXPECT_EQ(result("session.extend", {{"mac", kMac}, {"add_s", 30}})["session"]["ttl_s"], 90);
  EXPECT_EQ(result("session.extend", {{"mac", kMac}, {"ttl_s", 50}})["session"]["ttl_s"], 50);
  EXPECT_EQ(result("session.extend",
                   {{"mac", kMac}, {"expires_at", kUnixStart_s + 60}})["session"]["ttl_s"],
            20);
  EXPECT_EQ(result("session.extend", {{"mac", kMac}, {"ttl_s", 0}})["session"]["expires_at"],
            nullptr);
  EXPECT_EQ(error("session.extend", {{"mac", kMac}, {"add_s", 30}}),
            "-32602 02:00:5e:00:53:01 has no end to add `add_s` to; give `ttl_s` or `expires_at`");
  const std::string choose = "-32602 give one of `ttl_s`, `expires_at` and `add_s`";
  EXPECT_EQ(error("session.extend", {{"mac", kMac}}), choose);
  EXPECT_EQ(error("session.extend", {{"mac", kMac}, {"add_s", 1}, {"ttl_s", 1}}), choose);
  EXPECT_EQ(error("session.extend", {{"mac", kOther}, {"ttl_s", 1}}),
            "-32001 02:00:5e:00:53:02 has no session");
  EXPECT_EQ(error("session.extend", {{"mac", kOther}, {"add_s", 1}}),
            "-32001 02:00:5e:00:53:02 has no session");
  EXPECT_EQ(world_.table.size(), 1U);
}

TEST_F(ClientMethodsTest, Moves) {
  result("session.add", {{"mac", kMac}, {"tag", "room-12"}});
  EXPECT_EQ(error("session.move", {{"mac", kMac}}),
            "-32602 give `to_mac`, `to_vlan` or `to_link`, other than they are");
  EXPECT_EQ(error("session.move", {{"mac", kMac}, {"to_vlan", 5}}),
            "-32602 `to_vlan` is no part of a session's key here; leave it out, or set "
            "sessions.key = \"mac+vlan\" in the configuration");
  EXPECT_EQ(error("session.move", {{"mac", kMac}, {"to_mac", "x"}}),
            "-32003 `x` is no MAC address; write it like 02:00:5e:00:53:01");
  EXPECT_EQ(error("session.move", {{"mac", kOther}, {"to_mac", kMac}}),
            "-32001 02:00:5e:00:53:02 has no session");
  const Json moved = result("session.move", {{"mac", kMac}, {"to_mac", kOther}});
  EXPECT_EQ(moved["session"]["id"], 1);
  EXPECT_EQ(moved["session"]["tag"], "room-12");
  EXPECT_EQ(moved["session"]["mac"], kOther);
  result("session.add", {{"mac", kMac}});
  EXPECT_EQ(error("session.move", {{"mac", kMac}, {"to_mac", kOther}}),
            "-32004 02:00:5e:00:53:02 has a session already; revoke it first");
  for (const char* mac : {"02:00:5e:00:53:03", "02:00:5e:00:53:04"})
    result("session.add", {{"mac", mac}});
  EXPECT_EQ(error("session.move", {{"mac", kMac}, {"to_mac", "02:00:5e:00:53:05"}}),
            "-32002 a move needs room for one more session, and sessions.capacity is reached; "
            "revoke some, or raise it in the configuration");
}

}  // namespace
}  // namespace gate511::control
