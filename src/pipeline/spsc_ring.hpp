// SPDX-License-Identifier: BSD-3-Clause
//
// A bounded queue from one thread to one other, without locks: each end writes its own index only,
// and the producer, which is a worker, reads the other's only when the ring seems full.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace gate511::pipeline {

template <typename T>
class SpscRing {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// Holds up to `capacity` elements, rounded up to a power of two.
  explicit SpscRing(std::size_t capacity)
      : slots_(std::bit_ceil(capacity)), mask_{slots_.size() - 1} {}

  [[nodiscard]] std::size_t capacity() const noexcept { return slots_.size(); }

  /// The producer. False: full, and nothing was written.
  [[nodiscard]] bool push(const T& value) noexcept {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - seen_head_ == slots_.size()) {
      seen_head_ = head_.load(std::memory_order_acquire);
      if (tail - seen_head_ == slots_.size()) return false;
    }
    slots_[tail & mask_] = value;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// The producer: how many elements could be pushed now, at least.
  [[nodiscard]] std::size_t room() noexcept {
    seen_head_ = head_.load(std::memory_order_acquire);
    return slots_.size() - (tail_.load(std::memory_order_relaxed) - seen_head_);
  }

  /// The consumer: up to `out.size()` elements, oldest first. Returns how many.
  [[nodiscard]] std::size_t pop(std::span<T> out) noexcept {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    const std::size_t held = tail_.load(std::memory_order_acquire) - head;
    const std::size_t count = std::min(out.size(), held);
    for (std::size_t i = 0; i < count; ++i) out[i] = slots_[(head + i) & mask_];
    if (count > 0) head_.store(head + count, std::memory_order_release);
    return count;
  }

 private:
  // Indices only grow; their difference is what is held, also across the wrap.
  std::vector<T> slots_;
  std::size_t mask_;
  alignas(64) std::atomic<std::size_t> tail_{0};  ///< written by the producer
  std::size_t seen_head_ = 0;                     ///< the producer's alone
  alignas(64) std::atomic<std::size_t> head_{0};  ///< written by the consumer
};

}  // namespace gate511::pipeline
