// SPDX-License-Identifier: BSD-3-Clause
//
// The garden thread: opens what the workers learnt of the garden's hosts, and gives back the
// answers that wait for it. Workers make no system call, so nobody wakes it: it looks, four
// thousand times a second while there are hosts, else seldom.
#pragma once

#include <atomic>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "dataplane/worker.hpp"
#include "pipeline/garden_opener.hpp"

namespace gate511::dataplane {

class GardenThread {
 public:
  /// Starts it, and returns when it needs no right any more. `shared` and `workers` outlive this.
  GardenThread(pipeline::Shared& shared, const std::vector<std::unique_ptr<Worker>>& workers);
  /// Ends it. What it has not taken stays in the rings.
  ~GardenThread();
  GardenThread(const GardenThread&) = delete;
  GardenThread& operator=(const GardenThread&) = delete;

  /// For the control thread.
  [[nodiscard]] pipeline::GardenOpener& opener() noexcept { return opener_; }
  [[nodiscard]] const pipeline::GardenOpener& opener() const noexcept { return opener_; }

 private:
  void run() noexcept;

  pipeline::Shared& shared_;
  const std::vector<std::unique_ptr<Worker>>& workers_;
  pipeline::GardenOpener opener_;
  std::atomic<bool> stop_{false};
  std::latch has_begun_{1};
  std::thread thread_;
};

}  // namespace gate511::dataplane
