// SPDX-License-Identifier: BSD-3-Clause
//
// Swaps what the workers read (snapshot, cookie keys) and frees the old once none of them can see
// it, without ever waiting for them.
#pragma once

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "table/grace_period.hpp"

namespace gate511::dataplane {

/// Keeps retired objects until their grace period has passed. Control thread.
class Reclaimer {
 public:
  explicit Reclaimer(table::GracePeriod& grace) : grace_{grace} {}

  /// `object` is unpublished already.
  void retire(std::shared_ptr<const void> object) {
    if (object) retired_.push_back({std::move(object), grace_.start()});
  }
  /// Frees what may be freed. To be called on each tick.
  void poll() {
    std::erase_if(retired_, [this](const Retired& old) { return grace_.passed(old.token); });
  }
  [[nodiscard]] std::size_t waiting() const { return retired_.size(); }

 private:
  struct Retired {
    std::shared_ptr<const void> object;
    table::GracePeriod::Token token;
  };
  table::GracePeriod& grace_;
  std::vector<Retired> retired_;
};

/// The writing end of an atomic pointer that workers follow anew for each burst. Control thread.
/// Outlives the workers' run.
template <typename T>
class RcuPointer {
 public:
  RcuPointer(std::atomic<const T*>& slot, Reclaimer& reclaimer)
      : slot_{slot}, reclaimer_{reclaimer} {}
  RcuPointer(const RcuPointer&) = delete;
  RcuPointer& operator=(const RcuPointer&) = delete;
  ~RcuPointer() { slot_.store(nullptr, std::memory_order_release); }

  void publish(std::shared_ptr<const T> next) {
    slot_.store(next.get(), std::memory_order_release);
    reclaimer_.retire(std::exchange(current_, std::move(next)));
  }
  [[nodiscard]] const T& current() const { return *current_; }

 private:
  std::atomic<const T*>& slot_;
  Reclaimer& reclaimer_;
  std::shared_ptr<const T> current_;
};

}  // namespace gate511::dataplane
