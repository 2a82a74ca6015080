// SPDX-License-Identifier: BSD-3-Clause
#include "control/numbers/board.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace gate511::control::numbers {

tl::expected<std::unique_ptr<Board>, Error> Board::make() {
  Fd asked{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!asked)
    return tl::unexpected{Error{"metrics", "eventfd fails", "raise the limit on open files"}};
  return std::unique_ptr<Board>{new Board{std::move(asked)}};
}

std::shared_ptr<const Snapshot> Board::latest() {
  std::unique_lock lock{mutex_};
  if (is_fresh() || Steady::now() < in_vain_until_) return latest_;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(asked_.get(), &one, sizeof one);
  if (!has_new_.wait_for(lock, kPatience, [this] { return is_fresh() || is_closed_; }))
    in_vain_until_ = Steady::now() + kPatience;
  return latest_;
}

void Board::close() {
  {
    const std::lock_guard lock{mutex_};
    is_closed_ = true;
  }
  has_new_.notify_all();
}

bool Board::take_request() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(asked_.get(), &count, sizeof count);
  const std::lock_guard lock{mutex_};
  return !is_fresh();
}

void Board::put(std::shared_ptr<const Snapshot> snapshot) {
  std::shared_ptr<const Snapshot> former;  // freed behind the lock
  {
    const std::lock_guard lock{mutex_};
    former = std::exchange(latest_, std::move(snapshot));
    put_at_ = Steady::now();
    in_vain_until_ = {};
  }
  has_new_.notify_all();
}

}  // namespace gate511::control::numbers
