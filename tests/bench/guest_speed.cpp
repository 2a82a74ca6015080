// SPDX-License-Identifier: BSD-3-Clause
//
// What guests' frames cost in the pure core, in cycles of the time-stamp counter: a frame that is
// denied beside one of a session, and answers of DNS to hosts in the garden and to others.
#include <fmt/format.h>
#include <x86intrin.h>

#include <algorithm>
#include <functional>

#include "support/dns_message.hpp"
#include "support/gateway.hpp"

namespace {

using namespace gate511;
using pipeline::Direction;
using pipeline::kMaxBurst;

constexpr std::size_t kBursts = 256;  // other frames each: their bytes are not all in the cache
constexpr int kRounds = 31;
constexpr int kInsertions = 251;  // bursts
constexpr std::size_t kHosts = 100'000;

using Frames = std::vector<test::Bytes>;

Frames frames(const std::function<test::Bytes(std::size_t)>& make) {
  Frames made;
  for (std::size_t i = 0; i < kBursts * kMaxBurst; ++i) made.push_back(make(i));
  return made;
}

class Bench {
 public:
  Bench() {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < kHosts; ++i) names.push_back(fmt::format("host{}.example", i));
    gateway_.snapshot.zones[0].guest.hosts =
        std::make_shared<const http::HostSet>(*http::HostSet::build(names));
    policy::BudgetRates rates;
    rates.per_s.fill(policy::BudgetRates::kMaxRate);
    gateway_.snapshot.zones[0].guest.budgets = policy::Budgets{rates};
    gateway_.shared.unix_s = gateway_.now.unix_s;
    (void)gateway_.table.insert({kKnown, 0}, table::State::kAuthenticated);
  }

  static constexpr net::MacAddress kKnown{0x0200'5e00'53aa};

  /// Cycles a frame, all told; `before` runs untimed in front of each burst.
  double measure(const Frames& all, Direction direction, policy::Verdict wanted,
                 const std::function<void(std::size_t)>& before = {}) {
    std::vector<double> cycles;
    for (int round = 0; round < kRounds; ++round) {
      std::uint64_t spent = 0;
      for (std::size_t at = 0; at < all.size(); at += kMaxBurst) {
        if (before) before(at);
        spent += run(all, at, direction, wanted);
      }
      cycles.push_back(static_cast<double>(spent) / static_cast<double>(all.size()));
    }
    std::ranges::nth_element(cycles, cycles.begin() + kRounds / 2);
    return cycles[kRounds / 2];
  }

  /// Cycles to put the captive-portal option into an answer, found to be one included.
  double measure_insertion(const test::Bytes& answer) {
    gateway_.snapshot.zones[0].capport = net::CapportOptions{"https://portal.example/capport"};
    std::vector<double> cycles;
    for (int round = 0; round < kInsertions; ++round) {
      std::array<test::Bytes, kMaxBurst> memory;
      burst_->direction = Direction::kFromUplink;
      burst_->count = kMaxBurst;
      burst_->max_frame_out = 1522;
      for (std::size_t i = 0; i < kMaxBurst; ++i) {
        memory[i] = answer;
        memory[i].resize(2048);
        burst_->frame[i] = net::ByteView{memory[i]}.first(answer.size());
      }
      gateway_.pipeline.run(*burst_, gateway_.now);
      std::size_t bytes = 0;
      const std::uint64_t begin = __rdtsc();
      for (const std::uint8_t i : burst_->announce)
        bytes += gateway_.pipeline.announce(*burst_, i, memory[i], gateway_.now);
      const std::uint64_t end = __rdtsc();
      if (bytes <= answer.size() * kMaxBurst) {
        fmt::print(stderr, "bench-guests: no option was put in\n");
        std::exit(EXIT_FAILURE);
      }
      cycles.push_back(static_cast<double>(end - begin) / kMaxBurst);
    }
    gateway_.snapshot.zones[0].capport = {};
    std::ranges::nth_element(cycles, cycles.begin() + kInsertions / 2);
    return cycles[kInsertions / 2];
  }

  test::Gateway& gateway() { return gateway_; }

 private:
  std::uint64_t run(const Frames& all, std::size_t at, Direction direction,
                    policy::Verdict wanted) {
    pipeline::Burst& burst = *burst_;
    burst.direction = direction;
    burst.count = kMaxBurst;
    burst.max_frame_out = 1522;
    for (std::size_t i = 0; i < kMaxBurst; ++i) burst.frame[i] = all[at + i];
    gateway_.now.ns += 10'000;
    const std::uint64_t begin = __rdtsc();
    gateway_.pipeline.run(burst, gateway_.now);
    for (const std::uint8_t i : burst.hold) gateway_.pipeline.learner().hold(i, this);
    gateway_.pipeline.account(burst);
    const std::uint64_t end = __rdtsc();
    // Some of the questions displace others in the table of those that are outstanding.
    const auto as_wanted = std::count(burst.verdict.begin(), burst.verdict.end(), wanted);
    if (as_wanted < static_cast<std::ptrdiff_t>(kMaxBurst) * 3 / 4) {
      fmt::print(stderr, "bench-guests: {} where {} should be\n",
                 policy::info(burst.verdict[0]).name, policy::info(wanted).name);
      std::exit(EXIT_FAILURE);
    }
    release();
    return end - begin;
  }
  void release() {
    while (gateway_.opener.serve(gateway_.pipeline.learner(), gateway_.now.unix_s) > 0) {
    }
    std::array<pipeline::Released, kMaxBurst> back;
    for (std::size_t n; (n = gateway_.pipeline.learner().take_released(back)) > 0;) {
      for (const pipeline::Released& one : std::span{back}.first(n))
        gateway_.pipeline.account_released(one, policy::Verdict::kDns);
    }
    std::array<pipeline::Learnt, kMaxBurst> learnt;
    while (gateway_.opener.take(learnt) > 0) {
    }
  }

