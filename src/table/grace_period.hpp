// SPDX-License-Identifier: BSD-3-Clause
//
// The seam between the control plane and the readers' quiescent states (RCU): what is needed to
// know when no worker can still see what was removed. The data plane implements it with QSBR.
#pragma once

#include <cstdint>

namespace gate511::table {

class GracePeriod {
 public:
  GracePeriod() = default;
  GracePeriod(const GracePeriod&) = delete;
  GracePeriod& operator=(const GracePeriod&) = delete;
  virtual ~GracePeriod() = default;

  using Token = std::uint64_t;
  /// Starts a grace period: what was unpublished before this call is seen by no reader that has
  /// passed a quiescent point after it. Control thread. Never blocks.
  [[nodiscard]] virtual Token start() = 0;
  /// True once every reader has passed a quiescent point since `start` returned `token`. Never
  /// blocks.
  [[nodiscard]] virtual bool passed(Token token) = 0;
};

}  // namespace gate511::table
