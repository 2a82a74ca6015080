// SPDX-License-Identifier: BSD-3-Clause
//
// What a guest's request would be answered with, and why, for `explain`: by the same code that the
// workers ask.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "control/json_rpc.hpp"
#include "policy/snapshot.hpp"

namespace gate511::control {

/// Bytes of a request that are looked at.
inline constexpr std::size_t kMaxRequest = 4096;

/// `text`: base64 (RFC 4648, 4), padded, of at most kMaxRequest bytes. nullopt: it is not.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

/// `request`: the first bytes of a connection. Control thread: allocates.
[[nodiscard]] Json explain_request(const policy::Zone& zone, std::string_view request);

}  // namespace gate511::control
