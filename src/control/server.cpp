// SPDX-License-Identifier: BSD-3-Clause
#include "control/server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "control/listener.hpp"

namespace gate511::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kListener = 0;  // epoll's tag; clients and watched fds count from 1
constexpr int kChunksOfTheGone = 17;    // a whole line of the greatest length

}  // namespace

Server::Server(ServerOptions options, OnLine on_line, Refusals refusals)
    : options_{std::move(options)},
      on_line_{std::move(on_line)},
      refusals_{std::move(refusals)},
      epoll_{::epoll_create1(EPOLL_CLOEXEC)},
      spare_{::open("/dev/null", O_RDONLY | O_CLOEXEC)} {}

tl::expected<std::unique_ptr<Server>, Error> Server::open(ServerOptions options, OnLine on_line,
                                                          Refusals refusals) {
  std::unique_ptr<Server> server{
      new Server{std::move(options), std::move(on_line), std::move(refusals)}};
  if (const auto listening = server->listen(); !listening) return tl::unexpected{listening.error()};
  return server;
}

tl::expected<void, Error> Server::listen() {
  auto listener = open_listener(options_.socket, options_.group);
  if (!listener) return tl::unexpected{listener.error()};
  listener_ = std::move(listener->socket);
  socket_inode_ = listener->inode;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kListener;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &event) != 0) {
    return tl::unexpected{Error{options_.socket,
                                fmt::format("epoll failed: {}", std::strerror(errno)),
                                "raise the limit of open files"}};
  }
  return {};
}

Server::~Server() {
  if (listener_) remove_socket(options_.socket, socket_inode_);
}

tl::expected<void, Error> Server::watch(int fd, std::function<void()> on_readable) {
  const std::uint64_t id = next_id_++;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = id;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return tl::unexpected{Error{options_.socket,
                                fmt::format("epoll failed: {}", std::strerror(errno)),
                                "give a descriptor that can be waited for"}};
  }
  watched_[id] = std::move(on_readable);
  return {};
}

void Server::poll_once(std::chrono::nanoseconds timeout) {
  // ppoll on the epoll descriptor, because its timeout is in nanoseconds: a revoke is answered
  // within a fraction of a millisecond.
  pollfd ready{epoll_.get(), POLLIN, 0};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const timespec wait{seconds.count(), (timeout - seconds).count()};
  ::ppoll(&ready, 1, &wait, nullptr);

  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events.at(static_cast<std::size_t>(i));
    if (event.data.u64 == kListener) {
      accept_all();
    } else if (const auto watched = watched_.find(event.data.u64); watched != watched_.end()) {
      watched->second();
    } else {
      serve(event.data.u64, event.events);
    }
  }
  attend();
}

void Server::accept_all() {
  for (;;) {
    Fd socket{::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!socket && (errno == EMFILE || errno == ENFILE) && spare_) {
      // Else the listener would stay readable, and the loop would spin on it.
      spare_.reset();
      const Fd turned_away{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
      if (turned_away) refuse(turned_away.get());
      spare_ = Fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
      return;
    }
    if (!socket) return;
    if (draining_ || clients_.size() >= options_.max_clients) {
      refuse(socket.get());
      continue;
    }
    const std::uint64_t id = next_id_++;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = id;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event) != 0) continue;
    Client& client =
        clients_.try_emplace(id, std::move(socket), options_.limits, Clock::now()).first->second;
    client.events = event.events;
  }
}

void Server::refuse(int client) const {
  const std::string line = refusals_.too_many_clients + "\n";
  static_cast<void>(::send(client, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
}

void Server::serve(std::uint64_t id, std::uint32_t events) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Client& client = found->second;
  const SteadyTime now = Clock::now();
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
  Client& client = clients_.at(id);
  while (!draining_) {
    if (client.line_too_long()) {
      client.refuse(refusals_.line_too_long, Clock::now());
      update(id);
      break;
    }
    const auto line = client.next_line();
    if (!line) break;
    on_line_(*line, [this, id](const std::string& reply) { reply_to(id, reply); });
  }
}

void Server::reply_to(std::uint64_t id, std::string_view line) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;  // it has gone meanwhile
  found->second.answer(line);
  update(id);
}

void Server::update(std::uint64_t id) {
  Client& client = clients_.at(id);
  client.send(Clock::now());
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
  const SteadyTime now = Clock::now();
  for (auto at = clients_.begin(); at != clients_.end();) {
    // Lines that waited in the buffer until earlier ones were answered: no event tells of them.
    handle_lines(at->first);
    at = at->second.is_over(now) ? clients_.erase(at) : std::next(at);
  }
}

void Server::stop_taking() {
  draining_ = true;
}

bool Server::is_owed() const {
  for (const auto& [id, client] : clients_) {
    if (client.is_owed()) return true;
  }
  return false;
}

}  // namespace gate511::control
