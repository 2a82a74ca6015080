// SPDX-License-Identifier: BSD-3-Clause
//
// The loop over the clients; server_doors.cpp has how they come in.
#include "control/server.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <utility>

namespace gate511::control {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kChunksOfTheGone = 17;     // a whole line of the greatest length
constexpr std::size_t kEventsATurn = 4;  // each may cost a chunk's copy; epoll takes turns itself

}  // namespace

void Server::poll_once(std::chrono::nanoseconds timeout) {
  // ppoll on the epoll descriptor, because its timeout is in nanoseconds: a revoke is answered
  // within a fraction of a millisecond.
  if (std::exchange(has_pending_, false)) timeout = std::chrono::nanoseconds{0};
  pollfd ready{epoll_.get(), POLLIN, 0};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const timespec wait{seconds.count(), (timeout - seconds).count()};
  ::ppoll(&ready, 1, &wait, nullptr);

  std::array<epoll_event, kEventsATurn> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events.at(static_cast<std::size_t>(i));
    const std::uint64_t id = event.data.u64;  // packed, so that nothing may refer to it
    if (const auto door = doors_.find(id); door != doors_.end()) {
      accept_all(door->second);
    } else if (const auto watched = watched_.find(id); watched != watched_.end()) {
      watched->second();
    } else if (shaking_.contains(id)) {
      shake_hands(id);
    } else {
      serve(id, event.events);
    }
  }
  attend();
}

void Server::serve(std::uint64_t id, std::uint32_t events) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Client& client = found->second.client;
  const SteadyTime now = SteadyClock::now();
  const bool hung_up = (events & (EPOLLHUP | EPOLLERR)) != 0;
  if (hung_up) client.hang_up();
  if ((events & EPOLLIN) != 0) client.receive(now);
  // What it still asked for before it went is done.
  for (int i = 0; hung_up && i < kChunksOfTheGone && client.is_readable(); ++i) client.receive(now);
  if ((events & EPOLLOUT) != 0) client.send(now);
  handle_lines(id);
  update(id);
}

void Server::handle_lines(std::uint64_t id) {
  Connected& connected = clients_.at(id);
  Client& client = connected.client;
  while (!draining_) {
    if (client.line_too_long()) {
      client.refuse(refusals_.line_too_long, SteadyClock::now());
      update(id);
      break;
    }
    const auto line = client.next_line();
    if (!line) break;
    on_line_(connected.caller, *line,
             [this, id](std::string reply) { reply_to(id, std::move(reply)); });
  }
}

void Server::reply_to(std::uint64_t id, std::string line) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;  // it has gone meanwhile
  found->second.client.answer(std::move(line));
  update(id);
}

bool Server::push(std::uint64_t connection, std::string_view line) {
  const auto found = clients_.find(connection);
  if (found == clients_.end() || draining_) return false;
  found->second.client.tell(line);
  update(connection);
  return true;
}

std::optional<std::size_t> Server::owed(std::uint64_t connection) const {
  const auto found = clients_.find(connection);
  if (found == clients_.end()) return std::nullopt;
  return found->second.client.owed();
}

void Server::keep(std::uint64_t connection) {
  const auto found = clients_.find(connection);
  if (found != clients_.end()) found->second.client.keep();
}

void Server::close(std::uint64_t connection) {
  const auto found = clients_.find(connection);
  if (found == clients_.end()) return;
  ++counts_.too_slow;
  found->second.client.hang_up();
}

void Server::update(std::uint64_t id) {
  Client& client = clients_.at(id).client;
  client.send(SteadyClock::now());
  const std::uint32_t wanted = (client.wants_input() ? std::uint32_t{EPOLLIN} : 0U) |
                               (client.wants_output() ? std::uint32_t{EPOLLOUT} : 0U);
  if (wanted == client.events) return;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = id;
  client.events = wanted;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, client.fd(), &event);
}

void Server::attend() {
  const SteadyTime now = SteadyClock::now();
  end_late_hand_shakes(now);
  for (auto at = clients_.begin(); at != clients_.end();) {
    const std::uint64_t id = at->first;
    // Lines that waited in the buffer until earlier ones were answered: no event tells of them.
    if (at->second.client.has_pending()) {
      at->second.client.receive(now);
      has_pending_ = has_pending_ || at->second.client.has_pending();
    }
    handle_lines(id);
    if (!at->second.client.is_over(now)) {
      ++at;
      continue;
    }
    if (at->second.client.was_too_slow()) ++counts_.too_slow;
    at->second.door.places.give_back(at->second.caller.user);
    at = clients_.erase(at);
    if (on_gone_) on_gone_(id);
  }
}

void Server::stop_taking() {
  draining_ = true;
}

void Server::hang_up_all() {
  for (auto& [id, connected] : clients_) connected.client.hang_up();
}

bool Server::is_owed() const {
  for (const auto& [id, connected] : clients_) {
    if (connected.client.is_owed()) return true;
  }
  return false;
}

}  // namespace gate511::control
