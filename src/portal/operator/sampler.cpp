// SPDX-License-Identifier: BSD-3-Clause
#include "portal/operator/sampler.hpp"

#include <string>

namespace gate511::portal {

void Sampler::look() {
  const auto stats = gateway_.ask("stats.get", nlohmann::json::object());
  const auto ports = gateway_.ask("port.list", nlohmann::json::object());
  if (!stats || !ports) {
    last_.reset();
    return;
  }
  Counted now{std::chrono::steady_clock::now()};
  now.answered = stats->value("answered", std::uint64_t{0});
  now.dropped = stats->value("dropped", std::uint64_t{0});
  for (const auto& port : ports->value("ports", nlohmann::json::array())) {
    const auto bytes = port.value("rx_bytes", std::uint64_t{0});
    (port.value("role", std::string{}) == "access" ? now.up : now.down) += bytes;
  }
  // A gateway that has restarted counts anew.
  const bool is_anew = last_ && (now.up < last_->up || now.down < last_->down ||
                                 now.answered < last_->answered || now.dropped < last_->dropped);
  if (last_ && !is_anew) {
    const double passed = std::chrono::duration<double>(now.at - last_->at).count();
    const auto rate = [passed](std::uint64_t a, std::uint64_t b) {
      return static_cast<double>(b - a) / passed;
    };
    const auto sessions = stats->value("sessions", nlohmann::json::object());
    const std::lock_guard lock{mutex_};
    samples_.push_back({now_s(), 8 * rate(last_->up, now.up), 8 * rate(last_->down, now.down),
                        rate(last_->answered, now.answered), rate(last_->dropped, now.dropped),
                        sessions.value("total", std::uint64_t{0})});
    if (samples_.size() > kKept) samples_.pop_front();
  }
  last_ = now;
}

nlohmann::json Sampler::samples() const {
  nlohmann::json all = nlohmann::json::array();
  const std::lock_guard lock{mutex_};
  for (const Sample& sample : samples_) {
    all.push_back({{"at", sample.at},
                   {"up_bps", sample.up_bps},
                   {"down_bps", sample.down_bps},
                   {"answered_per_s", sample.answered_per_s},
                   {"dropped_per_s", sample.dropped_per_s},
                   {"sessions", sample.sessions}});
  }
  return all;
}

}  // namespace gate511::portal
