// SPDX-License-Identifier: BSD-3-Clause
//
// Who calls a method, and what that one may do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gate511::control {

/// What a method needs, and what a caller has. Each includes those before it.
enum class Access : std::uint8_t {
  kStatus,  ///< numbers and health, without anyone's sessions
  kRead,    ///< all that changes nothing
  kChange,
  kRoot,  ///< what is known of people: root's alone, on control.socket
};

/// `status`, `read`, `change`, `root`.
[[nodiscard]] constexpr std::string_view access_name(Access access) {
  constexpr std::string_view kNames[] = {"status", "read", "change", "root"};
  return kNames[static_cast<std::size_t>(access)];
}

struct Caller {
  Access rights = Access::kStatus;
  std::uint64_t connection = 0;  ///< never used again; 0: none
  /// Places are counted by it: `uid 1000`, `certificate portal.example`.
  std::string user{};
  std::int64_t pid = 0;  ///< of a local one when it connected, 0 unknown
  std::int64_t uid = -1;
  std::int64_t gid = -1;
  std::string certificate{};  ///< its name, where it came by TLS

  [[nodiscard]] bool may(Access access) const { return rights >= access; }
};

}  // namespace gate511::control
