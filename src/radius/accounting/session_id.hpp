// SPDX-License-Identifier: BSD-3-Clause
//
// Which session is meant, of all that there have ever been: a gateway that has lost its sessions
// numbers them anew, so the number alone is none.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gate511::radius {

struct SessionId {
  std::uint64_t id = 0;
  std::uint64_t created_at = 0;  ///< unix time

  auto operator<=>(const SessionId&) const = default;
};

/// As servers know it, Acct-Session-Id: `69236f1a-7`, of `created_at` in hexadecimal and `id`.
[[nodiscard]] std::string acct_session_id(const SessionId& session);
/// The same back; nullopt: it was not written so.
[[nodiscard]] std::optional<SessionId> read_acct_session_id(std::string_view text);

}  // namespace gate511::radius
