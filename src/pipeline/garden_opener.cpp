// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/garden_opener.hpp"

#include <algorithm>

namespace gate511::pipeline {

std::size_t GardenOpener::serve(GardenLearner& learner, std::uint32_t now_s) noexcept {
  const std::size_t count = learner.take_tasks(tasks_);
  for (const GardenTask& task : std::span{tasks_}.first(count)) {
    open(task, now_s);
    if (task.frame != nullptr) learner.give_back({task.frame, task.since_ns, task.link, task.zone});
  }
  return count;
}

void GardenOpener::open(const GardenTask& task, std::uint32_t now_s) noexcept {
  Learnt learnt;
  learnt.zone = task.zone;
  learnt.until_s = task.until_s;
  learnt.name_size = task.name_size;
  std::ranges::copy(task.host(), learnt.name.begin());
  for (const net::IpAddress& address : std::span{task.address}.first(task.count)) {
    if (!permits_.open(task.zone, address, task.until_s, now_s)) {
      full_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    learnt.address = address;
    if (!ring_.push(learnt)) untold_.fetch_add(1, std::memory_order_relaxed);
  }
}

OpenedCounts GardenOpener::counts() const noexcept {
  return {full_.load(std::memory_order_relaxed), untold_.load(std::memory_order_relaxed)};
}

}  // namespace gate511::pipeline
