// SPDX-License-Identifier: BSD-3-Clause
//
// What systemd is told of the daemon (sd_notify(3)): when it is ready, reloads and stops, and that
// it is alive. Without a service manager ($NOTIFY_SOCKET) nothing is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dataplane/status.hpp"

namespace gate511 {

/// Whether all workers move: each has turned its loop since it was asked last.
class WorkerPulse {
 public:
  /// The lcores that have not, in order; none at the first call. Control thread.
  [[nodiscard]] std::vector<unsigned> still(const std::vector<dataplane::WorkerStatus>& workers);

 private:
  std::map<unsigned, std::uint64_t> loops_;  ///< by lcore
};

/// Control thread.
class ServiceManager {
 public:
  /// How often the watchdog is fed at most: a third of $WATCHDOG_USEC, so that a turn that is late
  /// does not cost the service.
  ServiceManager();

  /// `text`: one line for `systemctl status`.
  void ready(const std::string& text);
  void reloading();
  void stopping();
  /// Feeds the watchdog when it is time, but only while all workers move: the service is restarted
  /// where one hangs, and nothing passes in between. To be called a few times a second.
  void tick(const std::vector<dataplane::WorkerStatus>& workers);

 private:
  using Clock = std::chrono::steady_clock;

  std::chrono::microseconds interval_{0};  ///< 0: there is no watchdog
  Clock::time_point next_{};
  WorkerPulse pulse_;
  std::string text_;    ///< as `ready` was told
  bool hangs_ = false;  ///< said so
};

}  // namespace gate511
