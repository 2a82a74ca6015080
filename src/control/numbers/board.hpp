// SPDX-License-Identifier: BSD-3-Clause
//
// Where the control thread puts its latest snapshot for threads of other sources. They ask for one
// and wait a little; they never make it take more than a few a second.
#pragma once

#include <tl/expected.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "control/fd.hpp"
#include "control/numbers/snapshot.hpp"
#include "gate511/error.hpp"

namespace gate511::control::numbers {

class Board {
 public:
  using Steady = std::chrono::steady_clock;
  /// A snapshot as young as this is as good as a new one.
  static constexpr std::chrono::milliseconds kFresh{250};
  /// Who has waited for so long takes what there is: the control thread has other things to do.
  static constexpr std::chrono::milliseconds kPatience{500};

  [[nodiscard]] static tl::expected<std::unique_ptr<Board>, Error> make();

  /// Any thread. Null: there is none at all yet.
  [[nodiscard]] std::shared_ptr<const Snapshot> latest();
  /// From now on nobody waits.
  void close();

  // Control thread.
  /// Readable while one is asked for.
  [[nodiscard]] int fd() const { return asked_.get(); }
  /// Behind that: true if it is to be taken now.
  [[nodiscard]] bool take_request();
  void put(std::shared_ptr<const Snapshot> snapshot);

 private:
  explicit Board(Fd asked) : asked_{std::move(asked)} {}
  [[nodiscard]] bool is_fresh() const { return latest_ && Steady::now() - put_at_ < kFresh; }

  Fd asked_;
  std::mutex mutex_;  ///< held to read or swap a pointer
  std::condition_variable has_new_;
  std::shared_ptr<const Snapshot> latest_;
  Steady::time_point put_at_{};
  Steady::time_point in_vain_until_{};  ///< somebody has waited in vain: until then nobody does
  bool is_closed_ = false;
};

}  // namespace gate511::control::numbers
