// SPDX-License-Identifier: BSD-3-Clause
#include "programs/service_manager.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <systemd/sd-daemon.h>

#include <ctime>

namespace gate511 {

namespace {

/// A manager that cannot be told is no reason to stop: it will see for itself.
void tell(const std::string& state) {
  static_cast<void>(::sd_notify(0, state.c_str()));
}

std::uint64_t monotonic_us() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

std::vector<unsigned> WorkerPulse::still(const std::vector<dataplane::WorkerStatus>& workers) {
  std::vector<unsigned> found;
  for (const dataplane::WorkerStatus& worker : workers) {
    const auto [known, is_new] = loops_.try_emplace(worker.lcore, worker.loops);
    if (!is_new && known->second == worker.loops) found.push_back(worker.lcore);
    known->second = worker.loops;
  }
  return found;
}

ServiceManager::ServiceManager() {
  std::uint64_t watchdog_us = 0;
  if (::sd_watchdog_enabled(0, &watchdog_us) > 0)
    interval_ = std::chrono::microseconds{watchdog_us / 3};
}

void ServiceManager::ready(const std::string& text) {
  text_ = text;
  tell("READY=1\nSTATUS=" + text);
}

void ServiceManager::reloading() {
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=reads its configuration",
                   monotonic_us()));
}

void ServiceManager::stopping() {
  tell("STOPPING=1\nSTATUS=stops");
}

void ServiceManager::tick(const std::vector<dataplane::WorkerStatus>& workers) {
  if (interval_.count() == 0 || Clock::now() < next_) return;
  next_ = Clock::now() + interval_;
  const std::vector<unsigned> still = pulse_.still(workers);
  if (still.empty()) {
    tell("WATCHDOG=1");
    if (hangs_) tell("STATUS=" + text_);
  } else {
    tell(
        fmt::format("STATUS=lcore {} does not move: frames wait there, and the watchdog is not fed",
                    fmt::join(still, ", ")));
  }
  hangs_ = !still.empty();
}

}  // namespace gate511
