// SPDX-License-Identifier: BSD-3-Clause
//
// JSON-RPC 2.0 from the client's side, without input or output.
#pragma once

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "gate511/client.hpp"

namespace gate511::client {

using Json = nlohmann::json;

/// A request; `id` 0 is a notification.
[[nodiscard]] Json request(std::string_view method, const Json& params, std::uint64_t id);

/// Its text, with what is not UTF-8 replaced.
[[nodiscard]] std::string text_of(const Json& message);

/// The result, or the daemon's error, of one answer; takes it apart.
[[nodiscard]] Client::Result outcome(Json& answer);

/// The id of an answer; 0: it has none of ours.
[[nodiscard]] std::uint64_t id_of(const Json& answer);

}  // namespace gate511::client
