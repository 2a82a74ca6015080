// SPDX-License-Identifier: BSD-3-Clause
//
// Where what the workers work by is published: the control plane's way to it.
#pragma once

#include <memory>

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
};

}  // namespace gate511::control
