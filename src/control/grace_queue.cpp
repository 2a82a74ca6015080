// SPDX-License-Identifier: BSD-3-Clause
#include "control/grace_queue.hpp"

#include <utility>

namespace gate511::control {

void GraceQueue::add(std::function<void(bool)> answer, std::function<void()> release) {
  waiting_.push_back(
      {grace_.start(), clock_.boot_ns() + kPatience_ns, std::move(answer), std::move(release)});
}

bool GraceQueue::poll() {
  const auto until = std::chrono::steady_clock::now() + kSlice;
  bool more = false;
  while (!waiting_.empty() && grace_.passed(waiting_.front().token)) {
    more = std::chrono::steady_clock::now() >= until;
    if (more) break;
    // Taken out first: what is called may add to the queue.
    Waiting passed = std::move(waiting_.front());
    waiting_.pop_front();
    const bool was_answered = timed_out_ > 0;
    if (was_answered) --timed_out_;
    if (passed.answer && !was_answered) passed.answer(true);
    if (passed.release) passed.release();
  }
  if (more) return true;  // what has passed is not given up
  const std::uint64_t now = waiting_.empty() ? 0 : clock_.boot_ns();
  while (timed_out_ < waiting_.size() && waiting_[timed_out_].give_up_ns <= now) {
    const auto answer = std::exchange(waiting_[timed_out_].answer, nullptr);
    ++timed_out_;
    if (answer) answer(false);
  }
  return false;
}

}  // namespace gate511::control
