// SPDX-License-Identifier: BSD-3-Clause
//
// Text of a record that there are a million of: a pointer where it is empty, and no more than its
// bytes behind it where it is not. A std::string takes 32 bytes in either case.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gate511::control {

/// At most 255 bytes; what is longer is cut.
class ShortText {
 public:
  static constexpr std::size_t kMax = 255;

  ShortText() = default;
  ShortText(std::string_view text) {  // NOLINT: it is the same
    if (text.empty()) return;
    const std::size_t size = std::min(text.size(), kMax);
    bytes_ = std::make_unique_for_overwrite<char[]>(size + 1);  // NOLINT: of that length
    bytes_[0] = static_cast<char>(static_cast<std::uint8_t>(size));
    text.copy(&bytes_[1], size);
  }
  ShortText(const std::string& text) : ShortText{std::string_view{text}} {}  // NOLINT: the same
  ShortText(const ShortText& other) : ShortText{std::string_view{other}} {}
  ShortText(ShortText&&) noexcept = default;
  ShortText& operator=(const ShortText& other) {
    if (this != &other) *this = ShortText{other};
    return *this;
  }
  ShortText& operator=(ShortText&&) noexcept = default;
  ~ShortText() = default;

  operator std::string_view() const {  // NOLINT: it is the same
    return bytes_ ? std::string_view{&bytes_[1], static_cast<std::uint8_t>(bytes_[0])}
                  : std::string_view{};
  }
  friend bool operator==(const ShortText& a, std::string_view b) {
    return std::string_view{a} == b;
  }

 private:
  std::unique_ptr<char[]> bytes_;  // NOLINT: how many, then they
};

}  // namespace gate511::control
