// SPDX-License-Identifier: BSD-3-Clause
#include "web/server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace gate511::web {
namespace {

constexpr int kBacklog = 256;
constexpr int kTick_ms = 250;
constexpr std::uint64_t kWake = 0;  // in epoll's data; doors are 1 and on
constexpr int kAcceptsAtOnce = 64;
constexpr int kMaxUnsent = 32 << 10;  // bytes of a connection

tl::unexpected<Error> failed(const ListenAddress& address, const std::string& what,
                             std::string hint) {
  const std::string where = address.host.find(':') == std::string::npos
                                ? fmt::format("{}:{}", address.host, address.port)
                                : fmt::format("[{}]:{}", address.host, address.port);
  return tl::unexpected{Error{where, what, std::move(hint)}};
}

void set(int socket, int level, int option, int value = 1) {
  ::setsockopt(socket, level, option, &value, sizeof value);
}

void count_down(std::unordered_map<std::string, std::size_t>& counts, const std::string& key) {
  const auto found = counts.find(key);
  if (--found->second == 0) counts.erase(found);
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

std::string network_of(const std::string& address) {
  in6_addr v6{};
  if (::inet_pton(AF_INET6, address.c_str(), &v6) != 1) return address;
  constexpr std::size_t kBytes = 8;
  std::fill(std::begin(v6.s6_addr) + kBytes, std::end(v6.s6_addr), std::uint8_t{0});
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &v6, text.data(), text.size());
  return std::string{text.data()} + "/64";
}

std::size_t connections_that_fit(std::size_t wanted, std::size_t others) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::getrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t files = limit.rlim_cur;
  return files <= others ? 0 : std::min(wanted, files - others);
}

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
        if (when_woken_) when_woken_();
      } else if (id <= doors_.size()) {
        accept_from(id - 1);
      } else {
        went_on(id, events[static_cast<std::size_t>(i)].events);
      }
    }
    if (Clock::now() < next_look) continue;
    close_overdue();
    close_unread();
    for (std::size_t i = 0; i < doors_.size(); ++i) {
      if (doors_[i].rests) rest(i, false);
    }
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

void Server::set_tls(SSL_CTX* tls) {
  for (Door& door : doors_) {
    if (door.tls != nullptr) door.tls = tls;
  }
}

/// A client has its own room, and so has a network; where all is taken, who was idle for longest
/// makes it.
bool Server::make_room(const std::string& address) {
  const auto is_full = [](const Count& counts, const std::string& key, std::size_t limit) {
    const auto found = counts.find(key);
    return found != counts.end() && found->second >= limit;
  };
  const std::string network = network_of(address);
  const bool is_own = is_full(of_client_, address, limits_.of_client);
  const bool is_of_network = !is_own && is_full(of_network_, network, limits_.of_network);
  if (!is_own && !is_of_network && connections_.size() < limits_.connections) return true;
  const auto now = Clock::now();
  std::uint64_t chosen = 0;
  for (const auto& [id, connection] : connections_) {
    const std::string& other = connection->peer().address;
    if (is_own && other != address) continue;
    // Ids grow: the smallest was here first.
    if ((chosen != 0 && id > chosen) || !connection->may_yield(now)) continue;
    if (is_of_network && network_of(other) != network) continue;
    chosen = id;
  }
  if (chosen == 0) return false;
  close(chosen);
  return true;
}

/// Who knocks meanwhile stays in the kernel's queue.
void Server::rest(std::size_t index, bool rests) {
  Door& door = doors_[index];
  door.rests = rests;
  epoll_event event{};
  event.events = rests ? 0U : static_cast<std::uint32_t>(EPOLLIN);
  event.data.u64 = index + 1;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, door.socket, &event);
}

void Server::accept_from(std::size_t index) {
  const Door& door = doors_[index];
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as the system calls it
    const int socket = ::accept4(door.socket, reinterpret_cast<sockaddr*>(&from), &size,
                                 SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket >= 0) {
      add(door, socket, text_of(from));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return rest(index, true);
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

void Server::add(const Door& door, int socket, const std::string& address) {
  SSL* ssl = nullptr;
  if (!make_room(address) || (door.tls != nullptr && ((ssl = ::SSL_new(door.tls)) == nullptr ||
                                                      ::SSL_set_fd(ssl, socket) != 1))) {
    ::SSL_free(ssl);
    ::close(socket);
    return;
  }
  if (ssl != nullptr) ::SSL_set_accept_state(ssl);
  set(socket, IPPROTO_TCP, TCP_NODELAY);
  // What a slow client does not take waits with us, where it is counted, rather than in the kernel.
  set(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kMaxUnsent);
  const std::uint64_t id = next_id_++;
  auto connection = std::make_unique<Connection>(socket, ssl, Peer{address, door.tls != nullptr},
                                                 *door.app, limits_.patience, Clock::now());
  epoll_event event{};
  event.events = connection->wanted();
  event.data.u64 = id;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) return;
  ++of_client_[address];
  ++of_network_[network_of(address)];
  connections_.emplace(id, std::move(connection));
}

void Server::went_on(std::uint64_t id, std::uint32_t events) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  // Nothing was asked for, so this is an end, of which epoll would tell again and again.
  const bool is_end = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (is_end && found->second->step() == Connection::Step::kWorking) return close(id);
  found->second->go_on(Clock::now());
  touched(id, *found->second);
}

/// Behind each step: hands out a request that is whole, and waits for what is wanted now.
void Server::touched(std::uint64_t id, Connection& connection) {
  while (connection.has_request()) {
    // Under load no connection is kept for a next request.
    const bool closes = connection.wants_close() || connections_.size() > limits_.connections / 2;
    std::string request = connection.take_request();
    if (auto file = connection.app().file_answer(request, closes)) {
      connection.put_answer(std::move(*file), Clock::now());
      continue;
    }
    const std::lock_guard lock{mutex_};
    work_.push_back({id, std::move(request), connection.peer(), &connection.app(), closes});
    has_work_.notify_one();
  }
  if (connection.step() == Connection::Step::kOver) return close(id);
  epoll_event event{};
  event.events = connection.wanted();
  event.data.u64 = id;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket(), &event);
}

void Server::close(std::uint64_t id) {
  const auto found = connections_.find(id);
  if (found->second->step() == Connection::Step::kWorking) {
    // Who is gone is not worked for, unless that has begun.
    const std::lock_guard lock{mutex_};
    const auto is_its = [id](const Work& work) { return work.id == id; };
    work_.erase(std::remove_if(work_.begin(), work_.end(), is_its), work_.end());
  }
  const std::string& address = found->second->peer().address;
  count_down(of_client_, address);
  count_down(of_network_, network_of(address));
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

/// The largest answers that wait go first.
void Server::close_unread() {
  std::size_t held = 0;
  for (const auto& [id, connection] : connections_) held += connection->held();
  while (held > limits_.held) {
    const auto largest = std::max_element(
        connections_.begin(), connections_.end(),
        [](const auto& a, const auto& b) { return a.second->held() < b.second->held(); });
    held -= largest->second->held();
    close(largest->first);
  }
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

}  // namespace gate511::web
