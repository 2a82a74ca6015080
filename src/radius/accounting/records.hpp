// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions as accounting records (RFC 2866; gigawords of RFC 2869, 5.1 and 5.2).
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "radius/accounting/spool.hpp"
#include "radius/config.hpp"

namespace gate511::radius {

/// Why a session ended of which the gateway has not told it.
inline constexpr std::string_view kLost = "lost";

/// What was counted, no less than was told of before: a gateway that crashed counts a part anew.
[[nodiscard]] Counters counters_of(const nlohmann::json& session, const Counters& before);

/// Of `session`, as the gateway tells it, at a unix time. `reason`: why it ended, of a Stop.
/// Acct-Delay-Time is not in it: that is known when it is sent.
[[nodiscard]] Record record_of(const Config& config, RecordKind kind, const AccountedSession& known,
                               const nlohmann::json& session, std::uint64_t at,
                               std::string_view reason = {});

}  // namespace gate511::radius
