// SPDX-License-Identifier: BSD-3-Clause
//
// The texts of a record that there are a million of: a pointer where all are empty, and no more
// than their bytes behind it where they are not. Three std::string take 96 bytes in either case.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace gate511::control {

/// Each of at most 255 bytes; what is longer is cut.
class SessionTexts {
 public:
  static constexpr std::size_t kMax = 255;

  SessionTexts() = default;
  SessionTexts(std::string_view tag, std::string_view user, std::string_view service_class) {
    const std::array<std::string_view, kParts> parts{tag.substr(0, kMax), user.substr(0, kMax),
                                                     service_class.substr(0, kMax)};
    std::size_t size = 0;
    for (const std::string_view part : parts) size += part.size();
    if (size == 0) return;
    bytes_ = std::make_unique_for_overwrite<char[]>(kParts + size);  // NOLINT: of that length
    char* to = &bytes_[kParts];
    for (std::size_t i = 0; i < kParts; ++i) {
      bytes_[i] = static_cast<char>(static_cast<std::uint8_t>(parts[i].size()));
      to = std::copy(parts[i].begin(), parts[i].end(), to);
    }
  }
  SessionTexts(const SessionTexts& other)
      : SessionTexts{other.tag(), other.user(), other.service_class()} {}
  SessionTexts(SessionTexts&&) noexcept = default;
  SessionTexts& operator=(const SessionTexts& other) {
    if (this != &other) *this = SessionTexts{other};
    return *this;
  }
  SessionTexts& operator=(SessionTexts&&) noexcept = default;
  ~SessionTexts() = default;

  /// Until the next change.
  [[nodiscard]] std::string_view tag() const { return part(0); }
  [[nodiscard]] std::string_view user() const { return part(1); }
  [[nodiscard]] std::string_view service_class() const { return part(2); }

 private:
  static constexpr std::size_t kParts = 3;

  [[nodiscard]] std::size_t size(std::size_t part) const {
    return static_cast<std::uint8_t>(bytes_[part]);
  }
  [[nodiscard]] std::string_view part(std::size_t wanted) const {
    if (!bytes_) return {};
    std::size_t at = kParts;
    for (std::size_t i = 0; i < wanted; ++i) at += size(i);
    return {&bytes_[at], size(wanted)};
  }

  std::unique_ptr<char[]> bytes_;  // NOLINT: how many of each, then they
};

}  // namespace gate511::control
