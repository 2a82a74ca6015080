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

#include "portal/web/app.hpp"

namespace gate511::portal {

/// How long each step may take in all, however slowly its bytes come.
struct Patience {
  std::chrono::milliseconds hand_shake{5'000};
  std::chrono::milliseconds idle{10'000};  ///< until a first byte
  std::chrono::milliseconds request{8'000};
  std::chrono::milliseconds answer{15'000};
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
  /// The answer to what request() has.
  void put_answer(Answer answer, Clock::time_point now);

  [[nodiscard]] Step step() const { return step_; }
  [[nodiscard]] Clock::time_point deadline() const { return deadline_; }
  /// Of epoll.
  [[nodiscard]] std::uint32_t wanted() const;
  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] App& app() const { return *app_; }
  /// A whole one, while kWorking.
  [[nodiscard]] std::string take_request();
  /// May be closed where others need room.
  [[nodiscard]] bool may_yield() const {
    return step_ != Step::kWorking && step_ != Step::kWriting;
  }

 private:
  enum class Moved { kSome, kNone, kEnd };
  Moved read_some(char* into, std::size_t size, std::size_t& moved);
  Moved write_some(std::size_t& moved);
  Moved result_of(int returned, std::size_t& moved);
  void enter(Step step, Clock::time_point now);
  void shake_hands(Clock::time_point now);
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
  std::string input_;
  std::size_t whole_ = 0;  ///< bytes of `input_` that are a request
  std::string output_;
  std::size_t written_ = 0;
  std::size_t discarded_ = 0;
};

}  // namespace gate511::portal
