// SPDX-License-Identifier: BSD-3-Clause
//
// Memory that is kept for when there is none: where an allocation fails it is given back, so that
// what was begun is done, and whoever looks after it ends what takes memory. Packets need none.
#pragma once

#include <cstddef>

namespace gate511::control {

/// One a process, made before its other threads: it is `operator new` that gives it back, in
/// whichever thread. `is_whole` and `refill` belong to one thread.
class MemoryReserve {
 public:
  /// More than a control request takes.
  static constexpr std::size_t kBytes = std::size_t{32} << 20;

  /// Throws std::bad_alloc where there is not even this.
  MemoryReserve();
  ~MemoryReserve();
  MemoryReserve(const MemoryReserve&) = delete;
  MemoryReserve& operator=(const MemoryReserve&) = delete;

  /// False: it has been given back since it was filled. The next allocation that fails throws.
  [[nodiscard]] bool is_whole() const noexcept;
  /// Takes it once more. False: there is not as much yet.
  [[nodiscard]] bool refill() noexcept;
};

}  // namespace gate511::control
