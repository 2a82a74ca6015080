// SPDX-License-Identifier: BSD-3-Clause
//
// A connected socket's bytes, as recv(2) and send(2) give and take them; never blocks. What has a
// hand-shake to do first does it in both.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <utility>

#include "control/fd.hpp"

namespace gate511::control {

class Stream {
 public:
  explicit Stream(Fd socket) : socket_{std::move(socket)} {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  /// As recv(2): 0 at the end of the input, -1 and errno else.
  virtual ssize_t receive(char* into, std::size_t size) {
    return ::recv(fd(), into, size, MSG_DONTWAIT);
  }
  virtual ssize_t send(const char* from, std::size_t size) {
    return ::send(fd(), from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  virtual void end_sending() { ::shutdown(fd(), SHUT_WR); }
  /// Bytes that have come and that the socket no longer tells of.
  [[nodiscard]] virtual bool has_pending() const { return false; }

  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  Fd socket_;
};

}  // namespace gate511::control
