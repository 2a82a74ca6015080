// SPDX-License-Identifier: BSD-3-Clause
//
// The methods of the control socket, or most of them. docs/openrpc.json is their contract.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/clock.hpp"
#include "control/config_state.hpp"
#include "control/events.hpp"
#include "control/health.hpp"
#include "control/jobs.hpp"
#include "control/json_rpc.hpp"
#include "control/numbers/recorder.hpp"
#include "control/service_events.hpp"
#include "control/sessions.hpp"
#include "dataplane/status.hpp"

namespace gate511::control {

inline constexpr std::string_view kProtocolVersion = "1.0";

class Service {
 public:
  static constexpr std::size_t kMaxAdd = 1000;  ///< sessions in one `session.add`
  static constexpr std::size_t kMaxPage = 500;  ///< sessions in a page of `session.list`
  static constexpr std::size_t kDefaultPage = 100;

  struct Parts {
    Sessions& sessions;
    GraceQueue& grace;
    const dataplane::StatusSource& status;
    const Clock& clock;
    std::string version;  ///< of the program
    SessionKeys& keys;
    EventBus& events;
    const ConfigState& config;
    Jobs& jobs;
    const Ledger& ledger;
    numbers::Recorder& numbers;
    std::function<std::string()> audit_problem = {};    ///< empty: none, for `health`
    std::function<std::string()> store_note = {};       ///< the same
    std::function<std::string()> records_problem = {};  ///< empty: none, for `health`
    std::function<std::string()> records_note = {};     ///< the same
  };
  explicit Service(Parts parts);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] const Dispatcher& dispatcher() const { return dispatcher_; }
  /// For other groups of methods to add themselves.
  [[nodiscard]] Dispatcher& dispatcher() { return dispatcher_; }
  /// The error where not every worker has seen `change` in time.
  [[nodiscard]] RpcError not_seen(std::string_view change) const;
  /// What adds or changes a session is refused with this while too much waits for the disk.
  [[nodiscard]] std::optional<RpcError> backed_up() const;
  /// The error where the store could not take `change`.
  [[nodiscard]] RpcError not_stored(std::string_view change) const;
  void set_audit(Dispatcher::Audit audit) { dispatcher_.set_audit(std::move(audit)); }

  /// A few times a second: looks for what is wrong, and tells what has changed.
  void tick() { health_.tick(); }
  [[nodiscard]] const Health& health() const { return health_; }
  /// True once a client has asked for it and was answered.
  [[nodiscard]] bool shutdown_requested() const { return shutdown_requested_; }

 private:
  void session_add(const Caller& caller, Json& params, const Done& done);
  void session_list(const Caller& caller, const Json& params, const Done& done) const;
  void session_revoke(const Json& params, const Done& done);
  [[nodiscard]] Json hello() const;
  [[nodiscard]] Json stats() const;
  [[nodiscard]] Json ports() const;

  struct Adding;
  struct Listing;
  /// One session in the table, not yet answered for: what `created` and `session` are, as text.
  /// Appends the session to `out`, an object that is not closed, or says why not.
  [[nodiscard]] std::optional<RpcError> add_one(const Json& params, Sessions::Batch& batch,
                                                std::string& out);
  bool add_some(Adding& adding);
  bool list_some(Listing& listing) const;
  void answer_when_settled(ResultText result, Sessions::Batch batch, const Done& done);
  [[nodiscard]] Json with_generation(Json result) const;

  Parts parts_;
  Dispatcher dispatcher_;
  EventService events_;
  Health health_;
  bool shutdown_requested_ = false;
};

}  // namespace gate511::control
