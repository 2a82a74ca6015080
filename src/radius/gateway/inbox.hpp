// SPDX-License-Identifier: BSD-3-Clause
//
// What other threads have for the one that speaks RADIUS: closures, which it runs.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "radius/client/file_descriptor.hpp"

namespace gate511::radius {

class Inbox {
 public:
  using Task = std::function<void()>;

  /// Throws std::system_error.
  Inbox();

  /// Any thread.
  void post(Task task);
  /// How many wait. Any thread.
  [[nodiscard]] std::size_t size() const;

  /// Readable while there are some.
  [[nodiscard]] int fd() const { return fd_.get(); }
  void run();

 private:
  FileDescriptor fd_;
  mutable std::mutex mutex_;
  std::vector<Task> tasks_;
};

}  // namespace gate511::radius
