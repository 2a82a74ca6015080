// SPDX-License-Identifier: BSD-3-Clause
//
// DNS messages, whole and damaged, and what guests may ask.
#include <gtest/gtest.h>

#include "net/dns.hpp"
#include "support/dns_message.hpp"
#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using net::read_dns_addresses;
using net::read_dns_query;
using net::read_dns_question;
using policy::Verdict;

/// The addresses of an answer as text, with the TTL behind.
std::string learnt(const DnsAnswer& answer) {
  const auto question = read_dns_question(answer.build());
  if (!question) return "no question";
  const net::DnsAddresses found = read_dns_addresses(answer.build(), *question);
  std::string text;
  for (const net::IpAddress& address : found) text += net::to_string(address) + " ";
  return text + std::to_string(found.ttl_s);
}

TEST(DnsName, IsReadAsLowerCaseText) {
  net::DnsName name;
  const Bytes wire = dns_name("WWW.a-1._tcp.Example");
  EXPECT_EQ(net::read_name(wire, 0, name), wire.size());
  EXPECT_EQ(name.text(), "www.a-1._tcp.example");
  EXPECT_TRUE(name.is_plain());
  EXPECT_EQ(net::read_name(dns_name(""), 0, name), 1U);
  EXPECT_EQ(name.text(), "");
}

TEST(DnsName, WithOctetsThatNoHostHasIsNotPlain) {
  net::DnsName name, same;
  const Bytes dotted = bytes({3, 'a', '.', 'b', 0});
  ASSERT_TRUE(net::read_name(dotted, 0, name));
  EXPECT_FALSE(name.is_plain());
  ASSERT_TRUE(net::read_name(dotted, 0, same));
  EXPECT_FALSE(name == same) << "it equals nothing";
  ASSERT_TRUE(net::read_name(bytes({2, 0, 'b', 0}), 0, name));
  EXPECT_FALSE(name.is_plain());
}

TEST(DnsName, EndsWithinTheMessageAndWithin255Octets) {
  net::DnsName name;
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + label.substr(0, 61);
  EXPECT_EQ(net::read_name(dns_name(longest), 0, name), 255U);
  EXPECT_EQ(name.text(), longest);
  EXPECT_FALSE(net::read_name(dns_name(longest + "a"), 0, name));
  const Bytes wire = dns_name("a.example");
  for (std::size_t cut = 0; cut < wire.size(); ++cut)
    EXPECT_FALSE(net::read_name(net::ByteView{wire}.first(cut), 0, name)) << cut;
  EXPECT_FALSE(net::read_name(bytes({0x40, 'a', 0}), 0, name)) << "a label of another kind";
  EXPECT_FALSE(net::read_name(bytes({0x80, 'a', 0}), 0, name));
}

TEST(DnsName, IsFollowedBackwardsOnly) {
  net::DnsName name;
  const Bytes good = bytes({1, 'a', 0, 1, 'b', 0xc0, 0});
  EXPECT_EQ(net::read_name(good, 3, name), 7U);
  EXPECT_EQ(name.text(), "b.a");
  EXPECT_FALSE(net::read_name(bytes({0xc0, 0}), 0, name)) << "to itself";
  EXPECT_FALSE(net::read_name(bytes({0xc0, 2, 0xc0, 0}), 2, name)) << "in a circle";
  EXPECT_FALSE(net::read_name(bytes({1, 'a', 0xc0, 0}), 0, name)) << "to its own start";
  EXPECT_FALSE(net::read_name(bytes({0xc0, 2, 0}), 0, name)) << "forwards";
  EXPECT_FALSE(net::read_name(bytes({0xc0}), 0, name));
}

