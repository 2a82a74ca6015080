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
}
