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
/// What is done for clients between two looks at all else.
constexpr std::chrono::microseconds kJobs{100};
constexpr milliseconds kPatience{200};
constexpr std::uint64_t kTick_ns = nanoseconds{Control::kTick}.count();

/// CPU time, since what others take from this thread is not its doing.
std::uint64_t thread_time_ns() {
  std::timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kNsPerSecond +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

Control::Control(const Config& config, Parts parts)
    : clock_{std::move(parts.clock)},
      grace_{parts.grace, clock_},
      sessions_{{parts.table, grace_, parts.status, clock_}, config.sessions.default_ttl_s},
      events_{clock_},
      session_events_{events_, config.sessions.key_has_vlan},
      sightings_{parts.sightings},
      clients_{
          parts.table,
          clock_,
          {.capacity = config.guest.table_capacity, .key_has_vlan = config.sessions.key_has_vlan}},
      service_{{sessions_, grace_, parts.status, clock_, std::move(parts.version),
                config.sessions.key_has_vlan, events_, jobs_, [this] { return stats(); }}},
      client_methods_{
          {clients_, sessions_, sightings_, parts.shared, clock_, config.sessions.key_has_vlan},
          service_.dispatcher()},
      session_change_methods_{
          {sessions_, clock_, [this](std::string_view change) { return service_.not_seen(change); },
           config.sessions.key_has_vlan},
          service_.dispatcher()} {
  sessions_.set_listener(&session_events_);
}

tl::expected<std::unique_ptr<Control>, Error> Control::open(const Config& config, Parts parts) {
  std::unique_ptr<Control> control{new Control{config, std::move(parts)}};
  const Dispatcher& dispatcher = control->service_.dispatcher();
  Jobs& jobs = control->jobs_;
  auto server = Server::open(
      {.socket = config.control.socket,
       .status_socket = config.control.status_socket,
       .group = config.control.group},
      [&dispatcher, &jobs](const Caller& caller, std::string_view line, Server::Reply reply) {
        jobs.add(caller.connection, dispatcher.begin(caller, line, std::move(reply)));
      },
      {Dispatcher::line_too_long(), Dispatcher::too_many_clients(),
       Dispatcher::too_many_of_user()});
  if (!server) return tl::unexpected{server.error()};
  control->server_ = std::move(*server);
  control->connect();
  return control;
}

void Control::connect() {
  Server& server = *server_;
  events_.connect({.push = [&server](std::uint64_t to,
                                     std::string_view lines) { return server.push(to, lines); },
                   .owed = [&server](std::uint64_t connection) { return server.owed(connection); },
                   .keep = [&server](std::uint64_t connection) { server.keep(connection); },
                   .close = [&server](std::uint64_t connection) { server.close(connection); }});
  server.on_gone([this](std::uint64_t connection) { events_.unsubscribe(connection); });
  server.on_refused([this](const std::string& user) { ++refused_[user]; });
}

Json Control::stats() const {
  return {{"clients", server_->clients()},
          {"refused", server_->counts().refused},
          {"too_slow", server_->counts().too_slow},
          {"longest_slice_us", longest_slice_ns_ / 1'000}};
}

void Control::tell_of_refused() {
  for (const auto& [user, count] : std::exchange(refused_, {}))
    events_.emit("client.refused", {{"user", user}, {"count", count}});
}

void Control::turn(const std::function<void()>& on_tick) {
  const std::uint64_t began_ns = thread_time_ns();
  jobs_.work(kJobs);
  sessions_.work();
  grace_.poll();
  events_.pump();
  const bool more_seen = clients_.take(sightings_);
  const std::uint64_t now = clock_.boot_ns();
  if (now >= next_tick_ns_) {
    next_tick_ns_ = now + kTick_ns;
    service_.tick();
    tell_of_refused();
    clients_.tick();
    on_tick();
  }
  longest_slice_ns_ = std::max(longest_slice_ns_, thread_time_ns() - began_ns);
  nanoseconds timeout{std::min(next_tick_ns_ - std::min(now, next_tick_ns_), kTick_ns)};
  if (grace_.is_urgent()) timeout = std::min(timeout, kUrgent);
  if (!jobs_.empty() || sessions_.has_work() || events_.has_work() || more_seen)
    timeout = nanoseconds{0};
  server_->poll_once(timeout);
}

void Control::run(const std::function<bool()>& stop, const std::function<void()>& on_tick) {
  while (!stop() && !service_.shutdown_requested()) turn(on_tick);
  server_->stop_taking();
  const std::uint64_t until = clock_.boot_ns() + nanoseconds{kPatience}.count();
  while ((server_->is_owed() || !jobs_.empty()) && clock_.boot_ns() < until) turn(on_tick);
}

}  // namespace gate511::control
