// SPDX-License-Identifier: BSD-3-Clause
#include "control/control.hpp"

#include <algorithm>
#include <utility>

namespace gate511::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// While someone waits for the workers: they pass a quiescent point every few microseconds.
constexpr nanoseconds kUrgent{50'000};
constexpr milliseconds kPatience{200};
constexpr std::uint64_t kTick_ns = nanoseconds{Control::kTick}.count();

}  // namespace

Control::Control(const Config& config, Parts parts, std::unique_ptr<Background> background)
    : clock_{std::move(parts.clock)},
      grace_{parts.grace, clock_},
      sessions_{{parts.table, grace_, parts.status, clock_}, config.sessions.default_ttl_s},
      config_{config},
      service_{{sessions_, grace_, parts.status, clock_, std::move(parts.version),
                config.sessions.key_has_vlan, config_}},
      background_{std::move(background)},
      config_methods_{service_.dispatcher(),
                      {config_, sessions_, grace_, parts.status,
                       [this](Background::Task work, Background::Task then) {
                         background_->run(std::move(work), std::move(then));
                       }}} {}

tl::expected<std::unique_ptr<Control>, Error> Control::open(const Config& config, Parts parts) {
  auto background = Background::start();
  if (!background) return tl::unexpected{background.error()};
  std::unique_ptr<Control> control{new Control{config, std::move(parts), std::move(*background)}};
  const Dispatcher& dispatcher = std::as_const(control->service_).dispatcher();
  auto server =
      Server::open({.socket = config.control.socket, .group = config.control.group, .limits = {}},
                   [&dispatcher](std::string_view line, Server::Reply reply) {
                     dispatcher.handle(line, std::move(reply));
                   },
                   {Dispatcher::line_too_long(), Dispatcher::too_many_clients()});
  if (!server) return tl::unexpected{server.error()};
  control->server_ = std::move(*server);
  Background& aside = *control->background_;
  if (auto watched = control->watch(aside.fd(), [&aside] { aside.finish(); }); !watched)
    return tl::unexpected{watched.error()};
  return control;
}

void Control::turn(const std::function<void()>& on_tick) {
  sessions_.work();
  grace_.poll();
  const std::uint64_t now = clock_.boot_ns();
  if (now >= next_tick_ns_) {
    next_tick_ns_ = now + kTick_ns;
    service_.tick();
    on_tick();
  }
  nanoseconds timeout{std::min(next_tick_ns_ - std::min(now, next_tick_ns_), kTick_ns)};
  if (grace_.is_urgent()) timeout = std::min(timeout, kUrgent);
  if (sessions_.has_work()) timeout = nanoseconds{0};
  server_->poll_once(timeout);
}

void Control::run(const std::function<bool()>& stop, const std::function<void()>& on_tick) {
  while (!stop() && !service_.shutdown_requested()) turn(on_tick);
  server_->stop_taking();
  const std::uint64_t until = clock_.boot_ns() + nanoseconds{kPatience}.count();
  while (server_->is_owed() && clock_.boot_ns() < until) turn(on_tick);
}

}  // namespace gate511::control