TEST(DnsQuery, IsOneQuestionAndEdnsAlone) {
  EXPECT_TRUE(read_dns_query(dns_query("a.example")));
  EXPECT_TRUE(read_dns_query(with_edns(dns_query("a.example"), 12)));
  Bytes spoilt = dns_query("a.example");
  spoilt.push_back(std::byte{0});
  EXPECT_FALSE(read_dns_query(spoilt)) << "bytes behind it";
  for (const std::size_t count : {5U, 7U, 9U}) {
    spoilt = dns_query("a.example");
    spoilt[count] = std::byte{2};
    EXPECT_FALSE(read_dns_query(spoilt)) << "a count that lies: " << count;
  }
  spoilt = dns_query("a.example");
  spoilt[11] = std::byte{1};
  EXPECT_FALSE(read_dns_query(spoilt)) << "no EDNS record where one is counted";
  spoilt = dns_query("a.example");
  spoilt[2] = std::byte{0x80};
  EXPECT_FALSE(read_dns_query(spoilt)) << "an answer";
  spoilt[2] = std::byte{0x28};
  EXPECT_FALSE(read_dns_query(spoilt)) << "an update";
  spoilt = dns_query("a.example");
  spoilt.back() = std::byte{3};
  EXPECT_FALSE(read_dns_query(spoilt)) << "of class CHAOS";
  const Bytes whole = with_edns(dns_query("a.example"), 4);
  for (std::size_t cut = 0; cut < whole.size(); ++cut)
    EXPECT_FALSE(read_dns_query(net::ByteView{whole}.first(cut))) << cut;
}

TEST(DnsAddresses, AreThoseOfTheQuestionsName) {
  EXPECT_EQ(
      learnt(
          DnsAnswer{"a.example"}.a("A.Example", "198.51.100.1").a("a.example", "198.51.100.2", 60)),
      "198.51.100.1 198.51.100.2 60");
  EXPECT_EQ(learnt(DnsAnswer{"a.example", 28}.aaaa("a.example", "2001:db8::1", 5)),
            "2001:db8::1 5");
  EXPECT_EQ(learnt(DnsAnswer{"a.example"}.a("b.example", "198.51.100.1")), "0") << "another's name";
  EXPECT_EQ(learnt(DnsAnswer{"a.example"}.aaaa("a.example", "2001:db8::1")), "0")
      << "not asked for";
  EXPECT_EQ(learnt(DnsAnswer{"a.example", 28}.aaaa("a.example", "::ffff:198.51.100.1")), "0");
}

TEST(DnsAddresses, AreFoundThroughAChainInAnyOrder) {
  const auto chain = [](int length) {
    DnsAnswer answer{"n0.example"};
    for (int i = length; i > 0; --i)
      answer.cname("n" + std::to_string(i - 1) + ".example", "n" + std::to_string(i) + ".example",
                   100 + static_cast<std::uint32_t>(i));
    return answer.a("n" + std::to_string(length) + ".example", "198.51.100.9", 400);
  };
  EXPECT_EQ(learnt(chain(1)), "198.51.100.9 101");
  EXPECT_EQ(learnt(chain(8)), "198.51.100.9 101");
  EXPECT_EQ(learnt(chain(9)), "0") << "longer than is followed";
  DnsAnswer circle{"a.example"};
  circle.cname("a.example", "b.example").cname("b.example", "a.example");
  EXPECT_EQ(learnt(circle.a("a.example", "198.51.100.1")), "0");
  EXPECT_EQ(
      learnt(DnsAnswer{"a.example"}.cname("x.example", "c.example").a("c.example", "198.51.100.1")),
      "0")
      << "a chain that does not start at the question";
}

TEST(DnsAddresses, AreNotBelievedOfADamagedAnswer) {
  DnsAnswer good{"a.example"};
  good.a("a.example", "198.51.100.1").a("a.example", "198.51.100.2");
  for (const unsigned flags : {0x8380U, 0x8183U, 0x8182U, 0x0100U}) {
    DnsAnswer bad = good;
    EXPECT_EQ(learnt(bad.flags(flags)), "0") << flags;
  }
  const auto question = read_dns_question(good.build());
  for (std::size_t cut = question->end; cut < good.build().size(); ++cut)
    EXPECT_EQ(read_dns_addresses(net::ByteView{good.build()}.first(cut), *question).count, 0U)
        << cut;
  EXPECT_EQ(learnt(DnsAnswer{good}.record(dns_name("a.example"), 1, 1, Bytes(3))), "0")
      << "an address of three bytes";
  EXPECT_EQ(learnt(DnsAnswer{good}.record(bytes({0xc0, 0xff}), 1, 1, Bytes(4))), "0")
      << "a pointer forwards";
}

