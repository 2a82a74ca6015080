// SPDX-License-Identifier: BSD-3-Clause
//
// The fuzzer's bytes as a sequence of values; zeros once they have run out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gate511::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_{std::as_bytes(std::span{data, size})} {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] std::vector<std::byte> all() const { return {rest_.begin(), rest_.end()}; }
  std::uint8_t u8() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
  }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  /// At most `most` bytes, as many as their length in front of them says.
  std::vector<std::byte> bytes(std::size_t most) {
    const std::size_t size = std::min({std::size_t{u16()}, most, rest_.size()});
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return {taken.begin(), taken.end()};
  }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace gate511::fuzz
