// SPDX-License-Identifier: BSD-3-Clause
//
// What a Disconnect or CoA that is believed asks for: whether it can be done, and of which session.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <optional>

#include "radius/accounting/directory.hpp"
#include "radius/accounting/session_id.hpp"
#include "radius/config.hpp"
#include "radius/wire/packet.hpp"

namespace gate511::radius {

/// RFC 5176, 3.5.
enum class ErrorCause : std::uint32_t {
  kUnsupportedAttribute = 401,
  kMissingAttribute = 402,
  kNasMismatch = 403,
  kUnsupportedService = 405,
  kInvalidValue = 407,
  kNoSession = 503,
  kResources = 506,
  kSeveralSessions = 508,
};

/// Why it cannot be done here, whatever session it names.
[[nodiscard]] std::optional<ErrorCause> wrong_with(const Packet& request, const Config& config);

/// All that names the session must fit (RFC 5176, 3).
[[nodiscard]] tl::expected<Known, ErrorCause> session_of(const Packet& request,
                                                         const Directory& directory);

}  // namespace gate511::radius
