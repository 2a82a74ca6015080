// SPDX-License-Identifier: BSD-3-Clause
#include "radius/gateway/inbox.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace gate511::radius {

Inbox::Inbox() : fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  if (!fd_) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

void Inbox::post(Task task) {
  const std::lock_guard lock{mutex_};
  tasks_.push_back(std::move(task));
  static_cast<void>(::eventfd_write(fd_.get(), 1));
}

std::size_t Inbox::size() const {
  const std::lock_guard lock{mutex_};
  return tasks_.size();
}

void Inbox::run() {
  std::vector<Task> taken;
  {
    const std::lock_guard lock{mutex_};
    taken.swap(tasks_);
    eventfd_t count = 0;
    static_cast<void>(::eventfd_read(fd_.get(), &count));
  }
  for (const Task& task : taken) task();
}

}  // namespace gate511::radius
