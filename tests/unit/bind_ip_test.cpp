// SPDX-License-Identifier: BSD-3-Clause
//
// `bind_ip`: how it is given and shown, what the workers read of it and for how long, and what is
// there after a restart.
#include "control/bind_ip.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include "control/store/sqlite_store.hpp"
#include "control_fakes.hpp"
#include "support/forgetful_disk.hpp"

namespace gate511::control {
namespace {

using table::BoundAddresses;
using table::State;

constexpr table::Key key(std::uint64_t n) {
  return {net::MacAddress{0x0200'5e00'5300 + n}, 0};
}

/// What is shown of what is given, or the error.
std::string shown(const Json& given) {
  const Json params{{"bind_ip", given}};
  Params read{params, {"bind_ip"}};
  const auto bind = read_bind_ip(read);
  if (read.error()) return read.error()->message;
  std::string text;
  const Bound bound{bind->given};
  append_bind_ip(text, bind->on ? &bound : nullptr);
  return text;
}

TEST(BindIp, IsGivenAndShown) {
  EXPECT_EQ(shown(false), "false");
  EXPECT_EQ(shown(true), "[]");
  EXPECT_EQ(shown(Json::array()), "[]");
  EXPECT_EQ(shown({"2001:db8:1::/64", "192.0.2.7", "fe80::7"}),
            R"(["192.0.2.7","fe80::7","2001:db8:1::/64"])");
  EXPECT_EQ(shown({"2001:db8:1::5", "2001:db8:1::6"}), R"(["2001:db8:1::/64"])")
      << "an address stands for its /64";
}

TEST(BindIp, SaysWhatIsWrong) {
  for (const Json& given : {Json(1), Json("192.0.2.7"), Json(nullptr), Json::object(),
                            Json(std::vector<std::string>(7, "192.0.2.7"))})
    EXPECT_EQ(shown(given), "`bind_ip` must be true, false or an array of addresses") << given;
  for (const char* one : {"", "room-12", "192.0.2.0/24", "2001:db8::/48", "2001:db8::1/64",
                          "fe80::/64", "0.0.0.0", "224.0.0.1", "ff02::1", "::1", "192.0.2.7/64"})
    EXPECT_EQ(shown({one}),
              "`bind_ip` takes addresses of hosts, and prefixes of IPv6 as `2001:db8:1::/64`")
        << one;
  const char* const kTooMany = "`bind_ip` takes one IPv4 address, one of fe80::/64 and 4 /64s";
  EXPECT_EQ(shown({"192.0.2.7", "192.0.2.8"}), kTooMany);
  EXPECT_EQ(shown({"fe80::7", "fe80::8"}), kTooMany);
  EXPECT_EQ(shown({"fe80:0:0:1::7"}), kTooMany);
  EXPECT_EQ(
      shown({"2001:db8:1::1", "2001:db8:2::1", "2001:db8:3::1", "2001:db8:4::1", "2001:db8:5::1"}),
      kTooMany);
}

class BoundSessions : public testing::Test {
 protected:
  static SessionFields bind(const BoundAddresses& given = {}) {
    return {.bind_ip = SessionFields::BindIp{true, given}};
  }
  State state(std::uint64_t n) { return table::settled(world_.table.look_up(key(n)).state); }
  /// As a worker reads it.
  table::Binding* read(std::uint64_t n) {
    return world_.bindings[world_.table.look_up(key(n)).index].load();
  }

