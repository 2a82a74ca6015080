// SPDX-License-Identifier: BSD-3-Clause
//
// The methods that change a session that is there: session.extend and session.move.
#pragma once

#include <functional>
#include <optional>
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
    /// The error where the store could not take it.
    std::function<RpcError(std::string_view change)> not_stored;
    SessionKeys& keys;
    /// The error while too much waits for the disk.
    std::function<std::optional<RpcError>()> backed_up;
  };
  SessionChangeMethods(Parts parts, Dispatcher& dispatcher);
  SessionChangeMethods(const SessionChangeMethods&) = delete;
  SessionChangeMethods& operator=(const SessionChangeMethods&) = delete;

 private:
  void extend(const Json& params, const Done& done);
  /// What is answered of a change that is settled; `undone`: what holds if it is not stored.
  [[nodiscard]] Outcome settled(table::Key key, Sessions::Settled settled,
                                std::string_view undone) const;
  void move(const Json& params, const Done& done);
  [[nodiscard]] Outcome shown(table::Key key) const;
  [[nodiscard]] RpcError no_session(table::Key key) const;

  Parts parts_;
};

}  // namespace gate511::control
