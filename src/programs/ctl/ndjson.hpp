// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions as lines of JSON, the form of `import` and `export`. A line holds what defines a
// session, always in the same order, and nothing that the gateway counts, so that what was
// exported, imported and exported again is equal byte for byte.
//
//   {"mac":"02:00:5e:00:53:01","state":"authenticated","expires_at":1750003600,"tag":"room-12"}
#pragma once

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include <string>
#include <string_view>

namespace gate511::ctl {

using Json = nlohmann::json;

/// The line of a session as `session.list` gives it, without a newline.
[[nodiscard]] std::string to_line(const Json& session);

/// A line as parameters of `session.add`; an error says what is wrong, and with which value.
[[nodiscard]] tl::expected<Json, std::string> from_line(std::string_view line);

}  // namespace gate511::ctl
