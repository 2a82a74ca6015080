// SPDX-License-Identifier: BSD-3-Clause
//
// Where what the workers work by is published: the control plane's way to it.
#pragma once

#include <memory>

#include "policy/infrastructure.hpp"
#include "policy/permits.hpp"
#include "policy/snapshot.hpp"

namespace gate511::control {

/// Control thread.
class SnapshotSlot {
 public:
  SnapshotSlot() = default;
  SnapshotSlot(const SnapshotSlot&) = delete;
  SnapshotSlot& operator=(const SnapshotSlot&) = delete;
  virtual ~SnapshotSlot() = default;

  [[nodiscard]] virtual const policy::Snapshot& current() const = 0;
  /// From their next burst on the workers see `next`; the old one is freed after a grace period.
  virtual void replace(std::shared_ptr<const policy::Snapshot> next) = 0;
  /// The same, of what is known of the uplink.
  virtual void replace(std::shared_ptr<const policy::Infrastructure> next) = 0;
  /// The same, of what is open to guests beside the configuration.
  virtual void replace(std::shared_ptr<const policy::OpenedGarden> next) = 0;
  /// The addresses of the garden's hosts, which workers open and which outlive snapshots.
  [[nodiscard]] virtual policy::Permits& permits() = 0;
  /// A DHCP server on the uplink's own network, which guests may renew with.
  virtual void learn_dhcp_server(std::uint8_t link, const net::IpAddress& server) = 0;
};

}  // namespace gate511::control