TEST(DnsAddresses, AreBounded) {
  DnsAnswer many{"a.example"};
  for (int i = 0; i < 40; ++i) many.a("a.example", "198.51.100." + std::to_string(i + 1));
  const auto question = read_dns_question(many.build());
  EXPECT_EQ(read_dns_addresses(many.build(), *question).count, net::DnsAddresses::kMax);
}

// ---- what guests may ask ----

class GuestsDns : public testing::Test {
 protected:
  Verdict ask(const Bytes& query) {
    return gateway
        .from_access(
            FrameBuilder{}.ip("192.0.2.101", "192.0.2.53").udp(5000, 53).data(query).build())
        .verdict;
  }
  Verdict ask_tcp(const Bytes& data, unsigned flags = net::tcp_flag::kAck) {
    return gateway
        .from_access(
            FrameBuilder{}.ip("192.0.2.101", "192.0.2.53").tcp(5000, 53, flags).data(data).build())
        .verdict;
  }
  Gateway gateway;
};

TEST_F(GuestsDns, PassesAsStubResolversSendIt) {
  for (const unsigned type : {1U, 28U, 5U, 12U, 33U, 64U, 65U, 255U})
    EXPECT_EQ(ask(dns_query("a.example", type)), Verdict::kDns) << type;
  EXPECT_EQ(ask(with_edns(dns_query("a.example"), 20)), Verdict::kDns);
}

TEST_F(GuestsDns, MayNotAskForTypesThatCarryTunnels) {
  for (const unsigned type : {10U, 16U, 65280U, 65399U, 65534U})
    EXPECT_EQ(ask(dns_query("a.example", type)), Verdict::kDnsType) << type;
  EXPECT_EQ(ask(dns_query("a.example", 65279)), Verdict::kDns);
  gateway.snapshot.zones[0].guest.dns.drop_https = true;
  for (const unsigned type : {64U, 65U})
    EXPECT_EQ(ask(dns_query("a.example", type)), Verdict::kDnsType);
}

TEST_F(GuestsDns, MayNotAskForNamesPastTheCap) {
  const std::string label(61, 'a');
  EXPECT_EQ(ask(dns_query(label + "." + label + ".ab")), Verdict::kDns) << "128 octets";
  EXPECT_EQ(ask(dns_query(label + "." + label + ".abc")), Verdict::kDnsLongName);
}

TEST_F(GuestsDns, MustBeAQuery) {
  EXPECT_EQ(ask(bytes("not DNS")), Verdict::kDnsMalformed);
  EXPECT_EQ(ask({}), Verdict::kDnsMalformed);
  EXPECT_EQ(ask(DnsAnswer{"a.example"}.build()), Verdict::kDnsMalformed);
}

TEST_F(GuestsDns, HoldsWholeMessagesInEachTcpSegment) {
  const Bytes one = over_tcp(dns_query("a.example"));
  Bytes two = one;
  two.insert(two.end(), one.begin(), one.end());
  EXPECT_EQ(ask_tcp({}, net::tcp_flag::kSyn), Verdict::kDns);
  EXPECT_EQ(ask_tcp({}), Verdict::kDns);
  EXPECT_EQ(ask_tcp(one), Verdict::kDns);
  EXPECT_EQ(ask_tcp(two), Verdict::kDns);
  two.pop_back();
  EXPECT_EQ(ask_tcp(two), Verdict::kDnsMalformed);
  EXPECT_EQ(ask_tcp(bytes({0})), Verdict::kDnsMalformed);
  EXPECT_EQ(ask_tcp(one, net::tcp_flag::kSyn), Verdict::kDnsMalformed);
  EXPECT_EQ(ask_tcp(over_tcp(dns_query("a.example", 16))), Verdict::kDnsType);
}

}  // namespace
}  // namespace gate511::test