  World world_;
};

TEST_F(BoundSessions, AreSeenByTheWorkers) {
  ASSERT_TRUE(world_.add(key(1), bind({.v4 = 7})));
  EXPECT_EQ(state(1), State::kBound);
  EXPECT_EQ(read(1)->addresses().v4, 7U);
  ASSERT_TRUE(world_.add(key(1), {.rate_up_bps = 8'000}));
  EXPECT_EQ(state(1), table::authenticated(true, true)) << "what is not given stays";
  EXPECT_EQ(read(1)->addresses().v4, 7U);
  ASSERT_TRUE(world_.add(key(1), {.bind_ip = SessionFields::BindIp{}}));
  EXPECT_EQ(state(1), State::kPoliced);
  ASSERT_TRUE(
      world_.add(key(2), {.state = State::kBlocked, .bind_ip = SessionFields::BindIp{true}}));
  EXPECT_EQ(state(2), State::kBlocked);
}

TEST_F(BoundSessions, KeepTheFormerAddressesUntilNoWorkerReadsThem) {
  ASSERT_TRUE(world_.add(key(1), bind({.v4 = 7})));
  world_.settle();
  const std::weak_ptr<Bound> former = world_.sessions.find(key(1))->record.bound;
  world_.workers.stuck = true;
  ASSERT_TRUE(world_.add(key(1), bind()));
  world_.settle();
  EXPECT_EQ(read(1)->addresses(), BoundAddresses{})
      << "given anew, it is what it is first seen with";
  EXPECT_FALSE(former.expired());
  world_.workers.stuck = false;
  world_.settle();
  EXPECT_TRUE(former.expired());
}

TEST_F(BoundSessions, LeaveNoWayToTheFormerAddressesBeforeTheWorkersAreWaitedFor) {
  ASSERT_TRUE(world_.add(key(1), bind({.v4 = 7})));
  world_.settle();
  const auto index = world_.table.look_up(key(1)).index;
  const table::Binding* former = read(1);
  bool was_there = false;
  world_.workers.on_start = [&] {
    was_there = was_there || (table::is_bound(world_.table.look_up(key(1)).state) &&
                              world_.bindings[index].load() == former);
  };
  ASSERT_TRUE(world_.add(key(1), bind({.v4 = 8})));
  world_.settle();
  EXPECT_FALSE(was_there);
  former = read(1);
  ASSERT_TRUE(world_.add(key(1), {.bind_ip = SessionFields::BindIp{false, {}}}));
  world_.settle();
  EXPECT_FALSE(was_there);
  world_.workers.on_start = {};
}

TEST_F(BoundSessions, EndWithTheirAddresses) {
  ASSERT_TRUE(world_.add(key(1), bind({.v4 = 7})));
  world_.settle();
  const std::weak_ptr<Bound> bound = world_.sessions.find(key(1))->record.bound;
  world_.workers.stuck = true;
  world_.sessions.revoke(key(1), [](const Sessions::Revoked& /*revoked*/) {});
  world_.settle();
  EXPECT_FALSE(bound.expired()) << "a worker may be at it still";
  world_.workers.stuck = false;
  world_.settle();
  EXPECT_TRUE(bound.expired());
}

TEST_F(BoundSessions, AreBoundAnewByAMove) {
  ASSERT_TRUE(world_.add(key(1), bind({.v4 = 7})));
  world_.settle();
  ASSERT_EQ(world_.sessions.move(key(1), key(2), [](Sessions::Settled /*settled*/) {}),
            Sessions::Refusal::kNone);
  EXPECT_EQ(state(2), State::kBound);
  EXPECT_EQ(read(2)->addresses(), BoundAddresses{});
  world_.settle();
}

TEST_F(BoundSessions, HaveWhatDhcpGaveThemFromTheStart) {
  const auto leased = [](std::uint32_t v4) {
    return BoundAddresses{.v4 = v4, .v4_origin = table::Origin::kLeased};
  };
  for (const std::uint64_t n : {1U, 2U}) {
    world_.clients.add({.address = net::IpAddress::v4(static_cast<std::uint32_t>(n)),
                        .client = key(n).mac(),
                        .lease_s = 60,
                        .source = pipeline::SightingSource::kDhcp});
  }
  ASSERT_TRUE(world_.add(key(1), bind()));
  EXPECT_EQ(read(1)->addresses(), leased(1));
  world_.settle();
  ASSERT_EQ(world_.sessions.move(key(1), key(2), [](Sessions::Settled /*settled*/) {}),
            Sessions::Refusal::kNone);
  EXPECT_EQ(read(2)->addresses(), leased(2));
  world_.settle();
  ASSERT_TRUE(world_.add(key(1), bind({.v4 = 7, .v4_origin = table::Origin::kGiven})));
  EXPECT_EQ(read(1)->addresses().v4, 7U) << "the operator knows better";
}

TEST(BindIp, IsToldInASentence) {
  EXPECT_EQ(bound_sentence({}),
            "it is bound to the addresses that it is first seen with, and none is known yet");
  BoundAddresses addresses{.v4 = 0xc000'0207};
  const std::string more = ", but for the first of a kind that none is known of";
  EXPECT_EQ(bound_sentence(addresses),
            "it is bound to 192.0.2.7 (first seen), and is a guest with another address" + more);
  addresses.v4_origin = table::Origin::kLeased;
  addresses.link_local = 7;
  EXPECT_EQ(
      bound_sentence(addresses),
      "it is bound to 192.0.2.7 (from DHCP), fe80::7, and is a guest with another address" + more);
  addresses.v4_origin = table::Origin::kGiven;
  addresses.prefix_64[0] = 0x2001'0db8'0001'0000;
  addresses.has_all_prefixes = true;
  EXPECT_EQ(bound_sentence(addresses),
            "it is bound to 192.0.2.7 (given), fe80::7, 2001:db8:1::/64, and is a guest with "
            "another address");
}

/// A daemon's life over what the disk holds.
class StoredBoundSessions : public testing::Test {
 protected:
  struct Life {
    Life() {
      auto opened = store::SqliteStore::open("sessions.db", 1);
      EXPECT_TRUE(opened);
      store = std::move(opened->store);
      world.ledger.connect(*store, opened->restored.unix_ms, false);
      for (const auto& one : opened->restored.sessions) EXPECT_TRUE(world.sessions.restore(one));
    }
    void settle() {
      for (world.settle(); store->owed() > 0; world.settle()) {
        pollfd ready{store->fd(), POLLIN, 0};
        ASSERT_EQ(::poll(&ready, 1, 5'000), 1);
        store->finish();
      }
    }
    std::shared_ptr<Bound> bound(std::uint64_t n) {
      return world.sessions.find(key(n))->record.bound;
    }
    World world;
    std::unique_ptr<store::Store> store;
  };

  test::ForgetfulDisk disk_;
};

TEST_F(StoredBoundSessions, HaveTheAddressesThatTheyWereSeenWith) {
  const BoundAddresses given{.link_local = 5, .prefix_64 = {0x2001'0db8'0001'0000}};
  {
    Life first;
    ASSERT_TRUE(first.world.add(key(1), {.bind_ip = SessionFields::BindIp{true, given}}));
    ASSERT_TRUE(first.world.add(key(2), {.bind_ip = SessionFields::BindIp{true, given}}));
    ASSERT_TRUE(first.world.add(key(3), {}));
    first.settle();
    EXPECT_TRUE(first.bound(1)->binding.take(net::IpAddress::v4(7)));
    first.world.sessions.checkpoint_all();
    first.settle();
    EXPECT_TRUE(first.bound(2)->binding.take(net::IpAddress::v4(8)));
    first.settle();
  }
  Life second;
  BoundAddresses seen = given;
  seen.v4 = 7;
  EXPECT_EQ(second.bound(1)->binding.addresses(), seen);
  EXPECT_EQ(second.bound(2)->binding.addresses(), given) << "what was not kept is learnt again";
  EXPECT_EQ(second.bound(3), nullptr);
  EXPECT_EQ(table::settled(second.world.table.look_up(key(1)).state), State::kBound);
}

TEST_F(StoredBoundSessions, HaveTheirLeaseWhereAnAddressWasMerelySeen) {
  {
    Life first;
    ASSERT_TRUE(first.world.add(key(1), {.bind_ip = SessionFields::BindIp{true, {}}}));
    first.settle();
    EXPECT_TRUE(first.bound(1)->binding.take(net::IpAddress::v4(7)));
    first.world.sessions.checkpoint_all();
    first.settle();
  }
  {
    Life second;
    second.bound(1)->binding.lease(8);
    second.world.sessions.checkpoint_all();
    second.settle();
  }
  Life third;
  third.bound(1)->binding.lease(9);
  EXPECT_EQ(third.bound(1)->binding.addresses(),
            (BoundAddresses{.v4 = 8, .v4_origin = table::Origin::kLeased}));
}

TEST_F(StoredBoundSessions, AreAsTheyWereIfAChangeCannotBeStored) {
  Life life;
  ASSERT_TRUE(
      life.world.add(key(1), {.bind_ip = SessionFields::BindIp{true, BoundAddresses{.v4 = 7}}}));
  life.settle();
  const auto before = life.bound(1);
  disk_.fails_to_sync = true;
  ASSERT_TRUE(life.world.add(key(1), {.bind_ip = SessionFields::BindIp{}}));
  life.settle();
  EXPECT_EQ(life.bound(1), before);
  EXPECT_EQ(life.world.bindings[life.world.table.look_up(key(1)).index].load(), &before->binding);
  EXPECT_TRUE(table::is_bound(life.world.table.look_up(key(1)).state));
  disk_.fails_to_sync = false;
}

}  // namespace
}  // namespace gate511::control
