// SPDX-License-Identifier: BSD-3-Clause
//
// A thread beside the control thread for what takes long and touches nothing of its: reading a
// configuration of 100,000 lines. One piece of work after the other.
#pragma once

#include <tl/expected.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "control/fd.hpp"
#include "gate511/error.hpp"

namespace gate511::control {

class Background {
 public:
  using Task = std::function<void()>;

  [[nodiscard]] static tl::expected<std::unique_ptr<Background>, Error> start();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  /// Waits for the work that is under way; what waits behind it is dropped.
  ~Background();

  /// `work` runs on the other thread and throws nothing; `then` afterwards, in finish().
  void run(Task work, Task then);

  /// Readable when there is something to finish.
  [[nodiscard]] int fd() const { return done_event_.get(); }
  void finish();

 private:
  explicit Background(Fd done_event);
  void loop();

  struct Job {
    Task work;
    Task then;
  };
  Fd done_event_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> waiting_;  ///< these three: under mutex_
  std::deque<Task> done_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace gate511::control
