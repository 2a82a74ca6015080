// SPDX-License-Identifier: BSD-3-Clause
//
// Secrets of this run, from the kernel.
#pragma once

#include <sys/random.h>

#include <cerrno>
#include <system_error>
#include <type_traits>

namespace gate511 {

/// A value of random bits. Throws where the kernel gives none.
template <typename T>
[[nodiscard]] T random_value() {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 256);  // so getrandom is atomic
  T value;
  if (getrandom(&value, sizeof value, 0) != ssize_t{sizeof value}) {
    throw std::system_error{errno, std::generic_category(), "getrandom"};
  }
  return value;
}

}  // namespace gate511
