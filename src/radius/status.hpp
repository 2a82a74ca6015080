// SPDX-License-Identifier: BSD-3-Clause
//
// What `status` tells: the numbers of each part, by name.
#pragma once

#include <nlohmann/json.hpp>

#include "radius/client/exchange.hpp"
#include "radius/dynamic/authorization.hpp"
#include "radius/guests.hpp"
#include "radius/logins.hpp"

namespace gate511::radius {

[[nodiscard]] nlohmann::json status_of(const Exchange& exchange);
[[nodiscard]] nlohmann::json status_of(const DynamicAuthorization& dynamic);
[[nodiscard]] nlohmann::json status_of(const Logins& logins);
[[nodiscard]] nlohmann::json status_of(const Guests& guests, std::uint64_t left_out);

}  // namespace gate511::radius
