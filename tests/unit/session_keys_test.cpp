// SPDX-License-Identifier: BSD-3-Clause
//
// What sessions are known by, over the control socket's methods and as the workers read it.
#include "control/session_keys.hpp"

#include <optional>
#include <set>

#include "control/stored_keys.hpp"
#include "control_service_fixture.hpp"

namespace gate511::control {
namespace {

constexpr net::MacAddress kPhone{0x0200'5e00'5301};

TEST(SessionKeys, OfTheMacAloneAreTheSameEverywhere) {
  SessionKeys keys{KeyKind::kMac, {"venue", "annex"}};
  EXPECT_EQ(keys.client(kPhone, 20, 1), (ClientKey{kPhone, 0, 0}));
  EXPECT_EQ(keys.make(keys.client(kPhone, 20, 1)), (table::Key{kPhone, 0}));
  for (const std::size_t link : {0U, 1U}) EXPECT_EQ((*keys.numbers(link))[20].load(), 0);
}

TEST(SessionKeys, ByVlanHaveItAsTheirNumber) {
  SessionKeys keys{KeyKind::kMacVlan, {"venue", "annex"}};
  EXPECT_EQ(keys.client(kPhone, 20, 1), (ClientKey{kPhone, 20, 0}));
  EXPECT_EQ(keys.find({kPhone, 20, 0}), (table::Key{kPhone, 20}));
  for (const std::size_t link : {0U, 1U}) EXPECT_EQ((*keys.numbers(link))[20].load(), 20);
}

TEST(SessionKeys, ByLinkHaveANumberOnceThereIsASession) {
  SessionKeys keys{KeyKind::kMacVlanLink, {"venue", "annex"}};
  const ClientKey there = keys.client(kPhone, 20, 1);
  EXPECT_EQ(keys.find(there), (table::Key{kPhone, 0}));
  EXPECT_EQ((*keys.numbers(1))[20].load(), 0);
  const auto key = keys.make(there);
  ASSERT_TRUE(key);
  EXPECT_NE(key->number(), 0);
  EXPECT_EQ(keys.make(there), key);
  EXPECT_EQ(keys.find(there), *key);
  EXPECT_EQ(keys.client_of(*key), there);
  EXPECT_EQ((*keys.numbers(1))[20].load(), key->number());
  EXPECT_EQ((*keys.numbers(0))[20].load(), 0) << "the other link's";
}

TEST(SessionKeys, AreRefusedWhereAllNumbersAreGiven) {
  SessionKeys keys{KeyKind::kMacVlanLink, {"venue", "annex"}};
  std::set<std::uint16_t> numbers;
  for (std::uint16_t vlan = 0; vlan < SessionKeys::kMaxPairs; ++vlan) {
    const auto key = keys.make({kPhone, vlan, 0});
    ASSERT_TRUE(key);
    numbers.insert(key->number());
  }
  EXPECT_EQ(numbers.size(), SessionKeys::kMaxPairs);
  EXPECT_EQ(*numbers.begin(), 1);
  EXPECT_EQ(*numbers.rbegin(), 4095) << "12 bits";
  EXPECT_FALSE(keys.make({kPhone, 0, 1}));
  EXPECT_TRUE(keys.make({kPhone, 17, 0})) << "it has one";
}

class SessionsByLinkTest : public ServiceTest {
 protected:
  SessionsByLinkTest() : ServiceTest{KeyKind::kMacVlanLink} {}

