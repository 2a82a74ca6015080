// SPDX-License-Identifier: BSD-3-Clause
#include "table/session_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace gate511::table {
namespace {

constexpr HashSeed kSeed{0x0123456789abcdef, 0xfedcba9876543210};

/// A table with memory of its own.
struct Fixture {
  explicit Fixture(std::size_t capacity)
      : memory(SessionTable::buckets_for(capacity)), table{memory, capacity, kSeed} {}
  std::vector<Bucket> memory;
  SessionTable table;
};

Key key(std::uint64_t n, std::uint16_t vlan = 0) {
  return Key{net::MacAddress{0x020000000000 | n}, vlan};
}

TEST(SessionTable, FindsWhatWasInserted) {
  Fixture f{100};
  const auto index = f.table.insert(key(1), State::kAuthenticated);
  ASSERT_TRUE(index);
  EXPECT_EQ(f.table.look_up(key(1)).index, *index);
  EXPECT_EQ(f.table.look_up(key(1)).state, State::kAuthenticated);
  EXPECT_FALSE(f.table.look_up(key(2)).found());
  EXPECT_FALSE(f.table.look_up(Key{}).found());
}

TEST(SessionTable, TellsVlansApart) {
  Fixture f{100};
  ASSERT_TRUE(f.table.insert(key(1, 10), State::kAuthenticated));
  EXPECT_TRUE(f.table.look_up(key(1, 10)).found());
  EXPECT_FALSE(f.table.look_up(key(1, 20)).found());
  EXPECT_FALSE(f.table.look_up(key(1)).found());
}

TEST(SessionTable, ChangesAStateInPlace) {
  Fixture f{100};
  const auto index = f.table.insert(key(1), State::kAuthenticated);
  f.table.set_state(*index, State::kBlocked);
  EXPECT_EQ(f.table.look_up(key(1)).state, State::kBlocked);
  EXPECT_EQ(f.table.look_up(key(1)).index, *index);
}

TEST(SessionTable, KeepsAnErasedIndexInLimboUntilItIsReleased) {
  Fixture f{1};
  const auto index = f.table.insert(key(1), State::kAuthenticated);
  f.table.erase(*index);
  EXPECT_FALSE(f.table.look_up(key(1)).found());
  EXPECT_EQ(f.table.size(), 0U);
  EXPECT_EQ(f.table.in_limbo(), 1U);
  EXPECT_FALSE(f.table.insert(key(2), State::kAuthenticated));
  f.table.release(*index);
  EXPECT_TRUE(f.table.insert(key(2), State::kAuthenticated));
}

TEST(SessionTable, GivesNoIndexInLimboToAnother) {
  Fixture f{2};
  const auto index = f.table.insert(key(1), State::kAuthenticated);
  f.table.erase(*index);
  const auto again = f.table.insert(key(1), State::kAuthenticated);
  ASSERT_TRUE(again);
  EXPECT_NE(*again, *index) << "a reader may still count on the old one";
  f.table.erase(*again);
  f.table.release(*index);
  EXPECT_EQ(*f.table.insert(key(1), State::kAuthenticated), *index);
}

TEST(SessionTable, HoldsItsWholeCapacityAndNoMore) {
  for (const std::size_t capacity : {1U, 7U, 100U, 5000U}) {
    Fixture f{capacity};
    std::set<std::uint32_t> indices;
    for (std::uint64_t n = 0; n < capacity; ++n) {
      const auto index = f.table.insert(key(n), State::kAuthenticated);
      ASSERT_TRUE(index) << n;
      EXPECT_LT(*index, f.table.slots());
      EXPECT_TRUE(indices.insert(*index).second);
    }
    EXPECT_FALSE(f.table.insert(key(capacity), State::kAuthenticated));
    for (std::uint64_t n = 0; n < capacity; ++n) EXPECT_TRUE(f.table.look_up(key(n)).found());
    EXPECT_GE(f.table.slots() * 10, capacity * 16);
  }
}

TEST(SessionTable, HoldsItsCapacityWhenAllKeysMeetInOneBucket) {
  // Found by search, as only who knows the seed could: keys whose home is that of the first.
  Fixture probe{64};
  std::vector<Key> meeting;
  const auto index = probe.table.insert(key(0), State::kAuthenticated);
  const std::size_t bucket = *index / Bucket::kSlots;
  meeting.push_back(key(0));
  for (std::uint64_t n = 1; meeting.size() < 64; ++n) {
    Fixture alone{64};
    if (*alone.table.insert(key(n), State::kAuthenticated) / Bucket::kSlots == bucket)
      meeting.push_back(key(n));
  }
  Fixture f{64};
  std::map<Key, std::uint32_t> held;
  for (const Key k : meeting) held[k] = *f.table.insert(k, State::kAuthenticated);
  for (const auto& [k, i] : held) EXPECT_EQ(f.table.look_up(k).index, i);
  // Taken out from the first on, the later ones stay where they are and are still found.
  while (!held.empty()) {
    f.table.erase(held.begin()->second);
    held.erase(held.begin());
    for (const auto& [k, i] : held) EXPECT_EQ(f.table.look_up(k).index, i);
  }
  // No mark is left behind: the table is as it was at first, but for the limbo.
  for (const Bucket& b : f.memory) {
    for (const auto& slot : b.slot) EXPECT_EQ(slot.load(), 0U);
  }
}

TEST(SessionTable, AgreesWithAMapOverRandomChanges) {
  Fixture f{300};
  std::map<Key, std::pair<std::uint32_t, State>> map;
  std::mt19937_64 random{511};
  constexpr std::array kStates{State::kAuthenticated, State::kRestricted, State::kBlocked};
  for (int step = 0; step < 100'000; ++step) {
    const Key k = key(random() % 400, static_cast<std::uint16_t>(random() % 2));
    const State state = kStates[random() % kStates.size()];
    const auto found = map.find(k);
    if (found == map.end()) {
      const auto index = f.table.insert(k, state);
      ASSERT_EQ(index.has_value(), map.size() < 300);
      if (index) map[k] = {*index, state};
    } else if (random() % 3 == 0) {
      f.table.set_state(found->second.first, state);
      found->second.second = state;
    } else {
      f.table.erase(found->second.first);
      f.table.release(found->second.first);
      map.erase(found);
    }
    const Key other = key(random() % 400, static_cast<std::uint16_t>(random() % 2));
    const auto expected = map.find(other);
    const Hit hit = f.table.look_up(other);
    ASSERT_EQ(hit.found(), expected != map.end());
    if (hit.found()) {
      ASSERT_EQ(hit.index, expected->second.first);
      ASSERT_EQ(hit.state, expected->second.second);
    }
  }
}

TEST(SessionTable, LooksUpABurst) {
  Fixture f{1000};
  for (std::uint64_t n = 0; n < 1000; n += 2) ASSERT_TRUE(f.table.insert(key(n), State::kBlocked));
  std::array<Key, SessionTable::kMaxBulk> keys;
  std::array<Hit, SessionTable::kMaxBulk> hits;
  for (std::uint64_t n = 0; n < keys.size(); ++n) keys[n] = key(n);
  f.table.look_up(keys, hits);
  for (std::uint64_t n = 0; n < keys.size(); ++n) {
    EXPECT_EQ(hits[n].found(), n % 2 == 0);
    EXPECT_EQ(hits[n].index, f.table.look_up(keys[n]).index);
  }
}

TEST(SessionTable, AReaderNeverMissesASessionThatStays) {
  // Half of the sessions stay, half come and go around them; a reader must find the former always.
  Fixture f{256};
  for (std::uint64_t n = 0; n < 128; ++n)
    ASSERT_TRUE(f.table.insert(key(n), State::kAuthenticated));
  std::atomic<bool> stop{false};
  std::uint64_t missed = 0;
  std::thread reader{[&] {
    while (!stop.load(std::memory_order_relaxed)) {
      for (std::uint64_t n = 0; n < 128; ++n) missed += f.table.look_up(key(n)).found() ? 0U : 1U;
    }
  }};
  for (int turn = 0; turn < 300; ++turn) {
    std::vector<std::uint32_t> indices;
    for (std::uint64_t n = 128; n < 256; ++n)
      indices.push_back(*f.table.insert(key(n), State::kRestricted));
    for (const std::uint32_t index : indices) f.table.erase(index);
    for (const std::uint32_t index : indices) f.table.release(index);
  }
  stop = true;
  reader.join();
  EXPECT_EQ(missed, 0U);
}

}  // namespace
}  // namespace gate511::table
