// SPDX-License-Identifier: BSD-3-Clause
#include "control/records/keeper.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iterator>
#include <utility>

#include "sql/set_aside.hpp"

namespace gate511::control::records {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kRetry{1'000};
constexpr std::uint64_t kDay_s = 86'400;
constexpr std::uint64_t kSign_s = 50;  // a sign of life, where there is nothing to write
constexpr UnixTime kBack_s = 2;        // that the clock was set back by since, to be told of
constexpr UnixTime kDown_s = 5;        // without a word that is told of: more than a write takes

/// Which file it is, wherever it is moved to.
std::pair<std::uint64_t, std::uint64_t> identity_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

}  // namespace

tl::expected<std::unique_ptr<Keeper>, Error> Keeper::start(Options options, Clock clock) {
  Fd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!event) {
    return tl::unexpected{Error{"control", fmt::format("eventfd failed: {}", std::strerror(errno)),
                                "raise the limit of open files"}};
  }
  try {
    return std::unique_ptr<Keeper>{
        new Keeper{std::move(options), std::move(clock), std::move(event)}};
  } catch (const std::exception& error) {
    return tl::unexpected{Error{"control", fmt::format("no thread for records: {}", error.what()),
                                "raise the limits on memory and processes"}};
  }
}

Keeper::Keeper(Options options, Clock clock, Fd answered_event)
    : options_{std::move(options)},
      clock_{std::move(clock)},
      answered_event_{std::move(answered_event)},
      retention_days_{options_.retention_days},
      thread_{[this] { loop(); }} {}

Keeper::~Keeper() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool Keeper::add(Note note) noexcept {
  const std::lock_guard lock{mutex_};
  try {
    if (waiting_count_ < kWaiting) {
      notes_.push_back(std::move(note));
      ++waiting_count_;
      if (notes_.size() == 1 || notes_.size() == kWaiting / 2) wake_.notify_one();
      return true;
    }
  } catch (const std::bad_alloc&) {  // it is lost, as where there is no room
  }
  if (losing_.count++ == 0) losing_.since = note.at;
  losing_.until = std::max(losing_.until, note.at);
  ++status_.lost;
  return false;
}

bool Keeper::add(Remark remark) noexcept {
  constexpr std::size_t kRemarks = 1'024;
  const std::lock_guard lock{mutex_};
  try {
    if (remarks_.size() < kRemarks) {
      remarks_.push_back(remark);
      wake_.notify_one();
      return true;
    }
  } catch (const std::bad_alloc&) {
  }
  return false;
}

void Keeper::ask(Work work, Answer answer) {
  {
    const std::lock_guard lock{mutex_};
    questions_.push_back({std::move(work), std::move(answer)});
  }
  wake_.notify_one();
}

void Keeper::finish() {
  std::uint64_t count = 0;
  static_cast<void>(::read(answered_event_.get(), &count, sizeof count));
  std::deque<Question> answered;
  {
    const std::lock_guard lock{mutex_};
    answered.swap(answered_);
  }
  for (Question& one : answered) one.answer(std::move(one.result));
}

RecordsStatus Keeper::status() const {
  const std::lock_guard lock{mutex_};
  RecordsStatus status = status_;
  status.waiting = waiting_count_;
  if (status.problem.empty()) status.problem = status.gone;
  return status;
}

void Keeper::loop() {
  Notes notes;  // these two: taken, and not written yet
  std::vector<Remark> remarks;
  bool has_more = false;
  std::unique_lock lock{mutex_};
  for (;;) {
    const auto is_woken = [this] { return stopping_ || !questions_.empty(); };
    const bool is_failing = !file_ || !notes.empty() || !remarks.empty();
    if (is_failing) {
      wake_.wait_for(lock, file_ ? kRetry : milliseconds{0}, is_woken);
    } else if (!has_more) {
      const auto has_work = [&] { return is_woken() || !notes_.empty() || !remarks_.empty(); };
      wake_.wait_for(lock, std::chrono::minutes{1}, has_work);
      // To write more of them at once.
      wake_.wait_for(lock, kGather, [&] { return is_woken() || notes_.size() >= kWaiting / 2; });
    }
    std::move(notes_.begin(), notes_.end(), std::back_inserter(notes));
    std::move(remarks_.begin(), remarks_.end(), std::back_inserter(remarks));
    notes_.clear();
    remarks_.clear();
    tell_of_lost(remarks);
    std::deque<Question> questions;
    questions.swap(questions_);
    const bool is_last = stopping_;
    lock.unlock();
    const bool is_well = write(notes, remarks, is_last);
    answer_all(std::move(questions));
    has_more = is_well && !is_last && tidy();
    lock.lock();
    if (is_last) return;
    if (!file_) wake_.wait_for(lock, kRetry, is_woken);
  }
}

/// With mutex_.
void Keeper::tell_of_lost(std::vector<Remark>& remarks) {
  const Remark lost = std::exchange(losing_, {});
  if (lost.count == 0) return;
  if (remarks.empty() || remarks.back().kind != Remark::Kind::kLost) {
    remarks.push_back(lost);
  } else {
    remarks.back().until = lost.until;
    remarks.back().count += lost.count;
  }
}

