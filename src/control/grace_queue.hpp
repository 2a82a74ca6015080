// SPDX-License-Identifier: BSD-3-Clause
//
// What waits for every worker to have passed a quiescent point: answers to clients, and what may
// only then be used again or freed. The wait never blocks the control thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

#include "control/clock.hpp"
#include "table/grace_period.hpp"

namespace gate511::control {

class GraceQueue {
 public:
  /// A worker that has not moved for this long is told of.
  static constexpr std::uint64_t kPatience_ns = kNsPerSecond;
  static constexpr std::chrono::microseconds kSlice{25};

  /// Both outlive the queue.
  GraceQueue(table::GracePeriod& grace, const Clock& clock) : grace_{grace}, clock_{clock} {}

  /// Starts a grace period. `answer(true)` is called once it has passed, or `answer(false)` once
  /// after kPatience_ns; `release` only when it has passed, after `answer`. Either may be empty.
  void add(std::function<void(bool)> answer, std::function<void()> release);

  /// Calls what is due, for one slice. True: there is more.
  bool poll();

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  /// True while someone may still be answered in time: poll() soon again.
  [[nodiscard]] bool is_urgent() const { return timed_out_ < waiting_.size(); }

 private:
  struct Waiting {
    table::GracePeriod::Token token;
    std::uint64_t give_up_ns;
    std::function<void(bool)> answer;
    std::function<void()> release;
  };

  table::GracePeriod& grace_;
  const Clock& clock_;
  std::deque<Waiting> waiting_;  ///< in the order of their start, in which they pass, too
  std::size_t timed_out_ = 0;    ///< so many at the front were answered `false`
};

}  // namespace gate511::control
