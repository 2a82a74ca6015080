// SPDX-License-Identifier: BSD-3-Clause
//
// Users that gate511-radius asks RADIUS servers for, over its socket.
#pragma once

#include <tl/expected.hpp>

#include <optional>
#include <string>

#include "portal/config.hpp"
#include "portal/gateway.hpp"

namespace gate511::portal {

struct RadiusLogin {
  Plan terms;  ///< what the server has said of the session
  std::string user;
};

/// nullopt: the user is not accepted. The error, for the log: nobody could say so.
[[nodiscard]] tl::expected<std::optional<RadiusLogin>, std::string> ask_radius(
    const std::string& socket, const ClientKey& client, const std::string& user,
    const std::string& password);

}  // namespace gate511::portal
