// SPDX-License-Identifier: BSD-3-Clause
//
// A session that is bound to its addresses: frames in, and whether they are the session's, a
// guest's, or told of.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using policy::Verdict;
using table::BoundAddresses;
using table::State;

constexpr net::MacAddress kAll{0xffff'ffff'ffff};

FrameBuilder from_client(std::string_view address, std::string_view to) {
  return FrameBuilder{}.to(kRouter).ip(address, to).tcp(40'000, 9'000, net::tcp_flag::kSyn);
}
FrameBuilder v4_from(std::string_view address) {
  return from_client(address, "198.51.100.80");
}
FrameBuilder v6_from(std::string_view address) {
  return from_client(address, "2001:db8:80::80");
}
FrameBuilder to_client(std::string_view from, std::string_view address) {
  return FrameBuilder{}.from(kRouter).to(kClient).ip(from, address).udp(9'000, 40'000).data("x");
}

Bytes arp(std::string_view sender, net::MacAddress hardware = kClient,
          std::string_view target = "192.0.2.1") {
  Bytes packet = bytes({0, 1, 8, 0, 6, 4, 0, 1});
  packet.resize(28);
  net::store_be48(packet, 8, hardware.value());
  net::store_be(packet, 14, net::parse_ip(sender)->v4_value());
  net::store_be(packet, 24, net::parse_ip(target)->v4_value());
  return packet;
}

class BoundSession : public testing::Test {
 protected:
  BoundSession() { bind(State::kBound); }

  void bind(State state, const BoundAddresses& given = {}) {
    if (index_) gateway.table.erase(*index_), gateway.table.release(*index_);
    index_ = gateway.table.insert({kClient, 0}, State::kRestricted);
    ASSERT_TRUE(index_);
    binding = std::make_unique<table::Binding>(given);
    gateway.bindings[*index_] = binding.get();
    gateway.table.set_state(*index_, state);
  }
  Verdict up(const FrameBuilder& frame) { return gateway.from_access(frame.build()).verdict; }
  Verdict down(const FrameBuilder& frame) { return gateway.from_uplink(frame.build()).verdict; }
  /// The addresses that were told of since the last time.
  std::vector<std::string> told() {
    std::array<pipeline::Sighting, 16> taken;
    const std::size_t count = gateway.pipeline.guarded().take(taken);
    std::vector<std::string> addresses;
    for (const auto& one : std::span{taken}.first(count)) {
      EXPECT_EQ(one.source, pipeline::SightingSource::kForeignAddress);
      EXPECT_EQ(one.client, kClient);
      addresses.push_back(net::to_string(one.address));
    }
    return addresses;
  }
  std::uint64_t counted() { return gateway.counters[*index_].read().packets_up; }

  Gateway gateway;
  std::unique_ptr<table::Binding> binding;

 private:
  std::optional<std::uint32_t> index_;
};

TEST_F(BoundSession, HasTheIpv4AddressThatItIsFirstSeenWith) {
  EXPECT_EQ(up(v4_from("192.0.2.100")), Verdict::kSession);
  EXPECT_EQ(up(v4_from("192.0.2.100")), Verdict::kSession);
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(up(v4_from("192.0.2.101")), Verdict::kTcpRefused) << "it is a guest's";
  EXPECT_EQ(told(), std::vector<std::string>{"192.0.2.101"});
  EXPECT_EQ(up(v4_from("192.0.2.100")), Verdict::kSession);
  EXPECT_EQ(counted(), 3U) << "a guest's frame is not counted as the session's";
}

TEST_F(BoundSession, GetsWhatIsForItsAddressAlone) {
  EXPECT_EQ(down(to_client("198.51.100.80", "192.0.2.100")), Verdict::kNotSolicited)
      << "it has not been seen with it yet";
  up(v4_from("192.0.2.100"));
  EXPECT_EQ(down(to_client("198.51.100.80", "192.0.2.100")), Verdict::kSession);
  EXPECT_EQ(down(to_client("198.51.100.80", "192.0.2.101")), Verdict::kNotSolicited);
  EXPECT_TRUE(told().empty()) << "it is nothing that the client did";
}

