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

/// Of `session`, as the gateway tells it, at a unix time. `reason`: why it ended, of a Stop.
/// Acct-Delay-Time is not in it: that is known when it is sent.
[[nodiscard]] Record record_of(const Config& config, RecordKind kind, const AccountedSession& known,
                               const nlohmann::json& session, std::uint64_t at,
                               std::string_view reason = {});

}  // namespace gate511::radius
