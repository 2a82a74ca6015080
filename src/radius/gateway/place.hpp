// SPDX-License-Identifier: BSD-3-Clause
//
// Where a client is, as the gateway tells it.
#pragma once

#include <nlohmann/json.hpp>

#include <compare>
#include <cstdint>
#include <string>

namespace gate511::radius {

struct Place {
  std::string mac;  ///< `02:00:5e:00:53:01`
  std::uint16_t vlan = 0;
  std::string link;

  auto operator<=>(const Place&) const = default;
};

/// Members `mac`, `vlan` and `link` of an event, a client or a session; what is not there is empty.
[[nodiscard]] Place place_of(const nlohmann::json& from);
[[nodiscard]] std::string text_of(const nlohmann::json& from, const char* key);
[[nodiscard]] std::uint64_t number_of(const nlohmann::json& from, const char* key);

/// What sessions are known by, as `hello` tells it.
struct KeyParts {
  bool vlan = false;
  bool link = false;

  [[nodiscard]] static KeyParts of(const nlohmann::json& hello);
  /// Parameters that name a session.
  [[nodiscard]] nlohmann::json key(const Place& place) const;
};

}  // namespace gate511::radius
