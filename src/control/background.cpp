// SPDX-License-Identifier: BSD-3-Clause
#include "control/background.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace gate511::control {
tl::expected<std::unique_ptr<Background>, Error> Background::start() {
  Fd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!event) {
    return tl::unexpected{Error{"control", fmt::format("eventfd failed: {}", std::strerror(errno)),
                                "raise the limit of open files"}};
  }
  return std::unique_ptr<Background>{new Background{std::move(event)}};
}

Background::Background(Fd done_event)
    : done_event_{std::move(done_event)}, thread_{[this] { loop(); }} {}

Background::~Background() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Background::run(Task work, Task then) {
  {
    const std::lock_guard lock{mutex_};
    waiting_.push_back({std::move(work), std::move(then)});
  }
  wake_.notify_one();
}

void Background::finish() {
  std::uint64_t count = 0;
  static_cast<void>(::read(done_event_.get(), &count, sizeof count));
  std::deque<Task> done;
  {
    const std::lock_guard lock{mutex_};
    done.swap(done_);
  }
  for (const Task& then : done) then();
}

void Background::loop() {
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    job.work();
    job.work = nullptr;  // what it holds is freed here, not on the control thread
    lock.lock();
    done_.push_back(std::move(job.then));
    const std::uint64_t one = 1;
    static_cast<void>(::write(done_event_.get(), &one, sizeof one));
  }
}

}  // namespace gate511::control
