// SPDX-License-Identifier: BSD-3-Clause
#include "control/store/sqlite_store.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>
#include <new>
#include <utility>

#include "control/store/held.hpp"

namespace gate511::control::store {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kGroup = 65'536;              // changes that are committed together
constexpr std::size_t kFold = 4'096;                // changes that are folded in a transaction
constexpr std::size_t kUnfolded = 256;              // rows that may wait while there is other work
constexpr std::size_t kHeld = 131'072;              // changes that are held for a disk that fails
constexpr std::chrono::milliseconds kQuiet{20};     // without work, before folding
constexpr std::chrono::milliseconds kRetry{1'000};  // while the disk fails

}  // namespace

SqliteStore::SqliteStore(std::string path, std::unique_ptr<SqliteFile> file, Fd finished_event)
    : path_{std::move(path)},
      file_{std::move(file)},
      finished_event_{std::move(finished_event)},
      thread_{[this] { loop(); }} {}

SqliteStore::~SqliteStore() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void SqliteStore::write(Changes changes, std::uint64_t unix_ms, Failing failing, Done done) {
  const std::size_t count = changes.size();
  add({{unix_ms, std::move(changes)}, failing, std::move(done), count});
}

void SqliteStore::scrub(Done done) {
  add({{}, Failing::kKeep, std::move(done), 0, false, /*scrubs=*/true});
}

void SqliteStore::add(Batch batch) {
  owed_changes_ += batch.changes;
  {
    const std::lock_guard lock{mutex_};
    waiting_.push_back(std::move(batch));
  }
  ++owed_;
  wake_.notify_one();
}

void SqliteStore::finish() {
  std::uint64_t count = 0;
  static_cast<void>(::read(finished_event_.get(), &count, sizeof count));
  Batches finished;
  {
    const std::lock_guard lock{mutex_};
    finished.swap(finished_);
  }
  for (Batch& one : finished) {
    --owed_;
    owed_changes_ -= one.changes;
    if (one.done) one.done(one.durable);
  }
}

Store::Status SqliteStore::status() const {
  const std::lock_guard lock{mutex_};
  return status_;
}

void SqliteStore::loop() {
  ::pthread_setname_np(::pthread_self(), "gate511-store");
  std::unique_lock lock{mutex_};
  bool is_quiet = false;
  for (;;) {
    if (!waiting_.empty() || (stopping_ && !kept_.changes.empty())) {
      Batches group = take_group();
      lock.unlock();
      commit(std::move(group));
      if (file_->unfolded() > kUnfolded) fold(kFold);
      lock.lock();
      is_quiet = false;
      if (stopping_ && is_failing_ && waiting_.empty()) return;
      continue;
    }
    if (stopping_) return;
    const auto is_woken = [this] { return stopping_ || !waiting_.empty(); };
    if (is_failing_) {
      if (wake_.wait_for(lock, kRetry, is_woken)) continue;
      lock.unlock();
      commit({});
      fold(kFold);
      lock.lock();
    } else if (file_->unfolded() == 0) {
      wake_.wait(lock, is_woken);
    } else if (is_quiet || !wake_.wait_for(lock, kQuiet, is_woken)) {
      is_quiet = true;
      lock.unlock();
      fold(kFold);
      lock.lock();
    }
  }
}

/// With mutex_.
SqliteStore::Batches SqliteStore::take_group() {
  Batches group;
  for (std::size_t changes = 0; !waiting_.empty() && changes < kGroup;) {
    group.splice(group.end(), waiting_, waiting_.begin());
    changes += group.back().changes;
    if (group.back().scrubs) break;
  }
  return group;
}

void SqliteStore::commit(Batches group) {
  if (kept_.changes.empty() && group.empty() && !is_failing_) return;
  JournalRow row = std::exchange(kept_, {});
  const auto held = static_cast<std::ptrdiff_t>(row.changes.size());
  const auto began = SteadyClock::now();
  try {
    for (const Batch& batch : group) {
      row.unix_ms = std::max(row.unix_ms, batch.row.unix_ms);
      row.changes.insert(row.changes.end(), batch.row.changes.begin(), batch.row.changes.end());
    }
    file_->append(row);
  } catch (const std::exception& error) {  // SqlError, or std::bad_alloc
    row.changes.erase(row.changes.begin() + held, row.changes.end());
    kept_ = std::move(row);
    keep(group);
    failed(error.what());
    return tell(std::move(group), false);
  }
  const auto took_ns = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now() - began).count());
  {
    const std::lock_guard lock{mutex_};
    ++status_.commits;
    status_.changes += row.changes.size();
    status_.unfolded = file_->unfolded();
    status_.longest_us = std::max(status_.longest_us, took_ns / 1'000);
    status_.commit_times.count(took_ns);
    status_.problem.clear();
  }
  is_failing_ = false;
  Batches scrubbing;
  if (!group.empty() && group.back().scrubs)
    scrubbing.splice(scrubbing.end(), group, std::prev(group.end()));
  tell(std::move(group), true);
  if (scrubbing.empty()) return;
  const bool is_clean = scrub_file();
  tell(std::move(scrubbing), is_clean);
}

bool SqliteStore::scrub_file() {
  try {
    while (file_->unfolded() > 0) file_->fold(kFold);
    file_->scrub();
    return true;
  } catch (const std::exception& error) {
    failed(error.what());
    return false;
  }
}

void SqliteStore::keep(Batches& group) {
  std::size_t lost = 0;
  for (Batch& batch : group) {
    if (batch.failing == Failing::kDrop) continue;
    Changes& changes = batch.row.changes;
    try {
      kept_.changes.reserve(kept_.changes.size() + changes.size());
    } catch (const std::bad_alloc&) {
      lost += changes.size();
      continue;
    }
    kept_.unix_ms = std::max(kept_.unix_ms, batch.row.unix_ms);
    std::move(changes.begin(), changes.end(), std::back_inserter(kept_.changes));
  }
  // To the half, so that it is not to be done again with the next change.
  try {
    if (kept_.changes.size() > kHeld) lost += reduce(kept_.changes, kHeld / 2);
  } catch (const std::bad_alloc&) {  // it is tried again with the next that fails
  }
  const std::lock_guard lock{mutex_};
  status_.lost += lost;
}

void SqliteStore::fold(std::size_t changes) {
  if (file_->unfolded() == 0) return;
  try {
    file_->fold(changes);
    const std::lock_guard lock{mutex_};
    status_.unfolded = file_->unfolded();
  } catch (const std::exception& error) {
    failed(error.what());
  }
}

void SqliteStore::failed(std::string_view what) {
  is_failing_ = true;
  const std::lock_guard lock{mutex_};
  ++status_.failures;
  try {
    status_.problem = fmt::format("the store {} cannot be written: {}", path_, what);
    if (status_.lost > 0)
      status_.problem += fmt::format(" ({} changes that waited were lost: too many)", status_.lost);
  } catch (const std::bad_alloc&) {
    status_.problem = "no memory";  // short enough to need none
  }
}

void SqliteStore::tell(Batches group, bool durable) {
  if (group.empty()) return;
  for (Batch& batch : group) {
    batch.row = {};  // no one reads it any more
    batch.durable = durable;
  }
  {
    const std::lock_guard lock{mutex_};
    finished_.splice(finished_.end(), group);
  }
  const std::uint64_t one = 1;
  static_cast<void>(::write(finished_event_.get(), &one, sizeof one));
}

}  // namespace gate511::control::store