TEST_F(BoundSession, HasTemporaryAddressesOfItsPrefixes) {
  EXPECT_EQ(up(v6_from("2001:db8:1:2::10")), Verdict::kSession);
  EXPECT_EQ(up(v6_from("2001:db8:1:2:8d1f:2a3b:4c5d:6e7f")), Verdict::kSession);
  EXPECT_EQ(down(to_client("2001:db8:80::80", "2001:db8:1:2:ffff::1")), Verdict::kSession);
  EXPECT_EQ(up(v6_from("fd00:0:0:1::10")), Verdict::kSession) << "and of another network's";
  EXPECT_EQ(up(v6_from("fd00:0:0:2::10")), Verdict::kSession);
  EXPECT_EQ(up(v6_from("fd00:0:0:3::10")), Verdict::kSession);
  EXPECT_EQ(up(v6_from("fd00:0:0:4::10")), Verdict::kTcpRefused) << "four at most";
  EXPECT_EQ(told(), std::vector<std::string>{"fd00:0:0:4::10"});
  EXPECT_EQ(down(to_client("2001:db8:80::80", "fd00:0:0:4::10")), Verdict::kNotSolicited);
  EXPECT_EQ(up(v6_from("fd00:0:0:3:1::10")), Verdict::kSession);
}

TEST_F(BoundSession, HasOneLinkLocalAddress) {
  const auto router = [](std::string_view from) { return from_client(from, "fe80::1"); };
  EXPECT_EQ(up(router("fe80::100")), Verdict::kSession);
  EXPECT_EQ(up(router("fe80::101")), Verdict::kTcpRefused);
  EXPECT_EQ(up(router("fe80:0:0:1::100")), Verdict::kTcpRefused);
  EXPECT_EQ(up(router("fe80::100")), Verdict::kSession);
}

TEST_F(BoundSession, IsHeldToWhatItWasGiven) {
  bind(State::kBound, {.v4 = net::parse_ip("192.0.2.7")->v4_value(),
                       .prefix_64 = {0x2001'0db8'0001'0000, 0x2001'0db8'0002'0000,
                                     0x2001'0db8'0003'0000, 0x2001'0db8'0004'0000}});
  EXPECT_EQ(up(v4_from("192.0.2.8")), Verdict::kTcpRefused);
  EXPECT_EQ(up(v4_from("192.0.2.7")), Verdict::kSession);
  EXPECT_EQ(up(v6_from("2001:db8:4::9")), Verdict::kSession);
  EXPECT_EQ(up(v6_from("2001:db8:5::9")), Verdict::kTcpRefused);
  EXPECT_EQ(up(from_client("fe80::5", "fe80::1")), Verdict::kSession)
      << "of what was not given, it is what it is first seen with";
}

