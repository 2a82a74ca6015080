// SPDX-License-Identifier: BSD-3-Clause
#include "control/jobs.hpp"

#include <iterator>
#include <utility>

namespace gate511::control {

void Jobs::add(std::uint64_t owner, Step step) {
  if (running_ && owner == last_) return nested_.push_back(std::move(step));
  queues_[owner].push_back(std::move(step));
}

void Jobs::step_of(std::uint64_t owner) {
  auto& queue = queues_.at(owner);  // stays where it is, whatever is added
  Step step = std::move(queue.front());
  queue.pop_front();
  running_ = true;
  const bool more = step();
  running_ = false;
  if (more) queue.push_front(std::move(step));
  queue.insert(queue.begin(), std::make_move_iterator(nested_.begin()),
               std::make_move_iterator(nested_.end()));
  nested_.clear();
  if (queue.empty()) queues_.erase(owner);
}

void Jobs::work(std::chrono::nanoseconds budget) {
  const auto until = std::chrono::steady_clock::now() + budget;
  while (!queues_.empty()) {
    auto next = queues_.upper_bound(last_);
    if (next == queues_.end()) next = queues_.begin();
    last_ = next->first;
    step_of(last_);
    if (std::chrono::steady_clock::now() >= until) return;
  }
}

}  // namespace gate511::control
