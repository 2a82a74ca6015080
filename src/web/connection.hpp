// SPDX-License-Identifier: BSD-3-Clause
//
// One client's connection: bytes in until a request is whole, bytes out until its answer is gone,
// each with an end in time. It never blocks.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "web/app.hpp"

namespace gate511::web {

/// How long each step may take in all, however slowly its bytes come.
struct Patience {
  std::chrono::milliseconds hand_shake{5'000};
  std::chrono::milliseconds idle{10'000};  ///< until a first byte
  std::chrono::milliseconds request{8'000};
  std::chrono::milliseconds answer{15'000};
  std::chrono::milliseconds unread{1'000};  ///< then it may be closed where others need room
  std::chrono::milliseconds parting{
      2'000};  ///< what the client still sends is taken, so that it gets its answer
};

class Connection {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Step { kShakingHands, kIdle, kReading, kWorking, kWriting, kParting, kOver };

  Connection(int socket, SSL* ssl, Peer peer, App& app, const Patience& patience,
             Clock::time_point now);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The socket is ready for something. Afterwards `step()` is kWorking where a request is whole.
  void go_on(Clock::time_point now);
  /// The answer to what take_request() gave.
  void put_answer(Answer answer, Clock::time_point now);

  [[nodiscard]] Step step() const { return step_; }
  [[nodiscard]] Clock::time_point deadline() const { return deadline_; }
  /// Of epoll.
  [[nodiscard]] std::uint32_t wanted() const;
  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] App& app() const { return *app_; }
  /// A whole one is there, and was not taken yet. Then kWorking.
  [[nodiscard]] bool has_request() const { return whole_ > 0; }
  [[nodiscard]] std::string take_request();
  /// Behind take_request(): this client wants no other answer, or has had enough.
  [[nodiscard]] bool wants_close() const { return wants_close_; }
  /// May be closed where others need room: also who has taken nothing of its answer for a while.
  [[nodiscard]] bool may_yield(Clock::time_point now) const {
    return step_ == Step::kWriting ? now - moved_at_ >= patience_->unread : step_ != Step::kWorking;
  }
  /// Bytes of this client's answer alone, kept until it takes them.
  [[nodiscard]] std::size_t held() const { return output_.size(); }

 private:
  enum class Moved { kSome, kNone, kEnd };
  Moved read_some(char* into, std::size_t size, std::size_t& moved);
  Moved write_some(std::size_t& moved);
  Moved result_of(int returned, std::size_t& moved);
  void enter(Step step, Clock::time_point now);
  void shake_hands(Clock::time_point now);
  [[nodiscard]] std::string_view unwritten() const;
  void take_in(Clock::time_point now);
  void frame(Clock::time_point now);
  void put_out(Clock::time_point now);
  void part();

  int socket_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  Peer peer_;
  App* app_;
  const Patience* patience_;
  Step step_;
  Clock::time_point deadline_;
  bool wants_output_ = false;  ///< TLS's own need, whatever we do
  bool closes_ = false;
  bool wants_close_ = false;
  std::size_t requests_ = 0;
  std::string input_;
  std::size_t whole_ = 0;  ///< bytes of `input_` that are a request
  std::string output_;
  std::string_view file_;    ///< behind it
  std::size_t written_ = 0;  ///< of both
  Clock::time_point moved_at_{};
  std::size_t discarded_ = 0;
};

}  // namespace gate511::web