TEST_F(BoundSession, LearnsNoPrefixWhereOneWasGiven) {
  bind(State::kBound, {.prefix_64 = {0x2001'0db8'0001'0000}, .has_all_prefixes = true});
  EXPECT_EQ(up(v6_from("2001:db8:5::9")), Verdict::kTcpRefused);
  EXPECT_EQ(up(v6_from("2001:db8:1::9")), Verdict::kSession);
  EXPECT_EQ(up(v4_from("192.0.2.8")), Verdict::kSession) << "of what was not given, the first";
  EXPECT_EQ(up(v4_from("192.0.2.9")), Verdict::kTcpRefused);
}

TEST_F(BoundSession, TakesNoIpv6HeaderForAnIpv4Address) {
  bind(State::kBound, {.v4 = net::parse_ip("192.0.2.7")->v4_value()});
  Bytes mapped = v6_from("2001:db8::7").build();
  net::IpAddress{0, 0x0000'ffff'c000'0207}.store_v6(mapped, 14 + 8);
  EXPECT_NE(gateway.from_access(mapped).verdict, Verdict::kSession);
  EXPECT_NE(up(v6_from("::5")), Verdict::kSession) << "no place that is empty holds it";
}

TEST_F(BoundSession, IsToldOfOnceInTenSeconds) {
  up(v4_from("192.0.2.100"));
  up(v4_from("192.0.2.101"));
  up(v4_from("192.0.2.102"));
  EXPECT_EQ(told(), std::vector<std::string>{"192.0.2.101"});
  gateway.now.ns += table::Binding::kQuiet_ns;
  up(v4_from("192.0.2.102"));
  EXPECT_EQ(told(), std::vector<std::string>{"192.0.2.102"});
}

TEST_F(BoundSession, SpeaksArpAsAGuestMay) {
  const auto of = [](std::string_view sender) {
    return FrameBuilder{}.to(kAll).type(0x0806, arp(sender));
  };
  EXPECT_EQ(up(of("0.0.0.0")), Verdict::kArp) << "a probe, RFC 5227";
  EXPECT_EQ(up(of("192.0.2.55")), Verdict::kArp) << "of a former network, RFC 4436";
  EXPECT_EQ(up(v4_from("192.0.2.100")), Verdict::kSession) << "nothing was learnt of it";
  EXPECT_EQ(up(of("192.0.2.100")), Verdict::kSession);
  EXPECT_EQ(up(of("192.0.2.101")), Verdict::kArp);
  EXPECT_EQ(down(FrameBuilder{}.from(kRouter).to(kClient).type(
                0x0806, arp("192.0.2.1", kRouter, "192.0.2.100"))),
            Verdict::kSession);
  EXPECT_TRUE(told().empty());
}

TEST_F(BoundSession, AsksForAnAddress) {
  Bytes discover = bytes({1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78});
  discover.resize(300);
  net::store_be48(discover, 28, kClient.value());
  net::store_be<std::uint32_t>(discover, 236, 0x6382'5363);
  const Bytes options = bytes({53, 1, 1, 255});
  std::copy(options.begin(), options.end(), discover.begin() + 240);
  up(v4_from("192.0.2.100"));
  EXPECT_EQ(up(FrameBuilder{}.to(kAll).ip("0.0.0.0", "255.255.255.255").udp(68, 67).data(discover)),
            Verdict::kDhcp);
  EXPECT_EQ(
      up(FrameBuilder{}.to(kAll).ip("192.0.2.100", "255.255.255.255").udp(68, 67).data(discover)),
      Verdict::kSession)
      << "a renewal";
  Bytes offer = discover;
  offer[0] = std::byte{2};
  net::store_be(offer, 16, net::parse_ip("192.0.2.100")->v4_value());
  offer[242] = std::byte{2};
  EXPECT_EQ(down(FrameBuilder{}
                     .from(kRouter)
                     .to(kClient)
                     .ip("192.0.2.1", "192.0.2.177")
                     .udp(67, 68)
                     .data(offer)),
            Verdict::kDhcp)
      << "it has asked, as a guest does";
  EXPECT_TRUE(told().empty());
}

/// What a server says to the client: 5 is an ACK, 2 an OFFER.
FrameBuilder dhcp_answer(unsigned type, std::string_view address, net::MacAddress to = kClient) {
  Bytes message = bytes({2, 1, 6, 0});
  message.resize(244);
  net::store_be(message, 16, net::parse_ip(address)->v4_value());
  net::store_be48(message, 28, kClient.value());
  net::store_be<std::uint32_t>(message, 236, 0x6382'5363);
  const Bytes options = bytes({53, 1, type, 255});
  std::copy(options.begin(), options.end(), message.begin() + 240);
  return FrameBuilder{}
      .from(kRouter)
      .to(to)
      .ip("192.0.2.1", "255.255.255.255")
      .udp(67, 68)
      .data(message);
}

TEST_F(BoundSession, HasTheAddressOfItsLeaseForOneThatWasMerelySeen) {
  EXPECT_EQ(up(v4_from("192.0.2.100")), Verdict::kSession);
  down(dhcp_answer(2, "192.0.2.200"));
  EXPECT_EQ(up(v4_from("192.0.2.100")), Verdict::kSession) << "an offer is no lease";
  down(dhcp_answer(5, "192.0.2.200", kAll));
  EXPECT_EQ(up(v4_from("192.0.2.200")), Verdict::kSession);
  EXPECT_EQ(down(to_client("198.51.100.80", "192.0.2.200")), Verdict::kSession);
  EXPECT_EQ(up(v4_from("192.0.2.100")), Verdict::kTcpRefused);
  EXPECT_EQ(binding->addresses().v4_origin, table::Origin::kLeased);
  down(dhcp_answer(5, "192.0.2.201"));
  EXPECT_EQ(up(v4_from("192.0.2.201")), Verdict::kTcpRefused)
      << "a clone of its MAC can ask for another lease";
  EXPECT_EQ(up(v4_from("192.0.2.200")), Verdict::kSession);
}

TEST_F(BoundSession, KeepsTheAddressThatItWasGivenWhateverTheLease) {
  bind(State::kBound,
       {.v4 = net::parse_ip("192.0.2.7")->v4_value(), .v4_origin = table::Origin::kGiven});
  down(dhcp_answer(5, "192.0.2.200"));
  EXPECT_EQ(up(v4_from("192.0.2.7")), Verdict::kSession);
  EXPECT_EQ(up(v4_from("192.0.2.200")), Verdict::kTcpRefused);
}

TEST_F(BoundSession, LearnsNoLeaseFromTheAccessSideNorWhereItIsNotBound) {
  up(v4_from("192.0.2.100"));
  EXPECT_EQ(up(dhcp_answer(5, "192.0.2.200").from(kClient)), Verdict::kRogueDhcp);
  EXPECT_EQ(up(v4_from("192.0.2.100")), Verdict::kSession);
  gateway.table.set_state(gateway.table.look_up({kClient, 0}).index, State::kAuthenticated);
  gateway.bindings[gateway.table.look_up({kClient, 0}).index] = nullptr;
  down(dhcp_answer(5, "192.0.2.200"));
  EXPECT_EQ(binding->addresses().v4, net::parse_ip("192.0.2.100")->v4_value());
}

TEST_F(BoundSession, LooksForDuplicates) {
  Bytes solicitation = bytes({0, 0, 0, 0});
  solicitation.resize(20);
  net::parse_ip("2001:db8:9::77")->store_v6(solicitation, 4);
  up(v6_from("2001:db8:1::10"));
  EXPECT_EQ(up(FrameBuilder{}.ip("::", "ff02::1:ff00:77").ttl(255).icmp(135, 0, solicitation)),
            Verdict::kNeighbour)
      << "RFC 4862, 5.4";
  EXPECT_EQ(up(FrameBuilder{}
                   .ip("2001:db8:1::10", "ff02::1:ff00:77")
                   .ttl(255)
                   .icmp(135, 0, solicitation)),
            Verdict::kSession);
  EXPECT_TRUE(told().empty());
}

TEST_F(BoundSession, IsNothingWithoutAnAddress) {
  EXPECT_EQ(up(v4_from("0.0.0.0")), Verdict::kBadSourceAddress);
  EXPECT_EQ(up(v4_from("224.0.0.5")), Verdict::kBadSourceAddress);
  EXPECT_EQ(up(v4_from("169.254.7.7")), Verdict::kTcpRefused)
      << "a host that is given an address later has this one till then, RFC 3927";
  EXPECT_EQ(up(FrameBuilder{}.to(kRouter).type(0x8863, Bytes(60))), Verdict::kUnknownEthertype);
  EXPECT_EQ(up(FrameBuilder{}.to(kRouter).type(0x0800, bytes({0x45, 0})).no_padding()),
            Verdict::kTruncated);
  EXPECT_EQ(up(v4_from("192.0.2.100")), Verdict::kSession);
  EXPECT_TRUE(told().empty());
}

TEST_F(BoundSession, IsHeldToItsRateToo) {
  bind(static_cast<State>(13));
  ASSERT_TRUE(table::is_policed(table::authenticated(true, true)));
  gateway.policers[gateway.table.look_up({kClient, 0}).index].set_rates(8'000, 0);
  std::size_t over = 0;
  for (int i = 0; i < 100; ++i) {
    over +=
        up(v4_from("192.0.2.100").data(std::string(1'000, 'x'))) == Verdict::kOverRate ? 1U : 0U;
    EXPECT_EQ(up(v4_from("192.0.2.101")) == Verdict::kSession, false);
  }
  EXPECT_GT(over, 50U);
}

TEST_F(BoundSession, IsNotToldOfWhereNothingIsEnforced) {
  Gateway monitoring{{.enforce = policy::Enforce::kMonitor}};
  const auto index = monitoring.table.insert({kClient, 0}, State::kBound);
  table::Binding other{{.v4 = 1}};
  monitoring.bindings[*index] = &other;
  EXPECT_EQ(monitoring.from_access(v4_from("192.0.2.100").build()).verdict, Verdict::kMonitored);
  std::array<pipeline::Sighting, 1> taken;
  EXPECT_EQ(monitoring.pipeline.guarded().take(taken), 0U);
}

/// Lets two threads go at the same moment, which a barrier that sleeps does not.
class Together {
 public:
  void wait() {
    const std::uint64_t mine = ++arrived_;
    const std::uint64_t both = mine + mine % 2;
    for (unsigned i = 0; arrived_ < both; ++i) {
      if (i > 1'000) std::this_thread::yield();
    }
  }

 private:
  std::atomic<std::uint64_t> arrived_{0};
};

/// So many places that two threads are at some of them within a few nanoseconds.
constexpr std::size_t kRaces = 10'000;

TEST(Binding, IsSettledByOneOfManyWorkers) {
  std::vector<table::Binding> bindings(kRaces);
  std::array<std::vector<char>, 2> took{std::vector<char>(kRaces), std::vector<char>(kRaces)};
  Together together;
  {
    std::array<std::jthread, 2> workers;
    for (std::uint32_t i = 0; i < 2; ++i) {
      workers[i] = std::jthread{[&, i] {
        for (std::size_t at = 0; at < kRaces; ++at) {
          together.wait();
          took[i][at] = bindings[at].take(net::IpAddress::v4(0xc000'0264 + i)) ? 1 : 0;
        }
      }};
    }
  }
  for (std::size_t at = 0; at < kRaces; ++at) {
    ASSERT_NE(took[0][at], took[1][at]) << at;
    ASSERT_EQ(bindings[at].addresses().v4, 0xc000'0264 + (took[1][at] != 0 ? 1U : 0U));
  }
}

TEST(Binding, ALeaseIsNotLostToWhoSeesAnAddressFirst) {
  std::vector<table::Binding> bindings(kRaces);
  Together together;
  {
    const std::jthread worker{[&] {
      for (table::Binding& binding : bindings) {
        together.wait();
        static_cast<void>(binding.take(net::IpAddress::v4(7)));
      }
    }};
    for (table::Binding& binding : bindings) {
      together.wait();
      binding.lease(8);
    }
  }
  for (const table::Binding& binding : bindings) ASSERT_EQ(binding.addresses().v4, 8U);
}

TEST(Binding, StatesKeepTheirFlagsApart) {
  for (const bool policed : {false, true}) {
    for (const bool bound : {false, true}) {
      const State state = table::authenticated(policed, bound);
      EXPECT_TRUE(table::is_authenticated(state));
      EXPECT_FALSE(table::is_fresh(state));
      for (const State each : {state, table::fresh(state)}) {
        EXPECT_EQ(table::is_policed(each), policed);
        EXPECT_EQ(table::is_bound(each), bound);
        EXPECT_EQ(table::settled(each), state);
      }
    }
  }
  for (const State state : {State::kNone, State::kRestricted, State::kBlocked})
    EXPECT_FALSE(table::is_bound(state));
}

}  // namespace
}  // namespace gate511::test
