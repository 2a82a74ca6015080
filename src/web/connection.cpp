// SPDX-License-Identifier: BSD-3-Clause
#include "web/connection.hpp"

#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "web/framing.hpp"

namespace gate511::web {
namespace {

constexpr std::size_t kChunk = 4096;
constexpr std::size_t kMaxInput = kMaxHead + 4 + kMaxBody;
constexpr std::size_t kMaxDiscarded = 256 << 10;

}  // namespace

Connection::Connection(int socket, SSL* ssl, Peer peer, App& app, const Patience& patience,
                       Clock::time_point now)
    : socket_{socket},
      ssl_{ssl, ::SSL_free},
      peer_{std::move(peer)},
      app_{&app},
      patience_{&patience} {
  enter(ssl_ ? Step::kShakingHands : Step::kIdle, now);
}

Connection::~Connection() {
  if (step_ == Step::kWriting) {  // who takes nothing keeps none of the kernel's memory either
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  } else if (ssl_ && step_ != Step::kShakingHands) {
    // Says that it is over, where there is room to; never waits.
    ::ERR_clear_error();
    ::SSL_shutdown(ssl_.get());
  }
  ::close(socket_);
}

void Connection::enter(Step step, Clock::time_point now) {
  step_ = step;
  switch (step) {
    case Step::kShakingHands:
      deadline_ = now + patience_->hand_shake;
      break;
    case Step::kIdle:
      deadline_ = now + patience_->idle;
      break;
    case Step::kReading:
      deadline_ = now + patience_->request;
      break;
    case Step::kWriting:
      deadline_ = now + patience_->answer;
      break;
    case Step::kParting:
      deadline_ = now + patience_->parting;
      break;
    case Step::kWorking:
    case Step::kOver:
      deadline_ = Clock::time_point::max();
      break;
  }
}

std::uint32_t Connection::wanted() const {
  if (step_ == Step::kWorking || step_ == Step::kOver) return 0;
  if (step_ == Step::kWriting)
    return ssl_ && ::SSL_want(ssl_.get()) == SSL_READING ? EPOLLIN : EPOLLOUT;
  return wants_output_ ? EPOLLOUT : EPOLLIN;
}

Connection::Moved Connection::result_of(int returned, std::size_t& moved) {
  wants_output_ = false;
  if (returned > 0) {
    moved = static_cast<std::size_t>(returned);
    return Moved::kSome;
  }
  if (!ssl_)
    return returned < 0 && (errno == EAGAIN || errno == EINTR) ? Moved::kNone : Moved::kEnd;
  const int error = ::SSL_get_error(ssl_.get(), returned);
  wants_output_ = error == SSL_ERROR_WANT_WRITE;
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? Moved::kNone : Moved::kEnd;
}

Connection::Moved Connection::read_some(char* into, std::size_t size, std::size_t& moved) {
  if (!ssl_) return result_of(static_cast<int>(::recv(socket_, into, size, 0)), moved);
  ::ERR_clear_error();
  return result_of(::SSL_read(ssl_.get(), into, static_cast<int>(size)), moved);
}

std::string_view Connection::unwritten() const {
  return written_ < output_.size() ? std::string_view{output_}.substr(written_)
                                   : file_.substr(written_ - output_.size());
}

Connection::Moved Connection::write_some(std::size_t& moved) {
  const std::string_view from = unwritten();
  const std::size_t size = std::min<std::size_t>(from.size(), INT_MAX);
  if (!ssl_)
    return result_of(static_cast<int>(::send(socket_, from.data(), size, MSG_NOSIGNAL)), moved);
  ::ERR_clear_error();
  return result_of(::SSL_write(ssl_.get(), from.data(), static_cast<int>(size)), moved);
}

void Connection::go_on(Clock::time_point now) {
  switch (step_) {
    case Step::kShakingHands:
      return shake_hands(now);
    case Step::kIdle:
    case Step::kReading:
      return take_in(now);
    case Step::kWriting:
      return put_out(now);
    case Step::kParting:
      return part();
    case Step::kWorking:
    case Step::kOver:
      return;
  }
}

void Connection::shake_hands(Clock::time_point now) {
  ::ERR_clear_error();
  std::size_t unused = 0;
  const Moved moved = result_of(::SSL_do_handshake(ssl_.get()), unused);
  if (moved == Moved::kEnd) return enter(Step::kOver, now);
  if (moved == Moved::kSome) {
    enter(Step::kIdle, now);
    take_in(now);
  }
}

void Connection::take_in(Clock::time_point now) {
  std::array<char, kChunk> chunk;
  while (step_ == Step::kIdle || step_ == Step::kReading) {
    std::size_t bytes = 0;
    const Moved moved = read_some(chunk.data(), chunk.size(), bytes);
    if (moved == Moved::kEnd) return enter(Step::kOver, now);
    if (moved == Moved::kNone) return;
    if (step_ == Step::kIdle) enter(Step::kReading, now);
    input_.append(chunk.data(), bytes);
    frame(now);
  }
}

/// Is a request whole, or never going to be one?
void Connection::frame(Clock::time_point now) {
  const Framing framing = frame_request(input_);
  if (framing.state == Framing::State::kMore && input_.size() <= kMaxInput) return;
  if (framing.state == Framing::State::kWhole) {
    whole_ = framing.bytes;
    wants_close_ = framing.closes || ++requests_ >= App::kMaxRequests;
    return enter(Step::kWorking, now);
  }
  put_answer({app_->refusal(framing.status == 0 ? 400 : framing.status), true}, now);
}

std::string Connection::take_request() {
  std::string request = input_.substr(0, whole_);
  input_.erase(0, whole_);
  whole_ = 0;
  return request;
}

void Connection::put_answer(Answer answer, Clock::time_point now) {
  output_ = std::move(answer.bytes);
  file_ = answer.file;
  written_ = 0;
  closes_ = answer.closes;
  moved_at_ = now;
  enter(Step::kWriting, now);
  put_out(now);
}

void Connection::put_out(Clock::time_point now) {
  while (written_ < output_.size() + file_.size()) {
    std::size_t bytes = 0;
    const Moved moved = write_some(bytes);
    if (moved == Moved::kEnd) return enter(Step::kOver, now);
    if (moved == Moved::kNone) return;
    written_ += bytes;
    moved_at_ = now;
  }
  output_ = {};
  file_ = {};
  if (closes_) {
    if (ssl_) ::SSL_shutdown(ssl_.get());
    ::shutdown(socket_, SHUT_WR);
    return enter(Step::kParting, now);
  }
  enter(Step::kIdle, now);
  if (!input_.empty()) {  // a request that was sent right behind
    enter(Step::kReading, now);
    frame(now);
  }
  // TLS may hold more of it already, of which the socket says nothing.
  take_in(now);
}

/// What still comes is read past TLS and thrown away: a reset would take the answer from the
/// client.
void Connection::part() {
  std::array<char, kChunk> chunk;
  for (;;) {
    const ssize_t got = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    discarded_ += got > 0 ? static_cast<std::size_t>(got) : kMaxDiscarded;
    if (discarded_ >= kMaxDiscarded) {
      step_ = Step::kOver;
      return;
    }
  }
}

}  // namespace gate511::web
