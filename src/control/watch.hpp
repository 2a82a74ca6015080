// SPDX-License-Identifier: BSD-3-Clause
//
// Which workers have stopped moving: each counts the turns of its loop, and one whose count stands
// still is stuck.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "control/clock.hpp"
#include "dataplane/status.hpp"

namespace gate511::control {

class WorkerWatch {
 public:
  /// To be called a few times a second.
  void look(const std::vector<dataplane::WorkerStatus>& workers, std::uint64_t now_ns) {
    for (const dataplane::WorkerStatus& worker : workers) {
      const auto [seen, is_new] = seen_.try_emplace(worker.lcore, Seen{worker.loops, now_ns});
      if (!is_new && seen->second.loops != worker.loops) seen->second = {worker.loops, now_ns};
    }
  }

  /// The lcores of workers that had not moved for `for_ns` when last looked at.
  [[nodiscard]] std::vector<unsigned> stuck(std::uint64_t now_ns, std::uint64_t for_ns) const {
    std::vector<unsigned> lcores;
    for (const auto& [lcore, seen] : seen_) {
      if (now_ns - seen.moved_ns >= for_ns) lcores.push_back(lcore);
    }
    return lcores;
  }

 private:
  struct Seen {
    std::uint64_t loops;
    std::uint64_t moved_ns;
  };
  std::map<unsigned, Seen> seen_;  ///< by lcore
};

}  // namespace gate511::control