  test::Gateway gateway_;
  std::unique_ptr<pipeline::Burst> burst_ = std::make_unique<pipeline::Burst>();
};

net::MacAddress guest(std::size_t i) {
  return net::MacAddress{0x0200'0000'0000 + i * 0x9e37 % 0xff'ffff};
}

test::Bytes answer(std::size_t i, const std::string& name) {
  return test::FrameBuilder{}
      .from(test::kRouter)
      .to(guest(i))
      .ip("192.0.2.53", "192.0.2.101")
      .udp(53, 5000)
      .data(test::DnsAnswer{name}.a(name, "198.51.100.80").build())
      .build();
}

/// A DHCPACK as dnsmasq sends it, 300 bytes; an answer of DHCPv6; a router advertisement.
test::Bytes dhcp4_ack() {
  test::Bytes message = test::bytes({2, 1, 6, 0});
  message.resize(240);
  net::store_be48(message, 28, guest(0).value());
  net::store_be(message, 236, std::uint32_t{0x63825363});
  for (const test::Bytes& option :
       {test::bytes({53, 1, 5, 54, 4, 192, 0, 2, 1, 51, 4, 0, 0, 14, 16, 58, 4, 0, 0, 7, 8}),
        test::bytes({59, 4, 0, 0, 12, 78, 1, 4, 255, 255, 255, 0, 28, 4, 192, 0, 2, 255}),
        test::bytes({3, 4, 192, 0, 2, 1, 6, 4, 192, 0, 2, 53, 255})})
    message.insert(message.end(), option.begin(), option.end());
  message.resize(300);
  return test::FrameBuilder{}
      .from(test::kRouter)
      .to(net::MacAddress{0xffff'ffff'ffff})
      .ip("192.0.2.1", "255.255.255.255")
      .udp(67, 68)
      .data(message)
      .build();
}
test::Bytes dhcp6_reply() {
  test::Bytes message = test::bytes({7, 1, 2, 3});
  message.resize(110);
  net::store_be(message, 4, std::uint32_t{0x0003'0066});  // one option, as long as the rest
  return test::FrameBuilder{}
      .from(test::kRouter)
      .to(guest(0))
      .ip("fe80::1", "fe80::101")
      .udp(547, 546)
      .data(message)
      .build();
}
test::Bytes router_advert() {
  test::Bytes body(12 + 32);
  body[12] = std::byte{3};
  body[13] = std::byte{4};
  return test::FrameBuilder{}
      .from(test::kRouter)
      .ip("fe80::1", "ff02::1")
      .ttl(255)
      .icmp(134, 0, body)
      .build();
}

}  // namespace

int main() {
  using policy::Verdict;
  Bench bench;
  const auto up = Direction::kFromAccess, down = Direction::kFromUplink;
  const auto ping = [](net::MacAddress from) {
    return test::FrameBuilder{}
        .from(from)
        .ip("192.0.2.101", "198.51.100.80")
        .icmp(8, 0, test::Bytes(14))
        .build();
  };
  const double session = bench.measure(frames([&](std::size_t) { return ping(Bench::kKnown); }), up,
                                       Verdict::kSession);
  const double denied = bench.measure(frames([&](std::size_t i) { return ping(guest(i)); }), up,
                                      Verdict::kGuestDenied);
  const auto name = [](std::size_t i, const char* domain) {
    return fmt::format("host{}.{}", i % 5'000, domain);
  };
  const double other =
      bench.measure(frames([&](std::size_t i) { return answer(i, name(i, "other.example")); }),
                    down, Verdict::kDns);
  const Frames queries = frames([&](std::size_t i) {
    return test::FrameBuilder{}
        .from(guest(i))
        .ip("192.0.2.101", "192.0.2.53")
        .udp(5000, 53)
        .data(test::dns_query(name(i, "example")))
        .build();
  });
  const double held =
      bench.measure(frames([&](std::size_t i) { return answer(i, name(i, "example")); }), down,
                    Verdict::kDnsHeld, [&](std::size_t at) {
                      for (std::size_t i = at; i < at + kMaxBurst; ++i)
                        bench.gateway().from_access(queries[i]);
                    });
  fmt::print("cycles a frame in the core, {} hosts in the garden\n", kHosts);
  fmt::print("  a session's                        {:8.0f}\n", session);
  fmt::print("  a guest's that is denied           {:8.0f}  {:.0f} more (aim: 80 at most)\n",
             denied, denied - session);
  fmt::print("  answer of DNS, no host's           {:8.0f}  (aim: 500 at most)\n", other);
  fmt::print("  answer of DNS, held                {:8.0f}\n", held);
  for (const auto& [what, frame] :
       {std::pair{"DHCP", dhcp4_ack()}, std::pair{"DHCPv6", dhcp6_reply()},
        std::pair{"router advertisement", router_advert()}})
    fmt::print("  option put into {:<19}{:8.0f}  (aim: 1000 at most)\n", what,
               bench.measure_insertion(frame));
}
