// SPDX-License-Identifier: BSD-3-Clause
#include "control/session_events.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string>

#include "control/session_json.hpp"

namespace gate511::control {

void SessionEvents::session_added(const SessionRef& session) {
  std::string members = R"("session":)";
  append_session(members, session, keys_);
  events_.emit_text("session.added", members);
}

void SessionEvents::session_changed(const SessionRef& session) {
  std::string members = R"("session":)";
  append_session(members, session, keys_);
  events_.emit_text("session.changed", members);
}

void SessionEvents::session_ended(const SessionRef& session, EndReason reason) {
  std::string members;
  if (gateway_ != 0)
    members = fmt::format(R"("gateway":{},"owner":{},)", gateway_, !session.record.is_others);
  fmt::format_to(std::back_inserter(members), R"("reason":"{}","session":)", reason_name(reason));
  append_ended_session(members, session, keys_);
  // A session that was moved goes on: its own end is still to come.
  events_.emit_end(reason == EndReason::kMoved ? 0 : session.record.id, members);
}

}  // namespace gate511::control
