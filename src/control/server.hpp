// SPDX-License-Identifier: BSD-3-Clause
//
// The control socket: a UNIX stream socket served by epoll on the control thread. No client can
// hold it up: nothing blocks, and each client's input, output and time are bounded.
#pragma once

#include <tl/expected.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "control/client.hpp"
#include "control/fd.hpp"
#include "gate511/error.hpp"

namespace gate511::control {

struct ServerOptions {
  std::string socket{};
  std::string group{};  ///< empty: the socket's group is left alone
  std::size_t max_clients = 64;
  ClientLimits limits{};
};

class Server {
 public:
  /// Called with each line, without its newline. `reply` is to be called once, now or later, on the
  /// same thread, with the answer without a newline, or with nothing if none is due.
  using Reply = std::function<void(std::string)>;
  using OnLine = std::function<void(std::string_view line, Reply reply)>;
  /// The answers to a client whose line is too long, and to one too many. Without newlines.
  struct Refusals {
    std::string line_too_long;
    std::string too_many_clients;
  };

  /// Takes the socket's path, also from a gate511 that is no more; one that still runs, or a file
  /// that is no socket, is an error.
  [[nodiscard]] static tl::expected<std::unique_ptr<Server>, Error> open(ServerOptions options,
                                                                         OnLine on_line,
                                                                         Refusals refusals);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// Calls `on_readable` from poll_once() while `fd` is readable: for signals and the like. `fd`
  /// outlives the server and stays the caller's.
  [[nodiscard]] tl::expected<void, Error> watch(int fd, std::function<void()> on_readable);

  /// Serves what is ready; waits for it no longer than `timeout`.
  void poll_once(std::chrono::nanoseconds timeout);

  /// Takes no more clients and lines; what is owed is still sent.
  void stop_taking();
  /// An answer is owed to someone or on its way.
  [[nodiscard]] bool is_owed() const;

  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

 private:
  Server(ServerOptions options, OnLine on_line, Refusals refusals);
  [[nodiscard]] tl::expected<void, Error> listen();
  void accept_all();
  void refuse(int client) const;
  void serve(std::uint64_t id, std::uint32_t events);
  void handle_lines(std::uint64_t id);
  void reply_to(std::uint64_t id, std::string_view line);
  void update(std::uint64_t id);
  void attend();

  ServerOptions options_;
  OnLine on_line_;
  Refusals refusals_;
  Fd epoll_;
  Fd listener_;
  Fd spare_;  ///< given up for a moment to turn a client away when descriptors have run out
  std::map<std::uint64_t, Client> clients_;  ///< by id, which is never used again
  std::map<std::uint64_t, std::function<void()>> watched_;
  std::uint64_t next_id_ = 1;
  std::uint64_t socket_inode_ = 0;
  bool draining_ = false;
};

}  // namespace gate511::control