  void see(std::string_view address, std::uint8_t link) {
    world_.sightings.waiting.push_back(
        {.address = *net::parse_ip(address), .client = kPhone, .link = link});
  }
};

TEST_F(SessionsByLinkTest, TheLinkIsPartOfTheKey) {
  EXPECT_EQ(result("hello")["features"], Json::array({"session.vlan", "session.link"}));
  const Json added = result("session.add", {{"mac", kMac}, {"link", "annex"}, {"vlan", 20}});
  EXPECT_EQ(added["session"]["link"], "annex");
  EXPECT_EQ(added["session"]["vlan"], 20);
  EXPECT_EQ(result("session.add", {{"mac", kMac}, {"link", "venue"}, {"vlan", 20}})["created"],
            true);
  EXPECT_EQ(
      result("session.get", {{"mac", kMac}, {"link", "venue"}, {"vlan", 20}})["session"]["id"], 2);
  EXPECT_EQ(error("session.get", {{"mac", kMac}, {"link", "venue"}}),
            "-32001 02:00:5e:00:53:01 has no session");
  const Json listed = result("session.list", {{"link", "annex"}})["sessions"];
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0]["id"], 1);
  EXPECT_EQ(result("session.list", {{"vlan", 20}})["sessions"].size(), 2U);
  EXPECT_EQ(result("session.list", {{"vlan", 0}})["sessions"].size(), 0U);
  EXPECT_EQ(result("session.revoke", {{"mac", kMac}, {"link", "annex"}})["existed"], false);
  EXPECT_EQ(result("session.revoke", {{"mac", kMac}, {"link", "annex"}, {"vlan", 20}})["existed"],
            true);
  EXPECT_EQ(
      result("session.extend",
             {{"mac", kMac}, {"link", "venue"}, {"vlan", 20}, {"ttl_s", 9}})["session"]["link"],
      "venue");
}

TEST_F(SessionsByLinkTest, ALinkIsNamedWhereThereAreSeveral) {
  const std::string missing =
      "-32602 `link` is missing, which a session's key has here; give one of venue, annex";
  for (const char* method : {"session.add", "session.get", "session.revoke", "explain"})
    EXPECT_EQ(error(method, {{"mac", kMac}}), missing) << method;
  EXPECT_EQ(error("session.add", {{"mac", kMac}, {"link", "attic"}}),
            "-32602 there is no link `attic`; there is venue, annex");
  EXPECT_EQ(error("session.revoke", {{"tag", "a"}, {"link", "annex"}}),
            "-32602 give one of `mac` (with `vlan` and `link`), `tag`, `user` and `all`: true");
}

TEST_F(SessionsByLinkTest, AClientHasASessionOnOneLinkAlone) {
  see("192.0.2.100", 0);
  see("192.0.2.100", 1);
  EXPECT_EQ(result("client.list")["clients"].size(), 2U);
  result("session.add", {{"mac", kMac}, {"link", "annex"}});
  const auto state = [this](const char* link) {
    return result("client.get", {{"mac", kMac}, {"link", link}})["client"]["state"];
  };
  EXPECT_EQ(state("annex"), "authenticated");
  EXPECT_EQ(state("venue"), "guest");
  EXPECT_EQ(result("session.get", {{"ip", "192.0.2.100"}, {"link", "annex"}})["session"]["id"], 1);
  EXPECT_EQ(error("session.get", {{"ip", "192.0.2.100"}, {"link", "venue"}}),
            "-32001 192.0.2.100 is 02:00:5e:00:53:01, which has no session");
  const Json explained = result("explain", {{"mac", kMac}, {"link", "venue"}});
  EXPECT_EQ(explained["state"], "guest");
  EXPECT_EQ(explained["link"], "venue");
  EXPECT_EQ(result("explain", {{"mac", kMac}, {"link", "annex"}})["state"], "authenticated");
  // By pages of one.
  const Json page = result("client.list", {{"limit", 1}});
  EXPECT_EQ(page["clients"][0]["link"], "venue");
  EXPECT_EQ(result("client.list", {{"cursor", page["next_cursor"]}})["clients"][0]["link"],
            "annex");
}

TEST_F(SessionsByLinkTest, MovesToAnotherLink) {
  result("session.add", {{"mac", kMac}, {"link", "venue"}});
  const Json to{{"mac", kMac}, {"link", "venue"}, {"to_link", "annex"}};
  const Json moved = result("session.move", to)["session"];
  EXPECT_EQ(moved["link"], "annex");
  EXPECT_EQ(moved["id"], 1);
  EXPECT_EQ(error("session.move", to), "-32001 02:00:5e:00:53:01 has no session");
  EXPECT_EQ(error("session.move", {{"mac", kMac}, {"link", "annex"}, {"to_link", "annex"}}),
            "-32602 give `to_mac`, `to_vlan` or `to_link`, other than they are");
}

