// SPDX-License-Identifier: BSD-3-Clause
//
// One client of the control socket: what it has sent and is not yet handled, what it is owed, and
// whether its time is up.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "control/stream.hpp"

namespace gate511::control {

using SteadyTime = std::chrono::steady_clock::time_point;

struct ClientLimits {
  std::size_t line = 1 << 20;       ///< bytes, without the newline
  std::size_t output = 4 << 20;     ///< bytes owed; a client that is owed more is closed
  std::size_t backlog = 256 << 10;  ///< bytes owed; above, no more lines are taken
  std::size_t requests = 32;        ///< lines without an answer; above, no more are taken
  std::size_t in_flight =
      256 << 10;  ///< bytes of lines without an answer; above, no more are taken
  std::chrono::milliseconds incomplete_line{5'000};
  std::chrono::milliseconds idle{300'000};
  std::chrono::milliseconds stalled_output{5'000};  ///< owed bytes of which none can be sent
};

class Client {
 public:
  Client(std::unique_ptr<Stream> stream, const ClientLimits& limits, SteadyTime now);

  /// Reads what is there, up to one chunk.
  void receive(SteadyTime now);
  /// The next whole line, if one may be handled now. At the end of the input what has no newline is
  /// a line as well. Valid until the next call.
  [[nodiscard]] std::optional<std::string_view> next_line();
  /// Queues an answer to a line that next_line() gave; nothing if `line` is empty.
  void answer(std::string line);
  /// Queues what it did not ask for.
  void tell(std::string_view line);
  /// Queues a last message, after which what comes is read and thrown away until the client closes.
  void refuse(std::string_view message, SteadyTime now);
  /// Sends what is owed, up to one chunk.
  void send(SteadyTime now);

  [[nodiscard]] bool line_too_long() const;
  [[nodiscard]] bool is_readable() const { return !end_of_input_ && !failed_; }
  [[nodiscard]] bool wants_input() const;
  /// Input of which the socket no longer tells, and that may be received now.
  [[nodiscard]] bool has_pending() const { return wants_input() && stream_->has_pending(); }
  [[nodiscard]] bool wants_output() const { return sent_ < output_.size(); }
  /// Nothing is to be expected of it any more, or its time is up.
  [[nodiscard]] bool is_over(SteadyTime now);
  /// An answer is still owed or on its way.
  [[nodiscard]] bool is_owed() const { return unanswered_ > 0 || wants_output(); }

  /// Bytes that it has not taken yet.
  [[nodiscard]] std::size_t owed() const { return output_.size() - sent_; }
  /// Why it is over: it took too long over its input or our output.
  [[nodiscard]] bool was_too_slow() const { return too_slow_; }

  /// It waits for what comes: being idle does not end it.
  void keep() { kept_ = true; }
  /// The other side has closed both ways: answers reach no one.
  void hang_up() { hung_up_ = true; }
  [[nodiscard]] int fd() const { return stream_->fd(); }
  std::uint32_t events = 0;  ///< what epoll is asked for

 private:
  [[nodiscard]] bool may_handle() const;
  void queue(std::string line);

  std::unique_ptr<Stream> stream_;
  const ClientLimits& limits_;
  std::string input_;
  std::size_t taken_ = 0;    ///< bytes of input_ that were handed out as lines
  std::size_t scanned_ = 0;  ///< bytes of input_ that hold no newline behind taken_
  std::string output_;
  std::size_t sent_ = 0;
  std::size_t unanswered_ = 0;
  std::size_t in_flight_ = 0;  ///< bytes taken since nothing was unanswered
  SteadyTime last_active_;
  SteadyTime line_began_;
  SteadyTime last_sent_;
  bool end_of_input_ = false;
  bool failed_ = false;
  bool hung_up_ = false;
  bool refused_ = false;
  bool write_closed_ = false;
  bool kept_ = false;
  bool too_slow_ = false;
};

}  // namespace gate511::control
