// SPDX-License-Identifier: BSD-3-Clause
//
// The garden by name: what is learnt from DNS, and which connections it opens.
#include <gtest/gtest.h>

#include "support/dns_message.hpp"
#include "support/first_bytes.hpp"
#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using policy::Verdict;
namespace flag = net::tcp_flag;

constexpr std::string_view kGuest = "192.0.2.101", kResolver = "192.0.2.53";
constexpr std::string_view kSite = "198.51.100.80", kSite6 = "2001:db8:80::80";
constexpr net::MacAddress kOther{0x0200'5e00'5302};

class GardenHosts : public testing::Test {
 protected:
  GardenHosts() {
    const std::vector<std::string> names{"a.example", "*.cdn.example"};
    gateway.snapshot.zones[0].guest.hosts =
        std::make_shared<const http::HostSet>(*http::HostSet::build(names));
    set_time(1'800'000'000);
  }
  void set_time(std::uint32_t unix_s) { gateway.shared.unix_s = unix_s; }
  void pass_time(std::uint32_t seconds) {
    gateway.now.ns += std::uint64_t{seconds} * 1'000'000'000;
    set_time(gateway.shared.unix_s + seconds);
  }
  Verdict ask(const Bytes& query, unsigned port = 5000, net::MacAddress guest = kClient) {
    return gateway
        .from_access(
            FrameBuilder{}.from(guest).ip(kGuest, kResolver).udp(port, 53).data(query).build())
        .verdict;
  }
  /// What becomes of an answer; kDnsHeld if it was held and then sent on.
  Verdict hear(const Bytes& answer, unsigned port = 5000, std::string_view from = kResolver,
               net::MacAddress guest = kClient) {
    const Outcome outcome = gateway.from_uplink(
        FrameBuilder{}.from(kRouter).to(guest).ip(from, kGuest).udp(53, port).data(answer).build());
    EXPECT_EQ(gateway.release_held(), outcome.held ? 1U : 0U);
    EXPECT_EQ(gateway.counted(Verdict::kDnsHeld), 0U);
    return outcome.verdict;
  }
  /// Whether an address is open.
  bool is_open(std::string_view address) {
    return gateway.shared.permits.allows(0, *net::parse_ip(address), gateway.shared.unix_s);
  }
  void learn(std::uint32_t ttl_s = 60) {
    ask(dns_query("a.example"));
    hear(DnsAnswer{"a.example"}.a("a.example", kSite, ttl_s).build());
    ASSERT_TRUE(is_open(kSite));
  }
  Verdict up(unsigned flags, std::uint32_t seq, const Bytes& data = {}, unsigned port = 443) {
    return gateway
        .from_access(FrameBuilder{}
                         .ip(kGuest, kSite)
                         .tcp(client_port_, port, flags)
                         .seq(seq)
                         .ack(5001)
                         .data(data)
                         .build())
        .verdict;
  }
  Verdict down(unsigned flags, std::uint32_t ack, unsigned port = 443) {
    return gateway
        .from_uplink(FrameBuilder{}
                         .from(kRouter)
                         .to(kClient)
                         .ip(kSite, kGuest)
                         .tcp(port, client_port_, flags)
                         .seq(5000)
                         .ack(ack)
                         .build())
        .verdict;
  }
  /// A new connection, whose first byte has the sequence number 101.
  void connect(unsigned port = 443) {
    ++client_port_;
    EXPECT_EQ(up(flag::kSyn, 100, {}, port), Verdict::kGardenHost);
    EXPECT_EQ(down(flag::kSyn | flag::kAck, 101, port), Verdict::kGardenHost);
    EXPECT_EQ(up(flag::kAck, 101, {}, port), Verdict::kGardenHost);
  }
  Verdict data(std::uint32_t seq, const Bytes& bytes, unsigned port = 443) {
    return up(flag::kAck | flag::kPsh, seq, bytes, port);
  }
  Gateway gateway;
  unsigned client_port_ = 40'000;
};

TEST_F(GardenHosts, AreOpenBeforeTheAnswerGoesOn) {
  EXPECT_EQ(up(flag::kSyn, 1), Verdict::kHttpsRefused);
  EXPECT_EQ(ask(dns_query("a.example")), Verdict::kDns);
  EXPECT_EQ(hear(DnsAnswer{"a.example"}
                     .cname("a.example", "x.cdn.example")
                     .a("x.cdn.example", kSite)
                     .build()),
            Verdict::kDnsHeld);
  EXPECT_TRUE(is_open(kSite));
  ask(dns_query("w.cdn.example", 28));
  hear(DnsAnswer{"w.cdn.example", 28}.aaaa("w.cdn.example", kSite6).build());
  EXPECT_TRUE(is_open(kSite6));
  std::vector<pipeline::Learnt> learnt(8);
  learnt.resize(gateway.opener.take(learnt));
  ASSERT_EQ(learnt.size(), 2U);
  EXPECT_EQ(learnt[0].host(), "a.example");
  EXPECT_EQ(learnt[0].until_s, 1'800'000'000U + 3600);
  EXPECT_EQ(net::to_string(learnt[1].address), kSite6);
}

TEST(Permits, DoNotComeBackWhenTheClockOfTheirEndsComesRound) {
  const auto permits = std::make_unique<policy::Permits>(net::SipKey{1, 2});
  const net::IpAddress address = *net::parse_ip(kSite);
  constexpr std::uint32_t kNow = 1'800'000'000, kRound = 4U << 20U;
  EXPECT_TRUE(permits->open(0, address, kNow + 3'600, kNow));
  EXPECT_TRUE(permits->allows(0, address, kNow + 3'000));
  for (std::size_t i = 0; i < policy::Permits::kPlaces; ++i) permits->forget_ended(i, kNow + 3'000);
  EXPECT_TRUE(permits->allows(0, address, kNow + 3'000)) << "it has not ended";
  for (std::size_t i = 0; i < policy::Permits::kPlaces; ++i) permits->forget_ended(i, kNow + 4'000);
  EXPECT_FALSE(permits->allows(0, address, kNow + kRound));
}

TEST_F(GardenHosts, AreNotLearntOverTcp) {
  // Where a segment begins is the guest's choice, and so is whose bytes stand there.
  const auto segment = [&](bool up, const Bytes& data) {
    FrameBuilder frame;
    if (up) {
      frame.ip(kGuest, kResolver).tcp(5000, 53, flag::kAck);
    } else {
      frame.from(kRouter).to(kClient).ip(kResolver, kGuest).tcp(53, 5000, flag::kAck);
    }
    const Bytes bytes = frame.data(data).build();
    return (up ? gateway.from_access(bytes) : gateway.from_uplink(bytes)).verdict;
  };
  EXPECT_EQ(segment(true, over_tcp(dns_query("a.example"))), Verdict::kDns);
  EXPECT_EQ(segment(false, over_tcp(DnsAnswer{"a.example"}.a("a.example", kSite).build())),
            Verdict::kDns)
      << "it passes";
  EXPECT_FALSE(is_open(kSite));
}

TEST_F(GardenHosts, AreNotLearntFromWhatNobodyAsked) {
  const Bytes answer = DnsAnswer{"a.example", 1, 7}.a("a.example", kSite).build();
  EXPECT_EQ(hear(answer), Verdict::kDns) << "it passes, unforged";
  ask(dns_query("a.example", 1, 7));
  hear(answer, 5001);
  hear(DnsAnswer{"a.example", 1, 8}.a("a.example", kSite).build());
  hear(DnsAnswer{"w.cdn.example", 1, 7}.a("w.cdn.example", kSite).build());
  hear(answer, 5000, kResolver, kOther);
  EXPECT_EQ(hear(answer, 5000, "198.51.100.53"), Verdict::kNotSolicited) << "a forged source";
  EXPECT_FALSE(is_open(kSite));
  pass_time(11);
  hear(answer);
  EXPECT_FALSE(is_open(kSite)) << "too late";
  ask(dns_query("a.example", 1, 7));
  hear(answer);
  EXPECT_TRUE(is_open(kSite));
  ask(dns_query("b.example"));
  hear(DnsAnswer{"b.example"}.a("b.example", "198.51.100.81").build());
  EXPECT_FALSE(is_open("198.51.100.81")) << "no host of the garden";
}

TEST_F(GardenHosts, HaveNoPrivateAddresses) {
  for (const char* address : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
                              "127.0.0.1", "169.254.1.1", "100.64.0.1", "224.0.0.1", "0.0.0.0"}) {
    ask(dns_query("a.example"));
    hear(DnsAnswer{"a.example"}.a("a.example", address).build());
    EXPECT_FALSE(is_open(address)) << address;
  }
  for (const char* address : {"fd00::1", "fe80::1", "ff02::1", "::1"}) {
    ask(dns_query("a.example", 28));
    hear(DnsAnswer{"a.example", 28}.aaaa("a.example", address).build());
    EXPECT_FALSE(is_open(address)) << address;
  }
  EXPECT_EQ(gateway.pipeline.learner().counts().refused, 13U);
}

TEST_F(GardenHosts, AreNotLearntFromAnyResolver) {
  gateway.snapshot.zones[0].guest.any_resolver = true;
  const Bytes query =
      FrameBuilder{}.ip(kGuest, "198.51.100.53").udp(5000, 53).data(dns_query("a.example")).build();
  EXPECT_EQ(gateway.from_access(query).verdict, Verdict::kDns);
  EXPECT_EQ(hear(DnsAnswer{"a.example"}.a("a.example", kSite).build(), 5000, "198.51.100.53"),
            Verdict::kDns);
  EXPECT_FALSE(is_open(kSite));
}

TEST_F(GardenHosts, StandForAnHourAtLeastAndAreRenewedByConnections) {
  learn(/*ttl_s=*/60);
  pass_time(3599);
  EXPECT_TRUE(is_open(kSite));
  connect();
  EXPECT_EQ(data(101, client_hello("a.example")), Verdict::kGardenHost);
  EXPECT_EQ(gateway.release_held(), 0U) << "a renewal is no answer";
  pass_time(3500);
  EXPECT_TRUE(is_open(kSite));
  pass_time(110);
  EXPECT_FALSE(is_open(kSite));
  EXPECT_EQ(up(flag::kSyn, 1), Verdict::kHttpsRefused);
  learn(/*ttl_s=*/7200);
  pass_time(7000);
  EXPECT_TRUE(is_open(kSite));
}

TEST_F(GardenHosts, OpenTwoPortsOfTcpAlone) {
  learn();
  EXPECT_EQ(up(flag::kSyn, 1, {}, 22), Verdict::kTcpRefused);
  EXPECT_EQ(
      gateway.from_access(FrameBuilder{}.ip(kGuest, kSite).udp(5000, 443).data(Bytes(1200)).build())
          .verdict,
      Verdict::kUdpRefused)
      << "so that the server name is seen";
  EXPECT_EQ(
      gateway.from_access(FrameBuilder{}.ip(kGuest, kSite).icmp(8, 0, Bytes(12)).build()).verdict,
      Verdict::kGuestDenied);
}

TEST_F(GardenHosts, AreReachedByTheirOwnNameAlone) {
  learn();
  connect();
  EXPECT_EQ(data(101, client_hello("b.example")), Verdict::kGardenRefused) << "a neighbour there";
  EXPECT_EQ(data(101, client_hello("a.example")), Verdict::kGardenRefused) << "too late";
  connect(80);
  EXPECT_EQ(data(101, bytes("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n"), 80),
            Verdict::kGardenRefused);
  EXPECT_EQ(up(flag::kAck, 1, bytes("x"), 8443), Verdict::kTcpRefused);
}

TEST_F(GardenHosts, AreReachedWithAHelloOverSeveralSegments) {
  learn();
  connect();
  const Bytes hello = client_hello("a.example", {.padding = 1800});
  std::uint32_t seq = 101;
  for (std::size_t at = 0; at < hello.size(); at += 500) {
    const auto begin = hello.begin() + static_cast<std::ptrdiff_t>(at);
    const Bytes part{
        begin, begin + static_cast<std::ptrdiff_t>(std::min<std::size_t>(500, hello.size() - at))};
    EXPECT_EQ(data(seq, part), Verdict::kGardenHost);
    EXPECT_EQ(data(seq, part), Verdict::kGardenHost) << "sent again";
    seq += static_cast<std::uint32_t>(part.size());
  }
  EXPECT_EQ(data(seq, Bytes(1000)), Verdict::kGardenHost) << "approved";
  EXPECT_EQ(data(seq + 5000, Bytes(1000)), Verdict::kGardenHost);
  EXPECT_EQ(down(flag::kAck, seq), Verdict::kGardenHost);
}

TEST_F(GardenHosts, AreReachedWhereverTheHelloIsCutButInOrderAlone) {
  learn();
  const Bytes hello = client_hello("a.example"), other = client_hello("b.example");
  for (std::size_t cut = 1; cut < hello.size(); ++cut) {
    const auto part = [cut](const Bytes& whole, bool first) {
      const auto middle = whole.begin() + static_cast<std::ptrdiff_t>(cut);
      return first ? Bytes{whole.begin(), middle} : Bytes{middle, whole.end()};
    };
    const auto second = static_cast<std::uint32_t>(101 + cut);
    connect();
    EXPECT_EQ(data(second, part(hello, false)), Verdict::kGardenSegment) << cut << ", early";
    EXPECT_EQ(data(101, part(hello, true)), Verdict::kGardenHost) << cut;
    EXPECT_EQ(data(second, part(hello, false)), Verdict::kGardenHost) << cut;
    connect();
    EXPECT_EQ(data(101, part(other, true)), Verdict::kGardenHost) << cut;
    EXPECT_EQ(data(second, part(other, false)), Verdict::kGardenRefused) << cut;
  }
}

TEST_F(GardenHosts, AreNotLearntFromOtherRecords) {
  for (const unsigned type : {64U, 65U}) {
    ask(dns_query("a.example", type));
    EXPECT_EQ(hear(DnsAnswer{"a.example", type}.a("a.example", kSite).build()), Verdict::kDns);
  }
  EXPECT_FALSE(is_open(kSite));
}

TEST_F(GardenHosts, TakeNoDecoys) {
  learn();
  const Bytes good = client_hello("a.example"), evil = client_hello("b.example");
  connect();
  // A wrong checksum: the server drops it, so nothing is learnt from it.
  Bytes damaged = FrameBuilder{}
                      .ip(kGuest, kSite)
                      .tcp(client_port_, 443, flag::kAck)
                      .seq(101)
                      .data(good)
                      .build();
  damaged.back() ^= std::byte{1};
  EXPECT_EQ(gateway.from_access(damaged).verdict, Verdict::kGardenSegment);
  // Out of order, and in place of what was judged.
  EXPECT_EQ(data(102, good), Verdict::kGardenSegment);
  EXPECT_EQ(data(101, good), Verdict::kGardenHost);
  EXPECT_EQ(data(101, evil), Verdict::kGardenSegment) << "sent again, but another";
  EXPECT_EQ(data(100, evil), Verdict::kGardenSegment);
  Bytes overlap = good;
  overlap.push_back(std::byte{1});
  EXPECT_EQ(data(101, overlap), Verdict::kGardenHost);
  overlap.front() ^= std::byte{1};
  EXPECT_EQ(data(101, overlap), Verdict::kGardenSegment);
  // A SYN that the server has not acknowledged counts for nothing.
  EXPECT_EQ(up(flag::kSyn, 90'000), Verdict::kGardenHost);
  EXPECT_EQ(data(90'001, good), Verdict::kGardenSegment);
  EXPECT_EQ(down(flag::kSyn | flag::kAck, 101), Verdict::kNotSolicited) << "of another SYN";
}

TEST_F(GardenHosts, NeedAConnectionThatIsKnownAndASynWithoutData) {
  learn();
  EXPECT_EQ(data(101, client_hello("a.example")), Verdict::kGardenRefused) << "in mid-stream";
  EXPECT_EQ(down(flag::kAck, 1), Verdict::kNotSolicited);
  EXPECT_EQ(up(flag::kSyn, 100, client_hello("a.example")), Verdict::kGardenSegment);
  EXPECT_EQ(up(flag::kSyn | flag::kFin, 100), Verdict::kGardenSegment);
}

TEST_F(GardenHosts, RefuseAnotherHostInAConnectionOfTheirs) {
  learn();
  const std::string mine = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
  const std::string other = "GET / HTTP/1.1\r\nHost: b.example\r\n\r\n";
  const auto next = static_cast<std::uint32_t>(101 + mine.size());
  connect(80);
  EXPECT_EQ(data(101, bytes(mine), 80), Verdict::kGardenHost);
  EXPECT_EQ(data(next, bytes(mine), 80), Verdict::kGardenHost);
  const auto third = static_cast<std::uint32_t>(next + mine.size());
  EXPECT_EQ(data(third, bytes(other), 80), Verdict::kGardenRefused);
  EXPECT_EQ(data(third, bytes(mine), 80), Verdict::kGardenRefused) << "for good";
  connect(80);
  EXPECT_EQ(data(101, bytes(mine), 80), Verdict::kGardenHost);
  EXPECT_EQ(data(next, bytes("GE"), 80), Verdict::kGardenHost);
  EXPECT_EQ(data(next + 2, bytes(other.substr(2)), 80), Verdict::kGardenRefused) << "in pieces";
  connect(80);
  EXPECT_EQ(data(101, bytes(mine + other), 80), Verdict::kGardenRefused) << "behind the first";
}

TEST_F(GardenHosts, TakeABodyAndNothingBehindIt) {
  learn();
  const std::string head = "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 6000\r\n\r\n";
  const auto body = static_cast<std::uint32_t>(101 + head.size());
  const auto posted = [&] {
    connect(80);
    EXPECT_EQ(data(101, bytes(head), 80), Verdict::kGardenHost);
  };
  posted();
  for (std::uint32_t at = 0; at < 6'000; at += 1'000)
    EXPECT_EQ(data(body + at, Bytes(1'000), 80), Verdict::kGardenHost) << at;
  EXPECT_EQ(data(body + 6'000, bytes("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n"), 80),
            Verdict::kGardenRefused);
  posted();
  EXPECT_EQ(data(body + 5'500, Bytes(501), 80), Verdict::kGardenRefused) << "past its end";
  connect(80);
  EXPECT_EQ(
      data(101, bytes("POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"),
           80),
      Verdict::kGardenRefused);
}

TEST_F(GardenHosts, AreNotReachedByASynThatIsSentAgain) {
  learn();
  const Bytes evil = client_hello("b.example", {.padding = 600});
  const Bytes part{evil.begin(), evil.begin() + 500}, rest{evil.begin() + 500, evil.end()};
  connect();
  EXPECT_EQ(data(101, part), Verdict::kGardenHost) << "so far it may be any";
  EXPECT_EQ(up(flag::kSyn, 100), Verdict::kGardenHost);
  EXPECT_EQ(data(101, client_hello("a.example")), Verdict::kGardenSegment) << "not what was sent";
  EXPECT_EQ(data(601, rest), Verdict::kGardenRefused);
  // Another SYN, and the first again: its answer is the one that came before.
  connect();
  EXPECT_EQ(data(101, part), Verdict::kGardenHost);
  EXPECT_EQ(up(flag::kSyn, 70'000), Verdict::kGardenHost);
  EXPECT_EQ(up(flag::kSyn, 100), Verdict::kGardenHost);
  EXPECT_EQ(down(flag::kSyn | flag::kAck, 101), Verdict::kNotSolicited);
  EXPECT_EQ(data(101, client_hello("a.example")), Verdict::kGardenSegment);
}

TEST_F(GardenHosts, StayRefusedWhateverComesBefore) {
  learn();
  connect();
  const Bytes evil = client_hello("b.example");
  EXPECT_EQ(data(101, evil), Verdict::kGardenRefused);
  Bytes before = client_hello("a.example");
  EXPECT_EQ(data(100, before), Verdict::kGardenRefused);
  EXPECT_EQ(data(101 + static_cast<std::uint32_t>(evil.size()), before), Verdict::kGardenRefused);
}

TEST_F(GardenHosts, TakeNoUrgentBytes) {
  learn();
  connect(80);
  EXPECT_EQ(
      up(flag::kAck | flag::kUrg, 101, bytes("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), 80),
      Verdict::kGardenSegment);
}

TEST_F(GardenHosts, KeepTheirConnectionsWhateverOthersBegin) {
  learn();
  connect();
  const Bytes hello = client_hello("a.example");
  EXPECT_EQ(data(101, hello), Verdict::kGardenHost);
  for (unsigned n = 0; n < 20'000; ++n) {
    static_cast<void>(gateway.from_access(FrameBuilder{}
                                              .from(net::MacAddress{0x02005f000000U + n})
                                              .ip(kGuest, kSite)
                                              .tcp(40'000, 443, flag::kSyn)
                                              .seq(1)
                                              .build()));
  }
  EXPECT_EQ(data(101 + static_cast<std::uint32_t>(hello.size()), Bytes(100)), Verdict::kGardenHost);
}

TEST_F(GardenHosts, MayBeOpenedAtRunTime) {
  const std::vector<std::string> names{"late.example"};
  policy::OpenedGarden opened{{}, *http::HostSet::build(names)};
  gateway.shared.opened = &opened;
  ask(dns_query("late.example"));
  hear(DnsAnswer{"late.example"}.a("late.example", kSite).build());
  connect();
  EXPECT_EQ(data(101, client_hello("late.example")), Verdict::kGardenHost);
}

TEST_F(GardenHosts, AreHeldByAsManyAnswersAsThereIsRoomFor) {
  const auto frame = [](std::uint16_t id) {
    return FrameBuilder{}
        .from(kRouter)
        .to(kClient)
        .ip(kResolver, kGuest)
        .udp(53, 5000)
        .data(DnsAnswer{"a.example", 1, id}.a("a.example", kSite).build())
        .build();
  };
  // Many guests' worth of questions, and a garden thread that does not come.
  policy::BudgetRates rates;
  rates.per_s.fill(1'000'000);
  gateway.snapshot.zones[0].guest.budgets = policy::Budgets{rates};
  std::size_t held = 0, unlearnt = 0;
  for (std::uint16_t id = 0; id < pipeline::GardenLearner::kMaxHeld + 10; ++id) {
    ask(dns_query("a.example", 1, id));
    const Outcome outcome = gateway.from_uplink(frame(id));
    (outcome.verdict == Verdict::kDnsHeld ? held : unlearnt) += 1;
    EXPECT_EQ(outcome.forwarded, outcome.verdict == Verdict::kDns);
  }
  EXPECT_EQ(held, pipeline::GardenLearner::kMaxHeld);
  EXPECT_EQ(unlearnt, 10U);
  EXPECT_EQ(gateway.pipeline.learner().counts().unlearnt, 10U);
  EXPECT_EQ(gateway.counted(Verdict::kDnsHeld), held);
  EXPECT_FALSE(is_open(kSite));
  EXPECT_EQ(gateway.release_held(), held);
  EXPECT_EQ(gateway.counted(Verdict::kDnsHeld), 0U);
  EXPECT_TRUE(is_open(kSite));
}

TEST_F(GardenHosts, AreNotLearntFromWhatIsOverItsBudget) {
  // It would displace what other guests have asked for and connected to.
  const auto set_rates = [&](std::uint32_t per_s) {
    policy::BudgetRates rates;
    rates.per_s.fill(1'000'000'000);
    for (const policy::Budget one : {policy::Budget::kDnsPackets, policy::Budget::kSyn})
      rates.per_s[static_cast<std::size_t>(one)] = per_s;
    rates.burst_s = 1;
    gateway.snapshot.zones[0].guest.budgets = policy::Budgets{rates};
  };
  learn();
  set_rates(1);
  pass_time(60);
  EXPECT_EQ(ask(dns_query("a.example", 1, 1)), Verdict::kDns);
  EXPECT_EQ(ask(dns_query("a.example", 1, 2)), Verdict::kDnsBudget);
  EXPECT_EQ(up(flag::kSyn, 100), Verdict::kGardenHost);
  ++client_port_;
  EXPECT_EQ(up(flag::kSyn, 100), Verdict::kSynBudget);
  set_rates(1'000'000'000);
  pass_time(1);
  EXPECT_EQ(hear(DnsAnswer{"a.example", 1, 2}.a("a.example", kSite).build()), Verdict::kDns)
      << "unlearnt";
  EXPECT_EQ(hear(DnsAnswer{"a.example", 1, 1}.a("a.example", kSite).build()), Verdict::kDnsHeld);
  EXPECT_EQ(down(flag::kSyn | flag::kAck, 101), Verdict::kNotSolicited);
  --client_port_;
  EXPECT_EQ(down(flag::kSyn | flag::kAck, 101), Verdict::kGardenHost);
}

TEST_F(GardenHosts, AreLearntButNotHeldWhereNothingIsEnforced) {
  gateway.snapshot.links[0].zone_of_vlan[0] = {0, policy::Enforce::kMonitor};
  ask(dns_query("a.example"));
  EXPECT_EQ(hear(DnsAnswer{"a.example"}.a("a.example", kSite).build()), Verdict::kDns);
  EXPECT_TRUE(is_open(kSite));
}

TEST_F(GardenHosts, HaveNoAddressOfARouter) {
  const policy::Infrastructure known{{}, {{*net::parse_ip(kSite), 0}}, {}};
  gateway.shared.known = &known;
  ask(dns_query("a.example"));
  EXPECT_EQ(hear(DnsAnswer{"a.example"}.a("a.example", kSite).build()), Verdict::kDns);
  EXPECT_FALSE(is_open(kSite));
}

TEST_F(GardenHosts, MayBeExpressions) {
  const std::vector<http::Patterns::Expression> expressions{{"t", "img[0-9]+\\.site\\.example"}};
  auto compiled = http::Patterns::compile(expressions, http::Patterns::Case::kAny);
  ASSERT_TRUE(compiled) << compiled.error().text();
  const auto patterns = std::make_shared<const http::Patterns>(std::move(*compiled));
  ASSERT_TRUE(gateway.snapshot.scratch.back().fit(*patterns));
  gateway.snapshot.zones[0].guest.hosts = nullptr;
  gateway.snapshot.zones[0].guest.host_patterns = patterns;
  ask(dns_query("img.site.example"));
  EXPECT_EQ(hear(DnsAnswer{"img.site.example"}.a("img.site.example", kSite).build()),
            Verdict::kDns);
  ask(dns_query("IMG7.site.example"));
  EXPECT_EQ(hear(DnsAnswer{"IMG7.site.example"}.a("IMG7.site.example", kSite).build()),
            Verdict::kDnsHeld);
  connect();
  EXPECT_EQ(data(101, client_hello("img22.site.example")), Verdict::kGardenHost);
  connect(80);
  EXPECT_EQ(data(101, bytes("GET / HTTP/1.1\r\nHost: img8.site.example.:80\r\n\r\n"), 80),
            Verdict::kGardenHost);
  connect();
  EXPECT_EQ(data(101, client_hello("ximg2.site.example")), Verdict::kGardenRefused);
}

TEST(Permits, AreBoundedAndEnd) {
  policy::Permits permits{{3, 4}};
  std::size_t open = 0;
  for (std::uint32_t i = 0; i < 200'000; ++i)
    open += permits.open(0, net::IpAddress::v4(0x0100'0000 + i), 4000, 1000) ? 1U : 0U;
  EXPECT_LE(open, policy::Permits::kPlaces);
  EXPECT_GT(open, policy::Permits::kPlaces * 9 / 10);
  EXPECT_TRUE(permits.open(0, net::IpAddress::v4(0x0900'0000), 9000, 5000)) << "the others ended";
  EXPECT_EQ(permits.until(0, net::IpAddress::v4(0x0900'0000), 5000), 9000U);
  EXPECT_FALSE(permits.allows(1, net::IpAddress::v4(0x0900'0000), 5000)) << "another zone";
  EXPECT_FALSE(permits.allows(0, net::IpAddress::v4(0x0900'0000), 9001));
}

}  // namespace
}  // namespace gate511::test
