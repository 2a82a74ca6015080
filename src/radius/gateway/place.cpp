// SPDX-License-Identifier: BSD-3-Clause
#include "radius/gateway/place.hpp"

#include <algorithm>

namespace gate511::radius {

std::string text_of(const nlohmann::json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::uint64_t number_of(const nlohmann::json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

Place place_of(const nlohmann::json& from) {
  return {text_of(from, "mac"), static_cast<std::uint16_t>(number_of(from, "vlan")),
          text_of(from, "link")};
}

KeyParts KeyParts::of(const nlohmann::json& hello) {
  const nlohmann::json features = hello.value("features", nlohmann::json::array());
  const auto has = [&features](const char* name) {
    return std::find(features.begin(), features.end(), name) != features.end();
  };
  return {has("session.vlan") || has("session.link"), has("session.link")};
}

nlohmann::json KeyParts::key(const Place& place) const {
  nlohmann::json key{{"mac", place.mac}};
  if (vlan) key["vlan"] = place.vlan;
  if (link && !place.link.empty()) key["link"] = place.link;
  return key;
}

}  // namespace gate511::radius
