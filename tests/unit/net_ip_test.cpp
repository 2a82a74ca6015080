// SPDX-License-Identifier: BSD-3-Clause
#include "net/ip.hpp"

#include <gtest/gtest.h>

#include "net/mac.hpp"

namespace gate511::net {
namespace {

TEST(Mac, ReadsBothSeparatorsAndEitherCase) {
  EXPECT_EQ(parse_mac("02:00:5e:00:53:Ab")->value(), 0x02005e0053abU);
  EXPECT_EQ(parse_mac("02-00-5E-00-53-ab")->value(), 0x02005e0053abU);
}

TEST(Mac, RefusesWhatIsNone) {
  for (const char* text : {"", "02", "02:00:5e:00:53", "02:00:5e:00:53:0g", "02:00:5e-00:53:01",
                           "02005e005301", "02:00:5e:00:53:01 ", "2:0:5e:0:53:1:::::"}) {
    EXPECT_FALSE(parse_mac(text)) << text;
  }
}

TEST(Mac, KnowsItsKinds) {
  EXPECT_TRUE(parse_mac("02:00:5e:00:53:01")->is_station());
  EXPECT_FALSE(parse_mac("01:00:5e:00:53:01")->is_station());
  EXPECT_FALSE(parse_mac("00:00:00:00:00:00")->is_station());
  EXPECT_TRUE(parse_mac("ff:ff:ff:ff:ff:ff")->is_broadcast());
  EXPECT_TRUE(parse_mac("ff:ff:ff:ff:ff:ff")->is_group());
}

TEST(Mac, WritesLowerCaseWithColons) {
  EXPECT_EQ(to_string(MacAddress{0x02005e0053ab}), "02:00:5e:00:53:ab");
}

TEST(Ip, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(to_string(*parse_ip("192.0.2.10")), "192.0.2.10");
  EXPECT_EQ(to_string(*parse_ip("2001:DB8:0::53")), "2001:db8::53");
  EXPECT_EQ(*parse_ip("::ffff:192.0.2.1"), *parse_ip("192.0.2.1"));
}

TEST(Ip, RefusesWhatIsNone) {
  using namespace std::string_view_literals;
  for (const auto text : {""sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1 "sv, "[2001:db8::1]"sv,
                          "fe80::1%eth0"sv, "192.0.2.1\0x"sv}) {
    EXPECT_FALSE(parse_ip(text)) << text;
  }
}

TEST(Ip, KnowsWhatAHostMayHave) {
  for (const char* text : {"192.0.2.1", "223.255.255.255", "10.0.0.1", "2001:db8::1", "fe80::1"})
    EXPECT_TRUE(parse_ip(text)->is_unicast_host()) << text;
  for (const char* text : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1",
                           "255.255.255.255", "::", "::1", "ff02::1"})
    EXPECT_FALSE(parse_ip(text)->is_unicast_host()) << text;
}

TEST(Cidr, IsARangeOfAddresses) {
  const auto cidr = parse_cidr("192.0.2.64/26");
  ASSERT_TRUE(cidr);
  EXPECT_EQ(to_string(cidr->first), "192.0.2.64");
  EXPECT_EQ(to_string(cidr->last), "192.0.2.127");
  EXPECT_EQ(to_string(parse_cidr("2001:db8:1::/48")->last), "2001:db8:1:ffff:ffff:ffff:ffff:ffff");
  EXPECT_EQ(parse_cidr("2001:db8::1")->last, *parse_ip("2001:db8::1"));
  EXPECT_EQ(to_string(parse_cidr("0.0.0.0/0")->last), "255.255.255.255");
}

TEST(Cidr, RefusesSlips) {
  for (const char* text : {"192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1",
                           "192.0.2.0/24x", "2001:db8::/129", "/24", "example.com/24"})
    EXPECT_FALSE(parse_cidr(text)) << text;
}

TEST(IpSet, HoldsOverlappingPrefixes) {
  const IpSet set{{*parse_cidr("192.0.2.0/24"), *parse_cidr("192.0.2.128/25"),
                   *parse_cidr("2001:db8::/32"), *parse_cidr("198.51.100.7")}};
  for (const char* in :
       {"192.0.2.0", "192.0.2.127", "192.0.2.255", "2001:db8:ffff::1", "198.51.100.7"})
    EXPECT_TRUE(set.contains(*parse_ip(in))) << in;
  for (const char* out : {"192.0.1.255", "192.0.3.0", "198.51.100.6", "198.51.100.8",
                          "2001:db9::", "2001:db7:ffff::"})
    EXPECT_FALSE(set.contains(*parse_ip(out))) << out;
  EXPECT_FALSE(IpSet{}.contains(*parse_ip("192.0.2.1")));
}

TEST(IpSet, HoldsAPrefixInsideOfAnother) {
  const IpSet set{
      {*parse_cidr("10.0.0.0/8"), *parse_cidr("10.1.0.0/16"), *parse_cidr("10.0.0.0/9")}};
  EXPECT_TRUE(set.contains(*parse_ip("10.255.255.255")));
  EXPECT_TRUE(set.contains(*parse_ip("10.1.2.3")));
  EXPECT_FALSE(set.contains(*parse_ip("11.0.0.0")));
}

TEST(IpSet, KeepsTheFamiliesApart) {
  const IpSet all6{{*parse_cidr("::/0")}};
  EXPECT_TRUE(all6.contains(*parse_ip("2001:db8::1")));
  EXPECT_FALSE(all6.contains(*parse_ip("198.51.100.80")));
  const IpSet all4{{*parse_cidr("0.0.0.0/0")}};
  EXPECT_TRUE(all4.contains(*parse_ip("198.51.100.80")));
  EXPECT_FALSE(all4.contains(*parse_ip("2001:db8::1")));
}

}  // namespace
}  // namespace gate511::net