void Keeper::open() {
  const auto make = [this] { return std::make_unique<RecordsFile>(options_.path, options_.names); };
  std::string note;
  try {
    file_ = make();
  } catch (const sql::SqlError& error) {
    if (!error.is_corrupt()) throw;
    const std::string aside = sql::set_aside(options_.path, now());
    is_set_aside_ = true;
    file_ = make();
    note = fmt::format("the records {} were damaged ({}) and are now {}", options_.path,
                       error.what(), aside);
  }
  identity_ = identity_of(options_.path);
  if (!note.empty()) {
    const std::lock_guard lock{mutex_};
    status_.note = std::move(note);
  }
}

/// What was removed or replaced takes all that is written with it when the program ends.
void Keeper::look_for_file(UnixTime at) {
  if (at < looked_at_ + kSign_s && at >= looked_at_) return;
  looked_at_ = at;
  const bool is_there = identity_of(options_.path) == identity_;
  const std::lock_guard lock{mutex_};
  status_.gone = is_there ? ""
                          : fmt::format(
                                "the records {} cannot be written: the file was removed or "
                                "replaced while in use; restart gate511",
                                options_.path);
}

/// Takes out what it has written. False: nothing was.
bool Keeper::write(Notes& notes, std::vector<Remark>& remarks, bool is_last) {
  const auto began = SteadyClock::now();
  try {
    const UnixTime at = now();
    if (!file_) {
      open();
      const UnixTime before = file_->written();
      if (is_set_aside_ || (before != 0 && at > before + kDown_s))
        remarks.push_back({Remark::Kind::kDown, before, at, 0});
      if (before > at + kBack_s) remarks.push_back({Remark::Kind::kClock, before, at, 0});
    }
    look_for_file(at);
    const bool is_due = is_last || at < file_->written() || at >= file_->written() + kSign_s;
    if (notes.empty() && remarks.empty() && !is_due) return true;
    file_->apply(notes, remarks, at);
  } catch (const std::exception& error) {
    failed(error.what());
    return false;
  }
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - began).count();
  waiting_count_ -= notes.size();
  const std::lock_guard lock{mutex_};
  status_.written += notes.size();
  status_.longest_us = std::max(status_.longest_us, static_cast<std::uint64_t>(took));
  status_.problem.clear();
  notes.clear();
  remarks.clear();
  return true;
}

void Keeper::answer_all(std::deque<Question> questions) {
  if (questions.empty()) return;
  for (Question& question : questions) answer_one(question);
  {
    const std::lock_guard lock{mutex_};
    for (Question& question : questions) answered_.push_back(std::move(question));
  }
  const std::uint64_t one = 1;
  static_cast<void>(::write(answered_event_.get(), &one, sizeof one));
}

void Keeper::answer_one(Question& question) {
  try {
    if (file_) {
      question.result = question.work(*file_);
    } else {
      question.result = tl::unexpected{status().problem};
    }
  } catch (const std::exception& error) {
    question.result = tl::unexpected{
        fmt::format("the records {} cannot be used: {}", options_.path, error.what())};
  }
}

bool Keeper::tidy() {
  try {
    if (file_->close_some()) return true;
    const std::uint64_t at_ns = clock_.boot_ns();
    if (!is_purging_ && at_ns < next_purge_ns_) return false;
    next_purge_ns_ = at_ns + kPurgeEvery_ns;
    const UnixTime at = now();
    const UnixTime before = at - std::min(at, retention_days_ * kDay_s);
    is_purging_ = file_->purge_some(before);
    if (!is_purging_) finish_purge(before, at_ns);
    const std::lock_guard lock{mutex_};
    status_.purged = file_->purged();
    return is_purging_;
  } catch (const std::exception& error) {
    is_purging_ = false;
    next_purge_ns_ = 0;  // with the next that is written
    failed(error.what());
    return false;
  }
}

void Keeper::finish_purge(UnixTime before, std::uint64_t at_ns) {
  // What was set aside is as old as its name says.
  for (const sql::SetAside& file : sql::files_set_aside(options_.path)) {
    if (file.unix_s < before) std::filesystem::remove(file.path);
  }
  if (file_->purged() == rebuilt_at_ || at_ns < next_rebuild_ns_) return;
  next_rebuild_ns_ = at_ns + kRebuildEvery_ns;
  file_->rebuild();
  rebuilt_at_ = file_->purged();
}

void Keeper::failed(std::string_view what) {
  const std::lock_guard lock{mutex_};
  ++status_.failures;
  try {
    status_.problem = fmt::format("the records {} cannot be written: {}", options_.path, what);
    if (status_.lost > 0)
      status_.problem += fmt::format(" ({} notes were lost, as too many waited)", status_.lost);
  } catch (const std::bad_alloc&) {
    status_.problem = "no memory";  // short enough to need none
  }
}

}  // namespace gate511::control::records
