// SPDX-License-Identifier: BSD-3-Clause
#include "client/unix_transport.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>

namespace gate511::client {
namespace {

using Kind = ClientError::Kind;

class UnixTransport : public Transport {
 public:
  explicit UnixTransport(int fd) noexcept : fd_{fd} {}
  ~UnixTransport() override {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int fd() const noexcept override { return fd_; }
  [[nodiscard]] IoResult read(std::span<char> into) noexcept override {
    const ssize_t got = ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
    if (got == 0) return {IoResult::Status::kClosed, 0, 0};
    return result(got, IoResult::Status::kWaitRead);
  }
  [[nodiscard]] IoResult write(std::string_view bytes) noexcept override {
    return result(::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL),
                  IoResult::Status::kWaitWrite);
  }

 private:
  static IoResult result(ssize_t moved, IoResult::Status wait) noexcept {
    if (moved >= 0) return {IoResult::Status::kDone, static_cast<std::size_t>(moved), 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {wait, 0, 0};
    return {IoResult::Status::kFailed, 0, errno};
  }

  int fd_;
};

tl::unexpected<ClientError> error(Kind kind, std::string message) {
  return tl::unexpected{ClientError{kind, std::move(message)}};
}

}  // namespace

tl::expected<std::unique_ptr<Transport>, ClientError> connect_unix(
    const std::string& path, std::chrono::milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return error(Kind::kAddress, "is no path for a socket: that has 1 to 107 bytes");
  }
  path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return error(Kind::kNoDaemon, std::generic_category().message(errno));
  auto transport = std::make_unique<UnixTransport>(fd);
  // A UNIX socket's queue that is full says EAGAIN, and there is nothing to poll for.
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EINTR) continue;
    if (errno == EACCES || errno == EPERM)
      return error(Kind::kNoAccess, "cannot be connected to: permission denied");
    if (errno != EAGAIN) {
      return error(Kind::kNoDaemon,
                   "cannot be connected to: " + std::generic_category().message(errno));
    }
    if (std::chrono::steady_clock::now() >= until)
      return error(Kind::kTimeout, "does not take the connection");
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return transport;
}

}  // namespace gate511::client
