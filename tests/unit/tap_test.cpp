// SPDX-License-Identifier: BSD-3-Clause
//
// The tap: whose frames it copies, how much of them, what it says of them, and what it does where
// there is no room.
#include "pipeline/tap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <thread>

#include "support/gateway.hpp"

namespace gate511::pipeline {
namespace {

using test::Bytes;
using test::kClient;
using test::kRouter;

constexpr net::MacAddress kOther{0x0200'5e00'5302};

Bytes frame(net::MacAddress destination, net::MacAddress source, std::size_t bytes,
            std::uint8_t fill = 0) {
  Bytes made(bytes, std::byte{fill});
  net::store_be48(made, 0, destination.value());
  net::store_be48(made, 6, source.value());
  return made;
}

/// A burst over frames that live as long.
Burst burst_of(Direction direction, const std::vector<Bytes>& frames) {
  Burst burst;
  burst.direction = direction;
  burst.link = 1;
  burst.count = frames.size();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    burst.frame[i] = frames[i];
    burst.verdict[i] = policy::Verdict::kSession;
  }
  return burst;
}

TEST(Tap, CopiesTheClientsFramesBothWays) {
  Tap tap{kClient, 65'535, 1 << 16};
  const std::vector<Bytes> up{frame(kRouter, kClient, 60, 1), frame(kRouter, kOther, 60, 2),
                              Bytes(5), frame(kClient, kOther, 60, 3)};
  Burst burst = burst_of(Direction::kFromAccess, up);
  tap.take(burst, 100);
  EXPECT_FALSE(tap.front()) << "what became of it is not known yet";
  burst.verdict[0] = policy::Verdict::kTxFull;
  tap.publish(burst);
  ASSERT_TRUE(tap.front());
  const TappedFrame seen = *tap.front();
  EXPECT_EQ(seen.at_ns, 100U);
  EXPECT_EQ(seen.bytes, 60U);
  EXPECT_EQ(seen.link, 1);
  EXPECT_TRUE(seen.on_access);
  EXPECT_FALSE(seen.is_ours);
  EXPECT_EQ(seen.verdict, policy::Verdict::kTxFull);
  EXPECT_TRUE(std::ranges::equal(tap.bytes(), up[0]));
  tap.pop();
  EXPECT_FALSE(tap.front());
  const std::vector<Bytes> down{frame(kOther, kRouter, 60), frame(kClient, kRouter, 70, 9)};
  const Burst back = burst_of(Direction::kFromUplink, down);
  tap.take(back, 200);
  tap.publish(back);
  EXPECT_FALSE(tap.front()->on_access);
  EXPECT_EQ(tap.front()->bytes, 70U);
}

TEST(Tap, KeepsTheFirstBytesAndWhatIsSentInItsPlace) {
  Tap tap{kClient, 20, 1 << 16};
  const std::vector<Bytes> up{frame(kRouter, kClient, 1'000)};
  Burst burst = burst_of(Direction::kFromAccess, up);
  tap.take(burst, 1);
  const Bytes reply = frame(kClient, kRouter, 300);
  tap.take_ours(burst, 0, true, reply, 2);
  tap.take_ours(burst, 0, true, frame(kOther, kRouter, 300), 2);
  burst.verdict[0] = policy::Verdict::kMonitored;
  burst.would_have[0] = policy::Verdict::kGuestDenied;
  tap.publish(burst);
  EXPECT_EQ(tap.front()->bytes, 1'000U);
  EXPECT_EQ(tap.front()->kept, 20U);
  EXPECT_EQ(tap.bytes().size(), 20U);
  EXPECT_EQ(tap.front()->would_have, policy::Verdict::kGuestDenied);
  tap.pop();
  EXPECT_TRUE(tap.front()->is_ours);
  EXPECT_TRUE(tap.front()->on_access);
  EXPECT_EQ(tap.front()->bytes, 300U);
  tap.pop();
  EXPECT_FALSE(tap.front());
}

/// Any sizes, any fill: what comes out is what went in, but for what was counted as dropped.
TEST(Tap, GoesRoundItsRing) {
  Tap tap{kClient, 65'535, 4'096};
  std::mt19937 random{7};
  std::deque<Bytes> expected;
  std::uint64_t dropped = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t bytes = 14 + random() % 1'500;
    const std::vector<Bytes> one{frame(kRouter, kClient, bytes, static_cast<std::uint8_t>(i))};
    const Burst burst = burst_of(Direction::kFromAccess, one);
    const std::uint64_t before = tap.dropped();
    tap.take(burst, static_cast<std::uint64_t>(i));
    tap.publish(burst);
    if (tap.dropped() == before) expected.push_back(one[0]);
    dropped = tap.dropped();
    for (std::size_t pops = random() % 3; pops > 0 && !expected.empty(); --pops) {
      ASSERT_TRUE(tap.front());
      ASSERT_TRUE(std::ranges::equal(tap.bytes(), expected.front())) << i;
      tap.pop();
      expected.pop_front();
    }
  }
  EXPECT_GT(dropped, 0U);
  EXPECT_LT(dropped, 20'000U);
  EXPECT_EQ(expected.empty(), !tap.front());
}

TEST(Tap, IsReadWhileItIsFilled) {
  Tap tap{kClient, 65'535, 1 << 14};
  constexpr std::uint64_t kFrames = 50'000;
  std::jthread worker{[&tap] {
    for (std::uint64_t i = 0; i < kFrames; ++i) {
      const std::vector<Bytes> one{
          frame(kRouter, kClient, 14 + i % 200, static_cast<std::uint8_t>(i))};
      const Burst burst = burst_of(Direction::kFromAccess, one);
      tap.take(burst, i);
      tap.publish(burst);
    }
  }};
  std::uint64_t seen = 0, last = 0;
  while (seen + tap.dropped() < kFrames) {
    const auto front = tap.front();
    if (!front) continue;
    ASSERT_TRUE(seen == 0 || front->at_ns > last);
    last = front->at_ns;
    ASSERT_EQ(front->bytes, 14 + last % 200);
    if (front->bytes > 14) {
      ASSERT_EQ(tap.bytes().back(), std::byte{static_cast<std::uint8_t>(last)});
    }
    tap.pop();
    ++seen;
  }
  EXPECT_GT(seen, 0U);
}

}  // namespace
}  // namespace gate511::pipeline
