// SPDX-License-Identifier: BSD-3-Clause
//
// Neighbour and listener discovery of a guest: what a client sends, and all that it must not carry.
#include <gtest/gtest.h>

#include "support/gateway.hpp"

namespace gate511::test {
namespace {

using policy::Verdict;

constexpr std::string_view kLinkLocal = "fe80::101";
constexpr std::string_view kGlobal = "2001:db8::101";
constexpr unsigned kRs = 133, kRa = 134, kNs = 135, kNa = 136, kRedirect = 137;

/// Reserved word or flags, then the target where there is one.
Bytes body(std::string_view target = {}) {
  Bytes out(4);
  if (target.empty()) return out;
  Bytes address(16);
  net::parse_ip(target)->store_v6(address, 0);
  out.insert(out.end(), address.begin(), address.end());
  return out;
}
Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
/// A link-layer address option: 1 source, 2 target.
Bytes link_layer(unsigned type, std::uint64_t mac = kClient.value()) {
  Bytes out = bytes({type, 1});
  for (int shift = 40; shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(mac >> shift));
  return out;
}
const Bytes kNonce = bytes({14, 1, 1, 2, 3, 4, 5, 6});  // RFC 3971, 5.3.2; RFC 7527

class Neighbour : public testing::Test {
 protected:
  Verdict send(std::string_view from, std::string_view to, unsigned type, const Bytes& content,
               unsigned hop_limit = 255, unsigned code = 0) {
    return gateway
        .from_access(FrameBuilder{}.ip(from, to).ttl(hop_limit).icmp(type, code, content).build())
        .verdict;
  }
  Gateway gateway;
};

TEST_F(Neighbour, IsSolicitedAsClientsDo) {
  // RFC 4861, 7.2.2 and RFC 4862, 5.4.2: a resolution, a detection of duplicates, a probe.
  EXPECT_EQ(send(kGlobal, "ff02::1:ff00:10", kNs, body("2001:db8::10") + link_layer(1)),
            Verdict::kNeighbour);
  EXPECT_EQ(send("::", "ff02::1:ff00:101", kNs, body(kGlobal) + kNonce), Verdict::kNeighbour);
  EXPECT_EQ(send(kGlobal, "2001:db8::10", kNs, body("2001:db8::10") + link_layer(1)),
            Verdict::kNeighbour);
  EXPECT_EQ(send(kLinkLocal, "fe80::1", kNs, body("fe80::1")), Verdict::kNeighbour);
}

TEST_F(Neighbour, AdvertisesItself) {
  EXPECT_EQ(send(kGlobal, "2001:db8::1", kNa, body(kGlobal) + link_layer(2)), Verdict::kNeighbour);
  EXPECT_EQ(send(kLinkLocal, "fe80::1", kNa, body(kGlobal) + link_layer(2)), Verdict::kNeighbour);
  EXPECT_EQ(send(kGlobal, "ff02::1", kNa, body(kGlobal) + link_layer(2)), Verdict::kNeighbour);
}

TEST_F(Neighbour, SolicitsRouters) {
  EXPECT_EQ(send("::", "ff02::2", kRs, body()), Verdict::kNeighbour);
  EXPECT_EQ(send(kLinkLocal, "ff02::2", kRs, body() + link_layer(1)), Verdict::kNeighbour);
}

TEST_F(Neighbour, HasCrossedNoRouter) {
  EXPECT_EQ(send(kLinkLocal, "fe80::1", kNs, body("fe80::1"), 254), Verdict::kBadNeighbour);
  EXPECT_EQ(send(kLinkLocal, "ff02::2", kRs, body(), 64), Verdict::kBadNeighbour);
}

TEST_F(Neighbour, IsNoTunnelToAHostBeyondTheLink) {
  // Only a probe of that very address and an advertisement of one's own go to a global address.
  EXPECT_EQ(send(kGlobal, "2001:db8:bad::1", kNs, body("2001:db8::10")), Verdict::kBadNeighbour);
  EXPECT_EQ(send(kGlobal, "2001:db8:bad::1", kNs, body("2001:db8:bad::1") + kNonce),
            Verdict::kBadNeighbour);
  EXPECT_EQ(send(kGlobal, "2001:db8:bad::1", kNa, body("2001:db8::10")), Verdict::kBadNeighbour);
  EXPECT_EQ(send(kGlobal, "2001:db8:bad::1", kNa, body(kGlobal) + kNonce), Verdict::kBadNeighbour);
  EXPECT_EQ(send(kGlobal, "2001:db8:bad::1", kRs, body()), Verdict::kBadNeighbour);
  EXPECT_EQ(send(kGlobal, "ff0e::1234", kNa, body(kGlobal)), Verdict::kBadNeighbour);
  EXPECT_EQ(send(kGlobal, "ff02::1:ff00:11", kNs, body("2001:db8::10")), Verdict::kBadNeighbour);
  EXPECT_EQ(send(kGlobal, "ff02::3", kRs, body()), Verdict::kBadNeighbour);
}

TEST_F(Neighbour, IsAsItsRfcHasIt) {
  const Bytes good = body("fe80::1");
  EXPECT_EQ(send(kLinkLocal, "fe80::1", kNs, good, 255, 1), Verdict::kBadNeighbour) << "a code";
  EXPECT_EQ(send(kLinkLocal, "fe80::1", kNs, body()), Verdict::kBadNeighbour) << "no target";
  EXPECT_EQ(send(kLinkLocal, "fe80::1", kNa, body()), Verdict::kBadNeighbour);
  EXPECT_EQ(send(kLinkLocal, "ff02::2", kRs, {}), Verdict::kBadNeighbour) << "cut short";
  for (const Bytes& options :
       {bytes({1, 0, 0, 0, 0, 0, 0, 0}), bytes({1, 2, 0, 0, 0, 0, 0, 0}), bytes({1, 1, 0, 0}),
        link_layer(1, kRouter.value()), link_layer(2, kRouter.value())})
    EXPECT_EQ(send(kLinkLocal, "ff02::1:ff00:1", kNs, good + options), Verdict::kBadNeighbour);
  Bytes many;
  for (int i = 0; i < 12; ++i) many = many + kNonce;
  EXPECT_EQ(send(kLinkLocal, "ff02::1:ff00:1", kNs, good + many), Verdict::kNeighbour);
  EXPECT_EQ(send(kLinkLocal, "ff02::1:ff00:1", kNs, good + many + kNonce + kNonce),
            Verdict::kBadNeighbour)
      << "over 128 bytes";
  Bytes damaged = FrameBuilder{}.ip(kLinkLocal, "fe80::1").ttl(255).icmp(kNs, 0, good).build();
  damaged.back() ^= std::byte{1};
  EXPECT_EQ(gateway.from_access(damaged).verdict, Verdict::kBadNeighbour);
}

TEST_F(Neighbour, IsNoRouter) {
  for (const unsigned type : {kRa, kRedirect, 130U})
    EXPECT_EQ(send(kLinkLocal, "ff02::1", type, body("fe80::1")), Verdict::kRouterMessage);
}

TEST_F(Neighbour, ReportsToListenersOnTheLinkAlone) {
  const auto report = [&](std::string_view from, std::string_view to, unsigned type,
                          unsigned hop_limit) {
    return gateway
        .from_access(FrameBuilder{}
                         .ip(from, to)
                         .ttl(hop_limit)
                         .extension(0, Bytes(6))
                         .icmp(type, 0, Bytes(20))
                         .build())
        .verdict;
  };
  for (const unsigned type : {131U, 132U, 143U}) {
    EXPECT_EQ(report(kLinkLocal, "ff02::16", type, 1), Verdict::kMld);
    EXPECT_EQ(report("::", "ff02::16", type, 1), Verdict::kMld);
    EXPECT_EQ(report(kLinkLocal, "ff02::16", type, 2), Verdict::kBadNeighbour);
    EXPECT_EQ(report(kGlobal, "ff02::16", type, 1), Verdict::kBadNeighbour);
    EXPECT_EQ(report(kLinkLocal, "ff05::16", type, 1), Verdict::kBadNeighbour);
    EXPECT_EQ(report(kLinkLocal, "2001:db8:bad::1", type, 1), Verdict::kBadNeighbour);
  }
}

}  // namespace
}  // namespace gate511::test
