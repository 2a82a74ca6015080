// SPDX-License-Identifier: BSD-3-Clause
//
// What becomes of sessions, as events.
#pragma once

#include <cstdint>

#include "control/events.hpp"
#include "control/session_keys.hpp"
#include "control/session_listener.hpp"

namespace gate511::control {

class SessionEvents final : public SessionListener {
 public:
  /// Both outlive it.
  SessionEvents(EventBus& events, const SessionKeys& keys) : events_{events}, keys_{keys} {}

  /// Sessions are shared with other gateways: each end says who tells of it, and whether this is
  /// the one to account for it.
  void tell_as(std::uint8_t gateway) { gateway_ = gateway; }

  void session_added(const SessionRef& session) override;
  void session_changed(const SessionRef& session) override;
  void session_ended(const SessionRef& session, EndReason reason) override;

 private:
  EventBus& events_;
  const SessionKeys& keys_;
  std::uint8_t gateway_ = 0;  ///< 0: there is no other
};

}  // namespace gate511::control
