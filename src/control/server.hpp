// SPDX-License-Identifier: BSD-3-Clause
//
// The control sockets, served by epoll on the control thread. No client can hold it up: nothing
// blocks, and each client's input, output and time are bounded.
#pragma once

#include <tl/expected.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "control/caller.hpp"
#include "control/client.hpp"
#include "control/fd.hpp"
#include "control/places.hpp"
#include "control/tls.hpp"
#include "gate511/error.hpp"

namespace gate511::control {

struct ServerOptions {
  std::string socket{};         ///< who can open it may change all
  std::string status_socket{};  ///< open to every user for Access::kStatus; empty: none
  std::string group{};          ///< of `socket`; empty: left alone
  Places::Limits places{};
  /// Its own, so that no one who may only look takes a place from those who control.
  Places::Limits status_places{16, 4, 2};
  std::string tls_listen{};  ///< empty: none
  std::shared_ptr<const TlsContext> tls{};
  std::map<std::string, Access, std::less<>> tls_clients{};  ///< rights by certificate name
  Places::Limits tls_places{32, 16, 0};
  ClientLimits limits{};
};

class Server {
 public:
  /// Called with each line, without its newline. `reply` is to be called once, now or later, on the
  /// same thread, with the answer without a newline, or with nothing if none is due.
  using Reply = std::function<void(std::string)>;
  using OnLine = std::function<void(const Caller& caller, std::string_view line, Reply reply)>;
  /// The answers to a client whose line is too long, and to one too many. Without newlines.
  struct Refusals {
    std::string line_too_long;
    std::string too_many_clients;
    std::string too_many_of_user;
  };
  /// What was turned away or closed so far.
  struct Counts {
    std::uint64_t refused = 0;      ///< no place
    std::uint64_t tls_refused = 0;  ///< no certificate, a wrong one, or one without rights
    std::uint64_t too_slow = 0;     ///< closed: did not read, or began a line and did not end it
  };

  /// Takes the sockets' paths, also from a gate511 that is no more; one that still runs, or a file
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
  /// Ends all clients: what they have asked for is done, and answered to nobody.
  void hang_up_all();
  /// An answer is owed to someone or on its way.
  [[nodiscard]] bool is_owed() const;

  // For what is sent without being asked for; by Caller::connection.
  /// False: it has gone.
  bool push(std::uint64_t connection, std::string_view line);
  /// Bytes that it has not taken yet; none: it has gone.
  [[nodiscard]] std::optional<std::size_t> owed(std::uint64_t connection) const;
  /// It is not closed for being idle any more.
  void keep(std::uint64_t connection);
  /// Closes it at the next turn.
  void close(std::uint64_t connection);
  /// Called once when a connection is gone.
  void on_gone(std::function<void(std::uint64_t connection)> call) { on_gone_ = std::move(call); }
  /// Called for each client that found no place, with its user.
  void on_refused(std::function<void(const std::string& user)> call) {
    on_refused_ = std::move(call);
  }

  /// Called with the reason for each that TLS turned away.
  void on_tls_refused(std::function<void(const std::string& why)> call) {
    on_tls_refused_ = std::move(call);
  }

  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  /// One listening socket.
  struct Door {
    Fd listener;
    std::string path;
    std::uint64_t inode = 0;
    Access rights = Access::kStatus;
    Places places{};
    bool is_tls = false;
  };
  struct Shaking {
    std::unique_ptr<TlsStream> stream;
    Door& door;
    SteadyTime until;
  };
  struct Connected {
    Client client;
    Caller caller;
    Door& door;
  };

  Server(ServerOptions options, OnLine on_line, Refusals refusals);
  [[nodiscard]] tl::expected<void, Error> listen(const std::string& path, unsigned mode,
                                                 const std::string& group, Access rights,
                                                 Places::Limits places);
  void accept_all(Door& door);
  void take_in(Door& door, Fd socket);
  void refuse(int client, std::string_view with) const;
  [[nodiscard]] tl::expected<void, Error> listen_tls();
  void begin_tls(Door& door, Fd socket);
  void shake_hands(std::uint64_t id);
  void refuse_tls(std::uint64_t id, const std::string& why);
  void end_late_hand_shakes(SteadyTime now);
  void serve(std::uint64_t id, std::uint32_t events);
  void handle_lines(std::uint64_t id);
  void reply_to(std::uint64_t id, std::string line);
  void update(std::uint64_t id);
  void attend();
  [[nodiscard]] bool add_to_epoll(int fd, std::uint64_t id) const;

  ServerOptions options_;
  OnLine on_line_;
  Refusals refusals_;
  std::function<void(std::uint64_t)> on_gone_;
  std::function<void(const std::string&)> on_refused_;
  std::function<void(const std::string&)> on_tls_refused_;
  Fd epoll_;
  Fd spare_;  ///< given up for a moment to turn a client away when descriptors have run out
  // All by id, which is never used again and which epoll gives back.
  std::map<std::uint64_t, Door> doors_;
  std::map<std::uint64_t, Connected> clients_;
  std::map<std::uint64_t, Shaking> shaking_;
  std::map<std::uint64_t, std::function<void()>> watched_;
  Counts counts_;
  std::uint64_t next_id_ = 1;
  bool draining_ = false;
  bool has_pending_ = false;  ///< in a stream, of which no event tells
};

}  // namespace gate511::control
