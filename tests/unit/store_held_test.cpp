// SPDX-License-Identifier: BSD-3-Clause
//
// What is held for a disk that fails: what later changes overtake goes, and what is left means the
// same.
#include "control/store/held.hpp"

#include <gtest/gtest.h>

#include <random>

#include "control/store/replay.hpp"

namespace gate511::control::store {
namespace {

Put put(std::uint64_t id, std::string tag = {}) {
  return {{.id = id, .key = {net::MacAddress{0x0200'5e00'5300 + id}, 0}, .tag = std::move(tag)}};
}

/// What the changes come to, on a file that holds some sessions.
std::vector<std::tuple<Session, std::uint64_t, int>> outcome(const Changes& changes) {
  Restored restored;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    restored.sessions.push_back({});
    restored.sessions.back().session = put(id, "before").session;
  }
  Replay replay{restored};
  replay.apply({1, changes});
  replay.finish();
  std::vector<std::tuple<Session, std::uint64_t, int>> all;
  for (const Restored::One& one : restored.sessions)
    all.emplace_back(one.session, one.counts.bytes_up, one.ended);
  return all;
}

TEST(HeldChanges, AreReducedToTheLast) {
  Changes changes{put(1, "a"), Count{1, {{1, 10, 0, 0}}},
                  put(1, "b"), Count{1, {{2, 20, 0, 0}}},
                  put(2, "c"), put(1, "d")};
  const auto before = outcome(changes);
  EXPECT_EQ(reduce(changes, 100), 0U);
  EXPECT_EQ(changes.size(), 3U);
  EXPECT_TRUE(outcome(changes) == before);
}

TEST(HeldChanges, OfWhatHasEndedTheEndIsLeft) {
  Changes changes{put(1, "a"), Count{1, {{1, 10, 0, 0}}}, End{1, 1}, Ended{1, 7, "line"}};
  EXPECT_EQ(reduce(changes, 100), 0U);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<End>(changes[0]));
  EXPECT_TRUE(std::holds_alternative<Ended>(changes[1]));
}

TEST(HeldChanges, EndsAreLostLast) {
  Changes changes;
  for (std::uint64_t id = 1; id <= 10; ++id) {
    changes.emplace_back(End{id, 1});
    changes.emplace_back(put(100 + id));
  }
  EXPECT_EQ(reduce(changes, 15), 5U);
  ASSERT_EQ(changes.size(), 15U);
  EXPECT_EQ(std::get<End>(changes[0]).id, 1U);
  EXPECT_EQ(std::get<Put>(changes.back()).session.id, 110U) << "the oldest go first";
  EXPECT_EQ(reduce(changes, 4), 11U);
  EXPECT_EQ(std::get<End>(changes[0]).id, 7U);
}

TEST(HeldChanges, MeanTheSameAfterwards) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random{seed};
    Changes changes;
    std::vector<std::uint64_t> live{1, 2, 3};
    std::uint64_t next = 4;
    for (int i = 0; i < 60; ++i) {
      const std::uint64_t kind = random() % 4;
      if (kind == 0 || live.empty()) {
        live.push_back(next);
        changes.emplace_back(put(next++, "new"));
        continue;
      }
      const std::size_t at = random() % live.size();
      if (kind == 1) {
        changes.emplace_back(put(live[at], std::to_string(i)));
      } else if (kind == 2) {
        changes.emplace_back(Count{live[at], {{1, random() % 100, 0, 0}}});
      } else {
        changes.emplace_back(End{live[at], 1});
        changes.emplace_back(Ended{live[at], static_cast<std::uint64_t>(i), "line"});
        live.erase(live.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
    const auto before = outcome(changes);
    EXPECT_EQ(reduce(changes, 1'000), 0U);
    EXPECT_TRUE(outcome(changes) == before) << seed;
  }
}

}  // namespace
}  // namespace gate511::control::store
