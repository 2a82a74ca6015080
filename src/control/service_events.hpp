// SPDX-License-Identifier: BSD-3-Clause
//
// The methods that concern events: `events.subscribe` and `events.acknowledge`.
#pragma once

#include "control/events.hpp"
#include "control/json_rpc.hpp"

namespace gate511::control {

class EventService {
 public:
  /// Adds its methods. `events` outlives it, and it outlives the dispatcher's use.
  EventService(Dispatcher& dispatcher, EventBus& events);

 private:
  [[nodiscard]] Outcome subscribe(const Caller& caller, const Json& given);
  [[nodiscard]] Outcome acknowledge(const Json& given);

  EventBus& events_;
};

}  // namespace gate511::control
