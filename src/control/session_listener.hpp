// SPDX-License-Identifier: BSD-3-Clause
//
// Who is told of what becomes of sessions.
#pragma once

#include <string_view>

#include "control/session_record.hpp"

namespace gate511::control {

/// The numbers stand in stores.
enum class EndReason : std::uint8_t {
  kRevoked = 1,
  kExpired = 2,
  kIdle = 3,
  kQuota = 4,
  kMoved = 5
};

[[nodiscard]] constexpr std::string_view reason_name(EndReason reason) {
  switch (reason) {
    case EndReason::kRevoked:
      return "revoked";
    case EndReason::kExpired:
      return "expired";
    case EndReason::kIdle:
      return "idle";
    case EndReason::kQuota:
      return "quota";
    case EndReason::kMoved:
      return "moved";
  }
  return "expired";
}

class SessionListener {
 public:
  SessionListener() = default;
  SessionListener(const SessionListener&) = delete;
  SessionListener& operator=(const SessionListener&) = delete;
  virtual ~SessionListener() = default;

  virtual void session_added(const SessionRef& session) = 0;
  virtual void session_changed(const SessionRef& session) = 0;
  /// When every worker has seen it: the counters are final. kMoved: under that key; the session
  /// goes on, and session_changed() tells where.
  virtual void session_ended(const SessionRef& session, EndReason reason) = 0;
};

}  // namespace gate511::control
