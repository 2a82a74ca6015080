// SPDX-License-Identifier: BSD-3-Clause
//
// The body of a form, `application/x-www-form-urlencoded` as browsers send it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace gate511::portal {

class Form {
 public:
  static constexpr std::size_t kMaxFields = 16;
  static constexpr std::size_t kMaxName = 32;     ///< bytes
  static constexpr std::size_t kMaxValue = 2048;  ///< bytes, decoded

  /// Nothing: broken escapes, text that is not UTF-8 or has control characters, a name twice, or
  /// more than a form of ours has.
  [[nodiscard]] static std::optional<Form> read(std::string_view body);

  /// Empty where it is missing.
  [[nodiscard]] const std::string& operator[](std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> fields_;
};

}  // namespace gate511::portal
