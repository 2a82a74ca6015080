// SPDX-License-Identifier: BSD-3-Clause
//
// The methods that open prefixes and hosts to guests at run time, close them, and list what is
// open. What is opened so holds in all zones, beside the configuration, until it is closed or the
// daemon ends.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "control/config_state.hpp"
#include "control/garden_permits.hpp"
#include "control/grace_queue.hpp"
#include "control/json_rpc.hpp"
#include "control/snapshot_slot.hpp"
#include "policy/garden_set.hpp"

namespace gate511::control {

/// Control thread.
class GardenMethods {
 public:
  static constexpr std::size_t kMaxOpened = 4096;  ///< prefixes, and as many hosts
  static constexpr std::size_t kMaxGiven = 500;    ///< in one call
  static constexpr std::size_t kMaxPage = 500;
  static constexpr std::size_t kDefaultPage = 100;

  /// All outlive this.
  struct Parts {
    const ConfigState& config;
    GraceQueue& grace;
    const GardenPermits& permits;
    std::function<RpcError(std::string_view change)> not_seen;
  };
  GardenMethods(Parts parts, Dispatcher& dispatcher);
  GardenMethods(const GardenMethods&) = delete;
  GardenMethods& operator=(const GardenMethods&) = delete;

  /// Without it nothing can be opened. Outlives this.
  void publish_to(SnapshotSlot& slot) { slot_ = &slot; }

 private:
  struct Wanted {
    std::vector<policy::GardenPrefix> prefixes;
    std::vector<std::string> hosts;
  };
  [[nodiscard]] static tl::expected<Wanted, RpcError> read(const Json& params);
  void add(const Json& params, const Done& done);
  void remove(const Json& params, const Done& done);
  [[nodiscard]] Outcome list(const Json& params) const;
  /// Lets the workers see what is open now, and answers when they have.
  void answer_when_seen(Json result, const Done& done);

  Parts parts_;
  SnapshotSlot* slot_ = nullptr;
  std::vector<policy::GardenPrefix> opened_;
  std::vector<std::string> hosts_;  ///< opened too
};

}  // namespace gate511::control