TEST_F(SessionsByLinkTest, MorePairsThanThereAreNumbersForAreRefusedByName) {
  for (std::uint16_t vlan = 0; vlan < SessionKeys::kMaxPairs; ++vlan)
    ASSERT_TRUE(world_.keys.make({kPhone, vlan, 0}));
  EXPECT_EQ(error("session.add", {{"mac", kMac}, {"link", "annex"}}),
            "-32010 4095 pairs of link and VLAN have had sessions since the start, and no more "
            "can; use fewer, or start gate511 again if some are not used any more");
}

TEST_F(ServiceWithVlanTest, TheLinkIsNoPartOfIt) {
  EXPECT_EQ(error("session.add", {{"mac", kMac}, {"link", "venue"}}),
            "-32602 `link` is no part of a session's key here; leave it out, or set sessions.key "
            "= \"mac+vlan+link\" in the configuration");
}

// ---- over a restart ----

TEST(StoredKeys, AreTheSameAfterALinkHasMoved) {
  World before{64, KeyKind::kMacVlanLink};
  const auto key = before.keys.make({kPhone, 20, 1});
  ASSERT_TRUE(key);
  ASSERT_TRUE(before.add(*key, {}));
  before.settle();
  const store::Session stored = before.ledger.put(before.sessions.find(*key)->record).session;
  EXPECT_EQ(stored.key, (table::Key{kPhone, 20}));
  EXPECT_EQ(stored.link, "annex");

  SessionKeys later{KeyKind::kMacVlanLink, {"annex", "attic", "venue"}};
  store::Restored restored;
  restored.sessions.push_back({stored, {}});
  restored.keyed_by = "mac+vlan+link";
  ASSERT_TRUE(take_stored_keys(restored, later));
  EXPECT_EQ(later.client_of(restored.sessions[0].session.key), (ClientKey{kPhone, 20, 0}));
}

/// A store with one session, opened where sessions are known by `here`: what is said of it.
std::string told(std::string by, std::uint16_t vlan, std::string link, KeyKind here,
                 const std::vector<std::string>& links = {"venue", "annex"}) {
  store::Restored restored;
  restored.keyed_by = std::move(by);
  restored.sessions.push_back({{.id = 7, .key = {kPhone, vlan}, .link = std::move(link)}, {}});
  SessionKeys keys{here, links};
  const auto taken = take_stored_keys(restored, keys);
  return taken ? "taken" : taken.error().what + "; " + taken.error().hint;
}

std::string refused(const std::string& by, const std::string& here, const std::string& edit) {
  return "the store holds sessions (1) that are known by \"" + by + "\", and `sessions.key` is \"" +
         here + "\"; set it to \"" + by + "\" again and start, `gate511ctl export` to a file, " +
         edit + ", and `gate511ctl import` it with another `sessions.store`";
}

TEST(StoredKeys, OfAnotherKindAreRefusedWithWhatToEdit) {
  EXPECT_EQ(told("mac", 0, "", KeyKind::kMac), "taken");
  EXPECT_EQ(told("mac", 0, "", KeyKind::kMacVlan),
            refused("mac", "mac+vlan", "give each line the `vlan` that it is to hold on"));
  EXPECT_EQ(told("mac", 0, "", KeyKind::kMacVlanLink),
            refused("mac", "mac+vlan+link",
                    "give each line the `link` and the `vlan` that it is to hold on"));
  EXPECT_EQ(told("mac+vlan", 0, "", KeyKind::kMac),
            refused("mac+vlan", "mac", "take `vlan` out of each line"))
      << "on untagged frames alone, which is not on any";
  EXPECT_EQ(told("mac+vlan", 20, "", KeyKind::kMacVlan), "taken");
  EXPECT_EQ(
      told("mac+vlan", 20, "", KeyKind::kMacVlanLink),
      refused("mac+vlan", "mac+vlan+link", "give each line the `link` that it is to hold on"));
  EXPECT_EQ(told("mac+vlan+link", 20, "annex", KeyKind::kMac),
            refused("mac+vlan+link", "mac", "take `vlan` and `link` out of each line"));
  EXPECT_EQ(told("mac+vlan+link", 20, "annex", KeyKind::kMacVlan),
            refused("mac+vlan+link", "mac+vlan", "take `link` out of each line"));
  EXPECT_EQ(told("mac+vlan+link", 20, "annex", KeyKind::kMacVlanLink), "taken");
}

