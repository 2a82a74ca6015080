// SPDX-License-Identifier: BSD-3-Clause
//
// The store's thread without memory: its own allocations fail, now and then or all of them for a
// while. What was said to be durable is there afterwards, what was refused is not, and everyone who
// waits is answered. A program of its own, since it has its own operator new.
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <thread>

#include "control/store/sqlite_store.hpp"
#include "support/temp_folder.hpp"

namespace {

/// Of 256 allocations of other threads than the test's so many fail.
std::atomic<unsigned> failing{0};
std::atomic<std::uint64_t> failed{0};
const std::thread::id kTest = std::this_thread::get_id();

bool fails_now() noexcept {
  static thread_local std::uint32_t numbers = 12'345;  // Lehmer's, without memory of its own
  const unsigned share = failing.load(std::memory_order_relaxed);
  if (share == 0 || std::this_thread::get_id() == kTest) return false;
  numbers = static_cast<std::uint32_t>(std::uint64_t{numbers} * 48'271 % 0x7fff'ffff);
  if (numbers % 256 >= share) return false;
  ++failed;
  return true;
}

}  // namespace

// Not inlined: the compiler would take malloc and free for no pair of these.
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* const memory = fails_now() ? nullptr : std::malloc(size);  // NOLINT: it is what there is
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);  // NOLINT
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);  // NOLINT
}

namespace gate511::control::store {
namespace {

using std::chrono::milliseconds;

Session session(std::uint64_t id, std::uint64_t version) {
  // Longer than what a string holds in itself.
  return {.id = id,
          .key = {net::MacAddress{0x0200'5e00'0000 + id}, 0},
          .tag = std::to_string(version) + std::string(40, 't')};
}

class StoreMemory : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void TearDown() override {
    failing = 0;
    store_ = nullptr;
  }

  void open() {
    store_ = nullptr;
    auto opened = SqliteStore::open(folder_ / "sessions.db", 1);
    ASSERT_TRUE(opened) << opened.error().text();
    store_ = std::move(opened->store);
    found_.clear();
    for (const auto& one : opened->restored.sessions)
      found_[one.session.id] = std::stoull(one.session.tag);
  }
  /// Writes a new version of a session.
  void write(std::uint64_t id, Store::Failing how) {
    const std::uint64_t version = ++version_;
    ++owed_;
    store_->write({Put{session(id, version)}}, 1'000, how, [this, id, version, how](bool durable) {
      --owed_;
      EXPECT_GT(version, answered_) << "they are answered in order";
      answered_ = version;
      if (durable) {
        ++durable_;
        stored_[id] = version;
        maybe_[id] = version;
      } else if (how == Store::Failing::kKeep) {
        maybe_[id] = version;  // later, or lost and counted
        ++kept_;
      } else {
        ++refused_;
      }
    });
  }
  void wait(milliseconds at_most) {
    const auto until = std::chrono::steady_clock::now() + at_most;
    while (owed_ > 0 && std::chrono::steady_clock::now() < until) {
      pollfd ready{store_->fd(), POLLIN, 0};
      if (::poll(&ready, 1, 20) == 1) store_->finish();
    }
  }
  /// After a restart.
  void expect_what_was_answered() {
    failing = 0;
    wait(milliseconds{20'000});
    EXPECT_EQ(owed_, 0U) << "everyone is answered";
    const std::uint64_t lost = store_->status().lost;
    open();
    for (const auto& [id, version] : found_) {
      EXPECT_GE(version, stored_[id]) << id << ": what was durable is not taken back";
      EXPECT_LE(version, maybe_[id]) << id << ": what was refused is not there";
    }
    for (const auto& [id, version] : stored_) EXPECT_EQ(found_.count(id), 1U) << id;
    std::uint64_t missing = 0;
    for (const auto& [id, version] : maybe_) missing += found_[id] < version ? 1U : 0U;
    EXPECT_LE(missing, lost) << "what is lost is counted";
  }

  // Of files that are real: what the test made of them would want memory too.
  test::TempFolder folder_;
  std::unique_ptr<Store> store_;
  std::map<std::uint64_t, std::uint64_t> found_;   ///< version, by id
  std::map<std::uint64_t, std::uint64_t> stored_;  ///< the last that is durable
  std::map<std::uint64_t, std::uint64_t> maybe_;   ///< the last that may be there
  std::uint64_t version_ = 0, answered_ = 0;
  std::size_t owed_ = 0, durable_ = 0, refused_ = 0, kept_ = 0;
};

TEST_F(StoreMemory, WithoutAnyNothingIsMadeAndNothingIsForgotten) {
  write(1, Store::Failing::kDrop);
  wait(milliseconds{5'000});
  ASSERT_EQ(durable_, 1U);
  failing = 256;
  write(1, Store::Failing::kDrop);
  write(2, Store::Failing::kDrop);
  write(3, Store::Failing::kKeep);
  wait(milliseconds{5'000});
  EXPECT_EQ(owed_, 0U) << "all are answered, for which there is memory";
  EXPECT_EQ(refused_, 2U);
  EXPECT_EQ(kept_, 1U);
  EXPECT_GT(failed.load(), 0U);
  EXPECT_EQ(store_->status().problem, "no memory");
  expect_what_was_answered();
}

TEST_F(StoreMemory, ThatIsThereNowAndThenMakesNoOneBelieveAWrongAnswer) {
  std::mt19937_64 random{7};
  const std::uint64_t before = failed;
  for (int round = 0; round < 300; ++round) {
    failing = round % 3 == 2 ? 0 : static_cast<unsigned>(random() % 24 + 1);
    for (std::uint64_t i = random() % 40 + 1; i > 0; --i)
      write(random() % 30 + 1, random() % 2 == 0 ? Store::Failing::kDrop : Store::Failing::kKeep);
    wait(milliseconds{random() % 2 == 0 ? 5 : 200});
  }
  expect_what_was_answered();
  EXPECT_GT(failed - before, 100U);
  EXPECT_GT(durable_, 100U);
  EXPECT_GT(refused_, 0U);
  EXPECT_GT(kept_, 0U);
}

TEST_F(StoreMemory, ItIsToldOfUntilTheNextThatIsStored) {
  failing = 64;
  for (int i = 0; i < 200 && store_->status().problem.empty(); ++i) {
    write(1, Store::Failing::kDrop);
    wait(milliseconds{200});
  }
  EXPECT_NE(store_->status().problem, "");
  EXPECT_GT(store_->status().failures, 0U);
  failing = 0;
  wait(milliseconds{5'000});
  write(1, Store::Failing::kDrop);
  wait(milliseconds{5'000});
  EXPECT_EQ(store_->status().problem, "");
  expect_what_was_answered();
}

}  // namespace
}  // namespace gate511::control::store
