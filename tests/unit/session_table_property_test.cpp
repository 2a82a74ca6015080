// SPDX-License-Identifier: BSD-3-Clause
//
// The session table against a plain map over very many random changes, in each form of the bulk
// look-up that this processor runs, with a reader on another thread. 1,000,000 operations, or as
// many as GATE511_TABLE_OPERATIONS says.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "table/session_table.hpp"

namespace gate511::table {
namespace {

constexpr HashSeed kSeed{0x0123456789abcdef, 0xfedcba9876543210};
constexpr std::size_t kBulk = SessionTable::kMaxBulk;
constexpr std::array kStates{State::kAuthenticated, State::kRestricted, State::kBlocked};

std::size_t operations() {
  const char* const wanted = std::getenv("GATE511_TABLE_OPERATIONS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 1'000'000;
}

Key key(std::uint64_t n) {
  return Key{net::MacAddress{0x020000000000 | n >> 1}, static_cast<std::uint16_t>(n & 1)};
}

std::vector<Isa> supported() {
  std::vector<Isa> isas;
  for (const Isa isa : kAllIsas) {
    if (is_supported(isa)) isas.push_back(isa);
  }
  return isas;
}

std::string isa_name(const testing::TestParamInfo<Isa>& info) {
  const auto name = name_of(info.param);
  std::string letters;
  for (const char c : name) {
    if (c != '-') letters.push_back(c);
  }
  return letters;
}

class SessionTableForms : public testing::TestWithParam<Isa> {};

TEST_P(SessionTableForms, AgreeWithAMap) {
  // Nearly full, so that many sessions stand behind their home.
  constexpr std::size_t kCapacity = 2000, kKeys = 2600;
  std::vector<Bucket> memory(SessionTable::buckets_for(kCapacity));
  SessionTable table{memory, kCapacity, kSeed, GetParam()};
  std::unordered_map<std::uint64_t, Hit> map;
  std::mt19937_64 random{511};
  std::array<std::uint64_t, kBulk> asked;
  std::array<Key, kBulk> keys;
  std::array<Hit, kBulk> hits;
  for (std::size_t done = 0; done < operations(); ++done) {
    const std::uint64_t n = random() % kKeys;
    const State state = kStates[random() % kStates.size()];
    const auto found = map.find(n);
    if (found == map.end()) {
      const auto index = table.insert(key(n), state);
      ASSERT_EQ(index.has_value(), map.size() < kCapacity);
      if (index) map[n] = {*index, state};
    } else if (random() % 4 == 0) {
      table.set_state(found->second.index, state);
      found->second.state = state;
    } else if (random() % 2 == 0) {
      table.erase(found->second.index);
      table.release(found->second.index);
      map.erase(found);
    }
    if (done % 16 != 0) continue;
    const std::size_t count = 1 + random() % kBulk;
    for (std::size_t i = 0; i < count; ++i) {
      asked[i] = random() % (kKeys + 1);
      keys[i] = asked[i] == kKeys ? Key{} : key(asked[i]);
    }
    table.look_up(std::span{keys}.first(count), std::span{hits}.first(count));
    for (std::size_t i = 0; i < count; ++i) {
      const auto expected = map.find(asked[i]);
      const Hit hit = expected == map.end() ? Hit{} : expected->second;
      ASSERT_EQ(hits[i].index, hit.index) << done;
      ASSERT_EQ(hits[i].state, hit.state) << done;
    }
  }
}

TEST_P(SessionTableForms, FindNoKeyThatIsNoStations) {
  std::vector<Bucket> memory(SessionTable::buckets_for(8));
  SessionTable table{memory, 8, kSeed, GetParam()};
  const std::array keys{Key{}, Key{net::MacAddress{}, 0}, Key{net::MacAddress{}, 7},
                        Key{net::MacAddress{net::MacAddress::kMask}, 0},
                        Key{net::MacAddress{net::MacAddress::kGroupBit}, 0}};
  std::array<Hit, keys.size()> hits;
  const auto none_is_found = [&] {
    table.look_up(keys, hits);
    for (const Hit& hit : hits) {
      EXPECT_FALSE(hit.found());
      EXPECT_EQ(hit.state, State::kNone);
    }
  };
  none_is_found();
  for (std::uint64_t n = 2; n < 10; ++n) ASSERT_TRUE(table.insert(key(n), State::kBlocked));
  none_is_found();
}

/// A reader that looks up all the time, and what it has to agree about with the writer.
class Reader {
 public:
  Reader(const SessionTable& table, std::uint64_t staying, std::uint64_t keys)
      : table_{table}, staying_{staying}, keys_{keys}, owner_(table.slots()) {
    thread_ = std::thread{[this] { run(); }};
  }
  ~Reader() { stop(); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

  /// Before an index may be seen as `n`'s, which it stays until every reader is quiescent.
  void owns(std::uint32_t index, std::uint64_t n) {
    owner_[index].store(n, std::memory_order_release);
  }
  [[nodiscard]] std::uint64_t quiescent_states() const {
    return quiescent_.load(std::memory_order_acquire);
  }
  std::uint64_t lost = 0;     ///< a session that stays and was not found
  std::uint64_t phantom = 0;  ///< an index that was another's, or a state that nobody set
  std::uint64_t looked_up = 0;

 private:
  void run() {
    std::mt19937_64 random{11};
    std::array<std::uint64_t, kBulk> asked;
    std::array<Key, kBulk> keys;
    std::array<Hit, kBulk> hits;
    while (!stop_.load(std::memory_order_relaxed)) {
      for (std::size_t i = 0; i < kBulk; ++i) {
        asked[i] = random() % keys_;
        keys[i] = key(asked[i]);
      }
      table_.look_up(keys, hits);
      for (std::size_t i = 0; i < kBulk; ++i) {
        if (!hits[i].found()) {
          lost += asked[i] < staying_ ? 1U : 0U;
          continue;
        }
        const std::uint64_t owner = owner_[hits[i].index].load(std::memory_order_acquire);
        // Published before its owner was noted: insert() returns the index that it has published.
        if (owner == 0) continue;
        const bool known_state = hits[i].state == State::kAuthenticated ||
                                 hits[i].state == State::kRestricted ||
                                 hits[i].state == State::kBlocked;
        phantom += owner - 1 == asked[i] && known_state ? 0U : 1U;
      }
      looked_up += kBulk;
      quiescent_.fetch_add(1, std::memory_order_release);
    }
  }

  const SessionTable& table_;
  std::uint64_t staying_;
  std::uint64_t keys_;
  std::vector<std::atomic<std::uint64_t>> owner_;  ///< by index: n + 1, 0: to be noted
  std::atomic<std::uint64_t> quiescent_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST_P(SessionTableForms, LoseNothingAndMakeNothingUpWhileSessionsComeAndGo) {
  constexpr std::size_t kCapacity = 4000, kStaying = 1500, kKeys = 5000;
  std::vector<Bucket> memory(SessionTable::buckets_for(kCapacity));
  SessionTable table{memory, kCapacity, kSeed, GetParam()};
  std::vector<std::uint32_t> index_of(kKeys, Hit::kNoIndex);
  for (std::uint64_t n = 0; n < kStaying; ++n)
    index_of[n] = *table.insert(key(n), State::kAuthenticated);
  Reader reader{table, kStaying, kKeys};
  for (std::uint64_t n = 0; n < kStaying; ++n) reader.owns(index_of[n], n + 1);

  struct Limbo {
    std::uint32_t index;
    std::uint64_t since;
  };
  std::deque<Limbo> limbo;
  std::mt19937_64 random{7};
  while (reader.quiescent_states() == 0) std::this_thread::yield();  // it has to be at work
  for (std::size_t done = 0; done < operations(); ++done) {
    // The reader may be in the middle of a bulk: two ends of one are needed to be sure of a whole.
    while (!limbo.empty() && reader.quiescent_states() >= limbo.front().since + 2) {
      reader.owns(limbo.front().index, 0);
      table.release(limbo.front().index);
      limbo.pop_front();
    }
    const std::uint64_t n = random() % kKeys;
    if (n < kStaying || (index_of[n] != Hit::kNoIndex && random() % 4 == 0)) {
      table.set_state(index_of[n], kStates[random() % kStates.size()]);
    } else if (index_of[n] != Hit::kNoIndex) {
      table.erase(index_of[n]);
      limbo.push_back({index_of[n], reader.quiescent_states()});
      index_of[n] = Hit::kNoIndex;
    } else if (const auto index = table.insert(key(n), State::kRestricted)) {
      reader.owns(*index, n + 1);
      index_of[n] = *index;
    } else {
      std::this_thread::yield();  // full: all that is free is in limbo
    }
  }
  reader.stop();
  EXPECT_EQ(reader.lost, 0U);
  EXPECT_EQ(reader.phantom, 0U);
  EXPECT_GT(reader.looked_up, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, SessionTableForms, testing::ValuesIn(supported()), isa_name);

}  // namespace
}  // namespace gate511::table
