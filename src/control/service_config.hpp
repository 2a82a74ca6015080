// SPDX-License-Identifier: BSD-3-Clause
//
// `config.check` and `config.reload`: another configuration is read aside, compared with the one in
// force, and taken whole or not at all.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/config_diff.hpp"
#include "control/config_state.hpp"
#include "control/events.hpp"
#include "control/grace_queue.hpp"
#include "control/json_rpc.hpp"
#include "control/sessions.hpp"
#include "control/snapshot_slot.hpp"

namespace gate511::control {

/// Control thread, but for what it runs aside.
class ConfigMethods {
 public:
  static constexpr std::size_t kMaxWaiting = 16;  ///< requests beyond the one under way
  static constexpr std::size_t kMaxSource = 255;  ///< bytes of `source`

  /// Runs `work`, maybe on another thread, and `then` afterwards on this one.
  using RunAside = std::function<void(std::function<void()> work, std::function<void()> then)>;
  /// References outlive this.
  struct Parts {
    ConfigState& state;
    Sessions& sessions;
    GraceQueue& grace;
    EventBus& events;
    const dataplane::StatusSource& status;
    /// The error where not every worker has seen a change in time.
    std::function<RpcError(std::string_view change)> not_seen;
    RunAside aside;
  };
  /// Adds its methods to `dispatcher`.
  ConfigMethods(Parts parts, Dispatcher& dispatcher);
  ConfigMethods(const ConfigMethods&) = delete;
  ConfigMethods& operator=(const ConfigMethods&) = delete;

  /// Without it nothing can be reloaded. Outlives this.
  void publish_to(SnapshotSlot& slot) { slot_ = &slot; }

  /// What `config.reload` does, for SIGHUP.
  void reload(Done done);

 private:
  /// Where the text to check comes from; without it, the daemon's own file.
  struct Text {
    std::string text;
    std::string source;
  };
  struct Request {
    bool apply = false;
    std::optional<Text> text;
    Done done;
  };
  /// What was read aside.
  struct Candidate {
    std::optional<Error> error;
    std::shared_ptr<const Config> config;
    ConfigDiff diff;
    ZoneNumbers numbers;
    std::vector<Error> warnings{};
    std::shared_ptr<const policy::Snapshot> snapshot;
  };

  void check(const Json& params, Done done);
  void enqueue(Request request);
  void start_next();
  static void read(Candidate& candidate, const std::optional<Text>& text, const Config& current,
                   const ZoneNumbers& numbers, const http::LinkKey& key);
  void finish(const Request& request, const Candidate& candidate);
  void apply(const Candidate& candidate, const Done& done);
  /// The answer to the request under way, after which the next one is begun.
  void end(const Done& done, Outcome outcome);

  Parts parts_;
  SnapshotSlot* slot_ = nullptr;
  std::deque<Request> waiting_;
  bool busy_ = false;
};

}  // namespace gate511::control
