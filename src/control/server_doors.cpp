// SPDX-License-Identifier: BSD-3-Clause
//
// How clients come in: the listening sockets, who is at the other end, and whether there is a
// place.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "control/listener.hpp"
#include "control/server.hpp"

namespace gate511::control {
namespace {

constexpr unsigned kControlMode = 0660;
constexpr unsigned kStatusMode = 0666;

Caller local_caller(int socket, Access rights, std::uint64_t connection) {
  Caller caller{.rights = rights, .connection = connection, .user = "unknown"};
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    caller.uid = credentials.uid;
    caller.gid = credentials.gid;
    caller.pid = credentials.pid;
    caller.user = fmt::format("uid {}", credentials.uid);
    if (credentials.uid == 0 && rights == Access::kChange) caller.rights = Access::kRoot;
  }
  return caller;
}

}  // namespace

Server::Server(ServerOptions options, OnLine on_line, Refusals refusals)
    : options_{std::move(options)},
      on_line_{std::move(on_line)},
      refusals_{std::move(refusals)},
      epoll_{::epoll_create1(EPOLL_CLOEXEC)},
      spare_{::open("/dev/null", O_RDONLY | O_CLOEXEC)} {}

Server::~Server() {
  for (const auto& [id, door] : doors_) {
    if (!door.is_tls) remove_socket(door.path, door.inode);
  }
}

tl::expected<std::unique_ptr<Server>, Error> Server::open(ServerOptions options, OnLine on_line,
                                                          Refusals refusals) {
  std::unique_ptr<Server> server{
      new Server{std::move(options), std::move(on_line), std::move(refusals)}};
  const ServerOptions& given = server->options_;
  auto listening =
      server->listen(given.socket, kControlMode, given.group, Access::kChange, given.places);
  if (listening && !given.status_socket.empty()) {
    listening =
        server->listen(given.status_socket, kStatusMode, "", Access::kStatus, given.status_places);
  }
  if (listening && !given.tls_listen.empty()) listening = server->listen_tls();
  if (!listening) return tl::unexpected{listening.error()};
  return server;
}

bool Server::add_to_epoll(int fd, std::uint64_t id) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = id;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

tl::expected<void, Error> Server::listen(const std::string& path, unsigned mode,
                                         const std::string& group, Access rights,
                                         Places::Limits places) {
  auto listener = open_listener(path, mode, group);
  if (!listener) return tl::unexpected{listener.error()};
  const std::uint64_t id = next_id_++;
  const Door& door = doors_
                         .emplace(id, Door{std::move(listener->socket), path, listener->inode,
                                           rights, Places{places}})
                         .first->second;
  if (!add_to_epoll(door.listener.get(), id)) {
    return tl::unexpected{Error{path, fmt::format("epoll failed: {}", std::strerror(errno)),
                                "raise the limit of open files"}};
  }
  return {};
}

tl::expected<void, Error> Server::listen_tls() {
  auto listener = open_tcp_listener(options_.tls_listen);
  if (!listener) return tl::unexpected{listener.error()};
  const std::uint64_t id = next_id_++;
  Door door{.listener = std::move(*listener),
            .path = options_.tls_listen,
            .places = Places{options_.tls_places},
            .is_tls = true};
  if (!add_to_epoll(door.listener.get(), id)) {
    return tl::unexpected{Error{door.path, fmt::format("epoll failed: {}", std::strerror(errno)),
                                "raise the limit of open files"}};
  }
  doors_.emplace(id, std::move(door));
  return {};
}

tl::expected<void, Error> Server::watch(int fd, std::function<void()> on_readable) {
  const std::uint64_t id = next_id_++;
  if (!add_to_epoll(fd, id)) {
    return tl::unexpected{Error{options_.socket,
                                fmt::format("epoll failed: {}", std::strerror(errno)),
                                "give a descriptor that can be waited for"}};
  }
  watched_[id] = std::move(on_readable);
  return {};
}

void Server::accept_all(Door& door) {
  for (;;) {
    Fd socket{::accept4(door.listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!socket && (errno == EMFILE || errno == ENFILE) && spare_) {
      // Else the listener would stay readable, and the loop would spin on it.
      spare_.reset();
      const Fd turned_away{::accept4(door.listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
      if (turned_away && !door.is_tls) refuse(turned_away.get(), refusals_.too_many_clients);
      spare_ = Fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
      ++counts_.refused;
      return;
    }
    if (!socket) return;
    if (door.is_tls) {
      begin_tls(door, std::move(socket));
      continue;
    }
    take_in(door, std::move(socket));
  }
}

void Server::take_in(Door& door, Fd socket) {
  const std::uint64_t id = next_id_++;
  Caller caller = local_caller(socket.get(), door.rights, id);
  const auto place =
      draining_ ? Places::Answer::kFull : door.places.take(caller.user, caller.uid == 0);
  if (place != Places::Answer::kTaken) {
    ++counts_.refused;
    refuse(socket.get(), place == Places::Answer::kFull ? refusals_.too_many_clients
                                                        : refusals_.too_many_of_user);
    if (on_refused_) on_refused_(caller.user);
    return;
  }
  if (!add_to_epoll(socket.get(), id)) return door.places.give_back(caller.user);
  auto stream = std::make_unique<Stream>(std::move(socket));
  Connected& connected = clients_
                             .try_emplace(id, Connected{Client{std::move(stream), options_.limits,
                                                               std::chrono::steady_clock::now()},
                                                        std::move(caller), door})
                             .first->second;
  connected.client.events = EPOLLIN;
}

void Server::refuse(int client, std::string_view with) const {
  const std::string line = std::string{with} + "\n";
  static_cast<void>(::send(client, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
}

}  // namespace gate511::control
