// SPDX-License-Identifier: BSD-3-Clause
//
// What operators are told of that others do: whom the control sockets turned away, and whose
// traffic was shown to whom.
#include <fmt/format.h>

#include <utility>

#include "control/control.hpp"
#include "logging/log.hpp"

namespace gate511::control {

/// A line a second at most: anyone who reaches the port can cause them.
void Control::log_tls_refused() {
  const std::uint64_t now = clock_.boot_ns();
  if (tls_refused_count_ == 0 || now - tls_logged_ns_ < kNsPerSecond) return;
  tls_logged_ns_ = now;
  logging::say(logging::Level::kWarning, "tls_refused",
               fmt::format("control.tls_listen: {} turned away, the last: {}; see that its "
                           "certificate is signed by control.tls_ca and named in "
                           "control.tls_clients",
                           std::exchange(tls_refused_count_, 0), tls_refused_));
}

void Control::tell_of_capture(const Caller& caller, const std::string& mac, std::uint64_t seconds) {
  logging::say(logging::Level::kWarning, "capture",
               fmt::format("capture: the traffic of {} is shown to {} (pid {}) for {} s", mac,
                           caller.user, caller.pid, seconds),
               {{"mac", mac}, {"user", caller.user}});
}

void Control::tell_of_capture(const CaptureMethods::Ended& ended) {
  const Json params{{"mac", ended.mac},     {"why", ended.why},         {"frames", ended.frames},
                    {"bytes", ended.bytes}, {"dropped", ended.dropped}, {"took_ms", ended.took_ms}};
  if (audit_) {
    audit_->note(ended.caller, "capture.ended", AuditLog::params_summary(params), nullptr,
                 sessions_.generation());
  }
  logging::say(logging::Level::kWarning, "capture",
               fmt::format("capture: that of {} is over ({}): {} frames, {} bytes, {} dropped",
                           ended.mac, ended.why, ended.frames, ended.bytes, ended.dropped),
               {{"mac", ended.mac}, {"user", ended.caller.user}});
}

void Control::tell_of_refused() {
  for (const auto& [user, count] : std::exchange(refused_, {}))
    events_.emit("client.refused", {{"user", user}, {"count", count}});
}

}  // namespace gate511::control
