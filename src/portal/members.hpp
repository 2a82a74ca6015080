// SPDX-License-Identifier: BSD-3-Clause
//
// Members of what other programs answer: one that is not there, or of another type, is none.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace gate511::portal {

inline std::uint64_t number(const nlohmann::json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

inline std::string text(const nlohmann::json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace gate511::portal
