// SPDX-License-Identifier: BSD-3-Clause
//
// Two workers at full speed write nothing that they share: all that both read is the same, octet by
// octet, before and after, and what each writes lies in cache lines of its own.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "support/gateway.hpp"

namespace gate511::pipeline {
namespace {

constexpr std::size_t kSessions = 50;
constexpr std::size_t kLine = 64;

using Image = std::vector<std::byte>;

Image image_of(const void* begin, std::size_t bytes) {
  Image image(bytes);
  std::memcpy(image.data(), begin, bytes);
  return image;
}

net::MacAddress client(std::size_t n) {
  return net::MacAddress{test::kClient.value() + n};
}

test::Bytes frame_of(std::size_t n, bool up) {
  test::FrameBuilder frame;
  frame.from(up ? client(n) : test::kRouter).to(up ? test::kRouter : client(n));
  return frame.ip(up ? "192.0.2.100" : "198.51.100.80", up ? "198.51.100.80" : "192.0.2.100")
      .udp(40'000, 9'000)
      .data("any")
      .build();
}

/// A worker's own memory and its share of the traffic, sessions' and guests'.
struct alignas(kLine) OwnWorker {
  OwnWorker(Shared& shared, std::size_t slots, std::uint8_t number)
      : counters(slots), pipeline{shared, counters, number, 7ULL + number} {
    for (const bool up : {false, true}) {
      for (std::size_t i = 0; i < kMaxBurst; ++i) frames[up ? 1 : 0].push_back(frame_of(i, up));
    }
  }

  void run(std::size_t bursts) {
    Now now{.ns = 1'000'000'000'000, .unix_s = 1'800'000'000};
    for (std::size_t turn = 0; turn < bursts; ++turn) {
      const bool up = turn % 2 == 0;
      burst.direction = up ? Direction::kFromAccess : Direction::kFromUplink;
      burst.max_frame_out = 1522;
      burst.count = kMaxBurst;
      for (std::size_t i = 0; i < kMaxBurst; ++i) burst.frame[i] = frames[up ? 1 : 0][i];
      pipeline.run(burst, now);
      pipeline.account(burst);
      now.ns += 1'000'000;
    }
  }

  std::vector<table::SessionCounters> counters;
  std::array<std::vector<test::Bytes>, 2> frames;  ///< down, up; the last ones are guests'
  Pipeline pipeline;
  Burst burst;
};

TEST(SharedWrites, AreNone) {
  test::Gateway gateway;
  for (std::size_t n = 0; n < kSessions; ++n)
    ASSERT_TRUE(gateway.table.insert({client(n), 0}, table::State::kAuthenticated));
  const std::size_t slots = gateway.table.slots();
  auto first = std::make_unique<OwnWorker>(gateway.shared, slots, std::uint8_t{0});
  auto second = std::make_unique<OwnWorker>(gateway.shared, slots, std::uint8_t{1});

  const auto read_by_both = [&] {
    return std::vector<Image>{
        image_of(gateway.buckets.data(), gateway.buckets.size() * sizeof(table::Bucket)),
        image_of(gateway.policers.data(), gateway.policers.size() * sizeof(table::Policer)),
        image_of(&gateway.shared, sizeof gateway.shared),
        image_of(&gateway.table, sizeof gateway.table),
        image_of(&gateway.snapshot, sizeof gateway.snapshot),
        image_of(gateway.snapshot.links.data(), sizeof(policy::LinkPolicy)),
        image_of(gateway.snapshot.zones.data(), sizeof(policy::Zone)),
        image_of(&gateway.keys, sizeof gateway.keys)};
  };
  const auto before = read_by_both();
  constexpr std::size_t kBursts = 2'000;
  {
    const std::jthread one{[&] { first->run(kBursts); }};
    const std::jthread other{[&] { second->run(kBursts); }};
  }
  EXPECT_EQ(read_by_both(), before);

  // It was worth looking: each counted all its own frames and none of the other's.
  for (const auto& worker : {std::cref(*first), std::cref(*second)}) {
    const VerdictCounts counts = worker.get().pipeline.counters().total(1, 1);
    EXPECT_EQ(counts[static_cast<std::size_t>(policy::Verdict::kSession)], kBursts * kSessions);
    table::TrafficCounts sum;
    for (const auto& one : worker.get().counters) sum += one.read();
    EXPECT_EQ(sum.packets_up + sum.packets_down, kBursts * kSessions);
  }
  static_assert(alignof(OwnWorker) == kLine && sizeof(OwnWorker) % kLine == 0);
}

TEST(SharedWrites, OfASessionWithARateAreItsPolicersAlone) {
  test::Gateway gateway;
  const auto index = gateway.table.insert({client(0), 0}, table::State::kPoliced);
  gateway.policers[*index].set_rates(1'000'000, 1'000'000);
  const auto image = [&](std::size_t i) {
    return image_of(&gateway.policers[i], sizeof(table::Policer));
  };
  std::vector<Image> before;
  for (std::size_t i = 0; i < gateway.policers.size(); ++i) before.push_back(image(i));
  OwnWorker worker{gateway.shared, gateway.table.slots(), 0};
  worker.run(10);
  for (std::size_t i = 0; i < gateway.policers.size(); ++i)
    EXPECT_EQ(image(i) != before[i], i == *index) << i;
}

}  // namespace
}  // namespace gate511::pipeline
