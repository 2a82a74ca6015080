// SPDX-License-Identifier: BSD-3-Clause
//
// What becomes of sessions, as events.
#pragma once

#include "control/events.hpp"
#include "control/session_listener.hpp"

namespace gate511::control {

class SessionEvents final : public SessionListener {
 public:
  /// `events` outlives it.
  SessionEvents(EventBus& events, bool key_has_vlan)
      : events_{events}, key_has_vlan_{key_has_vlan} {}

  void session_added(const SessionRef& session) override;
  void session_changed(const SessionRef& session) override;
  void session_ended(const SessionRef& session, EndReason reason) override;

 private:
  EventBus& events_;
  bool key_has_vlan_;
};

}  // namespace gate511::control
