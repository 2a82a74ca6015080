// SPDX-License-Identifier: BSD-3-Clause
//
// One connection to a server, by TCP or TLS, that is never waited for: commands go out as the
// socket takes them, and each reply calls what was given with its command, in their order. The
// protocol is hiredis' to read. Its own TLS is not in Debian 12's hiredis (0.14), so OpenSSL stands
// below it here.
//
// One thread. The host's name is resolved when it is made, which may block that thread.
#pragma once

#include <openssl/ssl.h>
#include <tl/expected.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "control/fd.hpp"
#include "control/redis/reply.hpp"
#include "control/redis/url.hpp"
#include "gate511/error.hpp"

namespace gate511::control::redis {

/// Whom a TLS connection trusts. Made once, as its file may not be readable later.
using TlsTrust = std::shared_ptr<SSL_CTX>;
/// `ca_file`: PEM; empty: those that the system trusts.
[[nodiscard]] tl::expected<TlsTrust, Error> make_trust(const std::string& ca_file);

class Connection {
 public:
  using Clock = std::chrono::steady_clock;
  using OnReply = std::function<void(Reply&&)>;

  /// Begins to connect to the `attempt`th address of its host, in turn.
  Connection(const Url& url, const TlsTrust& trust, std::size_t attempt);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Not empty: it is of no use any more, and why.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] int fd() const { return socket_.get(); }
  /// What poll(2) is to wait for.
  [[nodiscard]] short wanted() const;
  /// Goes on with what poll(2) said is possible; calls what is answered.
  void work(short possible);

  /// `on_reply` is called from work(), or never, if the connection breaks.
  void send(std::span<const std::string_view> command, OnReply on_reply);
  /// Commands that are not answered, and since when the first of them is waited for.
  [[nodiscard]] std::size_t owed() const { return waiting_.size(); }
  [[nodiscard]] Clock::time_point waits_since() const {
    return waiting_.empty() ? Clock::time_point::max() : waiting_.front().sent;
  }
  /// The same for a connection that is not there yet.
  [[nodiscard]] bool is_connecting() const { return step_ != Step::kOpen; }
  [[nodiscard]] Clock::time_point began() const { return began_; }
  void fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

 private:
  enum class Step : unsigned char { kConnecting, kShaking, kOpen };
  struct Waiting {
    OnReply on_reply;
    Clock::time_point sent;
  };
  struct Free {
    void operator()(SSL* tls) const { ::SSL_free(tls); }
  };

  void start(const Url& url, std::size_t attempt);
  void start_tls(const Url& url, const TlsTrust& trust);
  void finish_connecting();
  void shake_hands();
  void write_some();
  void read_some();
  /// Bytes; 0: not now. Sets problem_.
  [[nodiscard]] std::size_t read_into(std::span<char> buffer);
  /// Of an operation of TLS that did not succeed.
  void take_tls_error(int result, std::string_view doing);

  Url url_;
  Fd socket_;
  std::unique_ptr<SSL, Free> tls_;
  Step step_ = Step::kConnecting;
  bool tls_wants_write_ = false;
  std::string out_;
  std::size_t written_ = 0;  ///< of out_
  ReplyReader reader_;
  std::deque<Waiting> waiting_;
  Clock::time_point began_ = Clock::now();
  std::string problem_;
};

}  // namespace gate511::control::redis
