// SPDX-License-Identifier: BSD-3-Clause
#include "portal/web/server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace gate511::portal {
namespace {

constexpr int kBacklog = 256;
constexpr int kTick_ms = 250;
constexpr std::uint64_t kWake = 0;  // in epoll's data; doors are 1 and on
constexpr int kAcceptsAtOnce = 64;

tl::unexpected<Error> failed(const ListenAddress& address, const std::string& what,
                             std::string hint) {
  const std::string where = address.host.find(':') == std::string::npos
                                ? fmt::format("{}:{}", address.host, address.port)
                                : fmt::format("[{}]:{}", address.host, address.port);
  return tl::unexpected{Error{where, what, std::move(hint)}};
}

void set(int socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket, level, option, &on, sizeof on);
}

/// Empty: no address that a client could have.
std::string text_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      ::inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text.data(), text.size());
    } else {
      ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
  }
  return text.data();
}

}  // namespace

Server::Server(Limits limits)
    : limits_{limits},
      epoll_{::epoll_create1(EPOLL_CLOEXEC)},
      wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  if (epoll_ < 0 || wake_ < 0)
    throw std::system_error{errno, std::generic_category(), "epoll or eventfd"};
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWake;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
}

Server::~Server() {
  stop();
  has_work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  connections_.clear();
  for (const Door& door : doors_) ::close(door.socket);
  ::close(wake_);
  ::close(epoll_);
}

tl::expected<void, Error> Server::listen(const ListenAddress& address, App& app, SSL_CTX* tls) {
  sockaddr_storage to{};
  socklen_t size = 0;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    size = sizeof v4;
    std::memcpy(&to, &v4, size);
  } else {
    ::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    size = sizeof v6;
    std::memcpy(&to, &v6, size);
  }
  const int socket = ::socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0)
    return failed(address, fmt::format("no socket: {}", std::strerror(errno)), "free descriptors");
  doors_.push_back({socket, &app, tls});
  set(socket, SOL_SOCKET, SO_REUSEADDR);
  if (to.ss_family == AF_INET6) set(socket, IPPROTO_IPV6, IPV6_V6ONLY);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as the system calls it
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&to), size) != 0 ||
      ::listen(socket, kBacklog) != 0) {
    const bool is_low = errno == EACCES;
    return failed(address, fmt::format("cannot be listened on: {}", std::strerror(errno)),
                  is_low ? "start as root, which is given up, or with CAP_NET_BIND_SERVICE"
                         : "give an address of this machine, and a port that is free");
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = doors_.size();
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  return {};
}

void Server::run() {
  for (std::size_t i = 0; i < limits_.threads; ++i) threads_.emplace_back([this] { work(); });
  std::array<epoll_event, 128> events{};
  auto next_look = Clock::now();
  while (!is_stopped_) {
    const int count =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kTick_ms);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t id = events[static_cast<std::size_t>(i)].data.u64;
      if (id == kWake) {
        take_done();
      } else if (id <= doors_.size()) {
        accept_from(doors_[id - 1]);
      } else if (const auto found = connections_.find(id); found != connections_.end()) {
        found->second->go_on(Clock::now());
        touched(id, *found->second);
      }
    }
    if (Clock::now() < next_look) continue;
    close_overdue();
    next_look = Clock::now() + std::chrono::milliseconds{kTick_ms};
  }
}

void Server::stop() noexcept {
  is_stopped_ = true;
  wake();
}

void Server::wake() const noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(wake_, &one, sizeof one);
}

/// A client has its own room; where all is taken, who was idle for longest makes it.
bool Server::make_room(const std::string& address) {
  const auto own = of_client_.find(address);
  const bool is_own = own != of_client_.end() && own->second >= limits_.of_client;
  if (!is_own && connections_.size() < limits_.connections) return true;
  std::uint64_t chosen = 0;
  for (const auto& [id, connection] : connections_) {
    if (!connection->may_yield() || (is_own && connection->peer().address != address)) continue;
    // Ids grow: the smallest was here first.
    if (chosen == 0 || id < chosen) chosen = id;
  }
  if (chosen == 0) return false;
  close(chosen);
  return true;
}

void Server::accept_from(const Door& door) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as the system calls it
    const int socket = ::accept4(door.socket, reinterpret_cast<sockaddr*>(&from), &size,
                                 SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0) return;
    const std::string address = text_of(from);
    SSL* ssl = nullptr;
    if (!make_room(address) || (door.tls != nullptr && ((ssl = ::SSL_new(door.tls)) == nullptr ||
                                                        ::SSL_set_fd(ssl, socket) != 1))) {
      ::SSL_free(ssl);
      ::close(socket);
      continue;
    }
    if (ssl != nullptr) ::SSL_set_accept_state(ssl);
    set(socket, IPPROTO_TCP, TCP_NODELAY);
    const std::uint64_t id = next_id_++;
    auto connection = std::make_unique<Connection>(socket, ssl, Peer{address, door.tls != nullptr},
                                                   *door.app, limits_.patience, Clock::now());
    epoll_event event{};
    event.events = connection->wanted();
    event.data.u64 = id;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) continue;
    ++of_client_[address];
    connections_.emplace(id, std::move(connection));
  }
}

/// Behind each step: hands out a request that is whole, and waits for what is wanted now.
void Server::touched(std::uint64_t id, Connection& connection) {
  if (connection.step() == Connection::Step::kOver) return close(id);
  if (connection.step() == Connection::Step::kWorking) {
    const std::lock_guard lock{mutex_};
    // Under load no connection is kept for a next request.
    const bool closes = connections_.size() > limits_.connections / 2;
    work_.push_back({id, connection.take_request(), connection.peer(), &connection.app(), closes});
    has_work_.notify_one();
  }
  epoll_event event{};
  event.events = connection.wanted();
  event.data.u64 = id;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket(), &event);
}

void Server::close(std::uint64_t id) {
  const auto found = connections_.find(id);
  const auto own = of_client_.find(found->second->peer().address);
  if (--own->second == 0) of_client_.erase(own);
  connections_.erase(found);
}

void Server::close_overdue() {
  const auto now = Clock::now();
  std::vector<std::uint64_t> overdue;
  for (const auto& [id, connection] : connections_) {
    if (connection->deadline() <= now) overdue.push_back(id);
  }
  for (const std::uint64_t id : overdue) close(id);
}

void Server::take_done() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_, &count, sizeof count);
  std::vector<Done> done;
  {
    const std::lock_guard lock{mutex_};
    done.swap(done_);
  }
  for (Done& one : done) {
    const auto found = connections_.find(one.id);
    if (found == connections_.end()) continue;
    found->second->put_answer(std::move(one.answer), Clock::now());
    touched(one.id, *found->second);
  }
}

void Server::work() {
  std::unique_lock lock{mutex_};
  for (;;) {
    has_work_.wait(lock, [this] { return !work_.empty() || is_stopped_; });
    if (is_stopped_) return;
    Work work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    Answer answer = work.app->answer(work.request, work.peer, work.closes);
    lock.lock();
    done_.push_back({work.id, std::move(answer)});
    wake();
  }
}

}  // namespace gate511::portal
