// SPDX-License-Identifier: BSD-3-Clause
//
// The methods that change a session that is there: session.extend and session.move.
#pragma once

#include <functional>
#include <string_view>

#include "control/json_rpc.hpp"
#include "control/sessions.hpp"

namespace gate511::control {

class SessionChangeMethods {
 public:
  /// All outlive this.
  struct Parts {
    Sessions& sessions;
    const Clock& clock;
    /// The error where not every worker has seen `change` in time.
    std::function<RpcError(std::string_view change)> not_seen;
    bool key_has_vlan = false;
  };
  SessionChangeMethods(Parts parts, Dispatcher& dispatcher);
  SessionChangeMethods(const SessionChangeMethods&) = delete;
  SessionChangeMethods& operator=(const SessionChangeMethods&) = delete;

 private:
  [[nodiscard]] Outcome extend(const Json& params);
  void move(const Json& params, const Done& done);
  [[nodiscard]] Outcome shown(table::Key key) const;
  [[nodiscard]] RpcError no_session(table::Key key) const;

  Parts parts_;
};

}  // namespace gate511::control
