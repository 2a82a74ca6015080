// SPDX-License-Identifier: BSD-3-Clause
#include "control/client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace gate511::control {
namespace {

constexpr std::size_t kSocketChunk = 64 << 10;  // read or sent at once: some 20 us

}  // namespace

Client::Client(std::unique_ptr<Stream> stream, const ClientLimits& limits, SteadyTime now)
    : stream_{std::move(stream)},
      limits_{limits},
      last_active_{now},
      line_began_{now},
      last_sent_{now} {}

void Client::receive(SteadyTime now) {
  std::array<char, kSocketChunk> chunk;
  const ssize_t got = stream_->receive(chunk.data(), chunk.size());
  if (got < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) failed_ = true;
    return;
  }
  last_active_ = now;
  if (got == 0) {
    end_of_input_ = true;
    return;
  }
  if (refused_) return;  // read only so that the client is not cut off in mid-send
  if (taken_ == input_.size()) line_began_ = now;
  input_.erase(0, std::exchange(taken_, 0));
  input_.append(chunk.data(), static_cast<std::size_t>(got));
}

bool Client::may_handle() const {
  if (hung_up_) return true;  // nothing is owed to anyone, but what was asked is done
  return unanswered_ < limits_.requests && in_flight_ <= limits_.in_flight &&
         owed() <= limits_.backlog;
}

std::optional<std::string_view> Client::next_line() {
  if (refused_ || !may_handle()) return std::nullopt;
  const std::size_t newline = input_.find('\n', taken_ + scanned_);
  std::string_view line;
  if (newline != std::string::npos) {
    line = std::string_view{input_}.substr(taken_, newline - taken_);
    taken_ = newline + 1;
  } else if (end_of_input_ && taken_ < input_.size()) {
    line = std::string_view{input_}.substr(taken_);
    taken_ = input_.size();
  } else {
    scanned_ = input_.size() - taken_;
    return std::nullopt;
  }
  scanned_ = 0;
  // A line that follows in the buffer has its time from now on.
  line_began_ = last_active_;
  ++unanswered_;
  in_flight_ += line.size();
  return line;
}

bool Client::line_too_long() const {
  const std::size_t newline = input_.find('\n', taken_ + scanned_);
  const std::size_t end = newline == std::string::npos ? input_.size() : newline;
  return !refused_ && end - taken_ > limits_.line;
}

void Client::answer(std::string line) {
  if (--unanswered_ == 0) in_flight_ = 0;
  if (!line.empty()) queue(std::move(line));
}

void Client::tell(std::string_view line) {
  if (!refused_) queue(std::string{line});
}

void Client::queue(std::string line) {
  if (hung_up_) return;
  if (!wants_output()) last_sent_ = last_active_ = std::chrono::steady_clock::now();
  line.push_back('\n');
  if (!wants_output()) {
    output_ = std::move(line);
    sent_ = 0;
    return;
  }
  // What was sent goes when it is as much as what was not: a large answer is not moved for each
  // small one behind it.
  if (sent_ >= output_.size() - sent_) output_.erase(0, std::exchange(sent_, 0));
  output_.append(line);
}

void Client::refuse(std::string_view message, SteadyTime now) {
  refused_ = true;
  input_.clear();
  taken_ = scanned_ = 0;
  line_began_ = now;
  output_.append(message);
  output_.push_back('\n');
}

void Client::send(SteadyTime now) {
  // A chunk at most: epoll tells when the rest may follow.
  if (wants_output() && !failed_) {
    const ssize_t put =
        stream_->send(output_.data() + sent_, std::min(kSocketChunk, output_.size() - sent_));
    if (put < 0) {
      if (errno == EINTR) return;
      if (errno != EAGAIN && errno != EWOULDBLOCK) failed_ = true;
      return;
    }
    sent_ += static_cast<std::size_t>(put);
    last_sent_ = last_active_ = now;
  }
  if (!wants_output()) {
    output_.clear();
    sent_ = 0;
  }
  if (refused_ && !write_closed_ && unanswered_ == 0 && !wants_output()) {
    stream_->end_sending();
    write_closed_ = true;
  }
}

bool Client::wants_input() const {
  if (end_of_input_ || failed_) return false;
  return refused_ || (may_handle() && input_.size() - taken_ <= limits_.line);
}

bool Client::is_over(SteadyTime now) {
  if (failed_ || hung_up_) return true;
  if (wants_output()) {
    too_slow_ = owed() > limits_.output || now - last_sent_ > limits_.stalled_output;
    return too_slow_;
  }
  if (unanswered_ > 0) return false;
  if (end_of_input_ && (refused_ || taken_ == input_.size())) return true;
  const bool has_part_of_line = refused_ || taken_ < input_.size();
  if (has_part_of_line && now - line_began_ > limits_.incomplete_line) {
    too_slow_ = true;
    return true;
  }
  return !kept_ && now - last_active_ > limits_.idle;
}

}  // namespace gate511::control
