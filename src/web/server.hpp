// SPDX-License-Identifier: BSD-3-Clause
//
// Listens, and has whole requests answered by a few threads. One thread waits for all sockets, so
// that no client can hold a thread by being slow: what a client gets is a place among many, and of
// those the longest idle one makes room.
#pragma once

#include <openssl/ssl.h>
#include <tl/expected.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "gate511/error.hpp"
#include "web/app.hpp"
#include "web/connection.hpp"

namespace gate511::web {

/// What stands for a client's network: an IPv6 address's /64, else the address.
[[nodiscard]] std::string network_of(const std::string& address);

/// Raises the limit of open files as far as it goes. How many connections fit with `others` files
/// beside them, of `wanted`.
[[nodiscard]] std::size_t connections_that_fit(std::size_t wanted, std::size_t others);

/// `192.0.2.10:443`, `[2001:db8::10]:443`.
struct ListenAddress {
  std::string host;  ///< without brackets
  std::uint16_t port = 0;
};

class Server {
 public:
  struct Limits {
    std::size_t connections = 1024;
    std::size_t of_client = 32;    ///< connections of one address
    std::size_t of_network = 512;  ///< connections of one IPv6 /64, whose addresses cost nothing
    std::size_t threads = 8;
    std::size_t held = 64u << 20u;  ///< bytes of answers that wait to be taken
    Patience patience{};
  };

  explicit Server(Limits limits);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Before run(). `tls`: null for plain HTTP; it and `app` outlive the server.
  [[nodiscard]] tl::expected<void, Error> listen(const ListenAddress& address, App& app,
                                                 SSL_CTX* tls);
  /// Before run(), which calls it behind each wake().
  void when_woken(std::function<void()> act) { when_woken_ = std::move(act); }
  /// For connections from now on; by run()'s thread.
  void set_tls(SSL_CTX* tls);
  /// Until stop().
  void run();
  /// From any thread, or a signal's handler.
  void stop() noexcept;
  void wake() const noexcept;

 private:
  using Clock = Connection::Clock;
  struct Door {
    int socket;
    App* app;
    SSL_CTX* tls;
    bool rests = false;  ///< until the next tick: there are no more descriptors
  };
  struct Work {
    std::uint64_t id;
    std::string request;
    Peer peer;
    App* app;
    bool closes;
  };
  struct Done {
    std::uint64_t id;
    Answer answer;
  };

  using Count = std::unordered_map<std::string, std::size_t>;

  void accept_from(std::size_t index);
  void rest(std::size_t index, bool rests);
  void add(const Door& door, int socket, const std::string& address);
  [[nodiscard]] bool make_room(const std::string& address);
  void went_on(std::uint64_t id, std::uint32_t events);
  void touched(std::uint64_t id, Connection& connection);
  void close(std::uint64_t id);
  void close_overdue();
  void close_unread();
  void take_done();
  void work();

  const Limits limits_;
  int epoll_ = -1;
  int wake_ = -1;
  std::vector<Door> doors_;
  std::atomic<bool> is_stopped_ = false;
  std::uint64_t next_id_ = 1'000;  ///< below: doors
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  Count of_client_;
  Count of_network_;
  std::function<void()> when_woken_;

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<Work> work_;
  std::vector<Done> done_;
  std::vector<std::thread> threads_;
};

}  // namespace gate511::web
