// SPDX-License-Identifier: BSD-3-Clause
//
// What the control thread publishes to the workers, and renews: the configuration, the cookie keys
// and the wall clock. What is replaced is freed when no worker can see it any more.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "control/grace_queue.hpp"
#include "control/snapshot_slot.hpp"
#include "pipeline/pipeline.hpp"
#include "policy/snapshot.hpp"
#include "responder/cookie.hpp"

namespace gate511 {

/// Control thread. Outlives the workers' run, and is outlived by `shared` and `grace`.
class Published final : public control::SnapshotSlot {
 public:
  Published(pipeline::Shared& shared, control::GraceQueue& grace,
            std::shared_ptr<const policy::Snapshot> snapshot);

  [[nodiscard]] const policy::Snapshot& current() const override { return *snapshot_; }
  void replace(std::shared_ptr<const policy::Snapshot> next) override;
  void replace(std::shared_ptr<const policy::Infrastructure> next) override;
  void replace(std::shared_ptr<const policy::OpenedGarden> next) override;
  [[nodiscard]] policy::Permits& permits() override { return shared_.permits; }
  void learn_dhcp_server(std::uint8_t link, const net::IpAddress& server) override {
    shared_.dhcp_servers.learn(link, server);
  }

  /// To be called a few times a second.
  void tick();

 private:
  /// Whether there is anything to learn.
  void tell_garden_thread();
  /// Lets the workers see `next` from their next burst on.
  template <typename T>
  void swap(std::atomic<const T*>& slot, std::shared_ptr<const T>& current,
            std::shared_ptr<const T> next);

  pipeline::Shared& shared_;
  control::GraceQueue& grace_;
  std::shared_ptr<const policy::Snapshot> snapshot_;
  std::shared_ptr<const policy::Infrastructure> known_;
  std::shared_ptr<const policy::OpenedGarden> opened_;
  std::shared_ptr<const responder::CookieKeys> cookie_keys_;
  std::uint64_t rotate_at_s_;  ///< CLOCK_MONOTONIC
  std::uint16_t zones_used_ = 1;
};

}  // namespace gate511
