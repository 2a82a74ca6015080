// SPDX-License-Identifier: BSD-3-Clause
//
// Work for clients, in slices: each client's in its order, one small step of each in turn, so that
// a large request of one holds no other up.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <vector>

namespace gate511::control {

class Jobs {
 public:
  /// One small step, of some 20 us. True: there is more to do.
  using Step = std::function<bool()>;

  /// Behind what `owner` has already; called from a step of the same owner, before all that, and
  /// before the rest of that very step.
  void add(std::uint64_t owner, Step step);

  /// Steps of all in turn, for about `budget`.
  void work(std::chrono::nanoseconds budget);
  [[nodiscard]] bool empty() const { return queues_.empty(); }

 private:
  void step_of(std::uint64_t owner);

  std::map<std::uint64_t, std::deque<Step>> queues_;  ///< by owner; none is empty
  std::uint64_t last_ = 0;                            ///< whose step was the last one
  bool running_ = false;
  std::vector<Step> nested_;
};

}  // namespace gate511::control