TEST(StoredKeys, OfALinkThatIsGoneAreRefused) {
  EXPECT_EQ(told("mac+vlan+link", 20, "annex", KeyKind::kMacVlanLink, {"venue"}),
            "the store holds session 7 of 02:00:5e:00:53:01 on VLAN 20, link annex, which is no "
            "link here; set [[link]] as it was and start, `gate511ctl export` to a file, give the "
            "lines of link annex another `link`, or take them out, and `gate511ctl import` it with "
            "another `sessions.store`");
}

TEST(StoredKeys, OfAStoreThatDoesNotSayAreKnownByItsSessions) {
  EXPECT_EQ(told("", 20, "annex", KeyKind::kMacVlanLink), "taken");
  EXPECT_NE(told("", 20, "annex", KeyKind::kMacVlan), "taken");
  EXPECT_EQ(told("", 20, "", KeyKind::kMacVlan), "taken");
  EXPECT_EQ(told("", 20, "", KeyKind::kMac),
            refused("mac+vlan", "mac", "take `vlan` out of each line"));
  EXPECT_EQ(told("", 0, "", KeyKind::kMac), "taken");
  EXPECT_EQ(told("", 0, "", KeyKind::kMacVlan), "taken") << "it may be of either";
  EXPECT_NE(told("", 0, "", KeyKind::kMacVlanLink), "taken");
}

TEST(StoredKeys, AreTakenAnewWhereThereIsNoSession) {
  store::Restored restored;
  restored.keyed_by = "mac";
  SessionKeys keys{KeyKind::kMacVlan, {"venue"}};
  EXPECT_TRUE(take_stored_keys(restored, keys));
  EXPECT_TRUE(must_tell_kind(restored, keys));
  restored.keyed_by = "mac+vlan";
  EXPECT_FALSE(must_tell_kind(restored, keys));
}

TEST(StoredUse, IsOneGatewaysOrNoOnesAtAll) {
  SessionsConfig shared, alone;
  shared.store = "redis://192.0.2.9";
  shared.copy = "copy.db";
  shared.gateway = 2;
  alone.store = "sessions.db";
  store::Restored fresh, with_own, with_shared;
  with_own.sessions.emplace_back().session.id = 7;
  with_shared.sessions.emplace_back().session.id = 7 + (1ULL << store::kGatewayShift);
  const auto told = [](const store::Restored& restored, const SessionsConfig& sessions) {
    const auto checked = check_use(restored, sessions);
    return checked ? std::string{} : checked.error().text().substr(2);  // without a place
  };
  EXPECT_EQ(told(fresh, shared), "");
  EXPECT_EQ(told(fresh, alone), "");
  EXPECT_EQ(told(with_own, alone), "");
  EXPECT_EQ(told(with_shared, shared), "") << "of before the file said so";
  EXPECT_EQ(told(with_own, shared),
            "copy.db is a store of sessions that are not shared; give each gateway a file of its "
            "own, for this alone");
  EXPECT_NE(told(with_shared, alone), "");
  fresh.used_as = use_of(shared);
  EXPECT_EQ(told(fresh, shared), "");
  EXPECT_EQ(told(fresh, alone),
            "sessions.db is no store but the copy of \"gate511:\" at gateway 2; give another file; "
            "to go on without the server, `gate511ctl export` the sessions and `gate511ctl import` "
            "them into that");
  shared.gateway = 3;
  EXPECT_EQ(told(fresh, shared),
            "copy.db is the copy of \"gate511:\" at gateway 2, not the copy of \"gate511:\" at "
            "gateway 3; give each gateway a file of its own, for this alone");
  shared.gateway = 2;
  shared.store_prefix = "b:";
  EXPECT_NE(told(fresh, shared), "");
}

}  // namespace
}  // namespace gate511::control
