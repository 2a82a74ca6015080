// SPDX-License-Identifier: BSD-3-Clause
#include "portal/tls_transport.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>
#include <string>
#include <system_error>

#include "portal/web/tls.hpp"

namespace gate511::portal {
namespace {

using Clock = std::chrono::steady_clock;

class TlsTransport : public Transport {
 public:
  TlsTransport(int fd, SSL* ssl) noexcept : fd_{fd}, ssl_{ssl, ::SSL_free} {}
  ~TlsTransport() override {
    ::ERR_clear_error();
    if (::SSL_is_init_finished(ssl_.get()) == 1) ::SSL_shutdown(ssl_.get());
    ::close(fd_);
  }

  [[nodiscard]] int fd() const noexcept override { return fd_; }
  [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }
  [[nodiscard]] IoResult read(std::span<char> into) noexcept override {
    ::ERR_clear_error();
    return result_of(::SSL_read(ssl_.get(), into.data(), size_of(into.size())));
  }
  [[nodiscard]] IoResult write(std::string_view bytes) noexcept override {
    ::ERR_clear_error();
    return result_of(::SSL_write(ssl_.get(), bytes.data(), size_of(bytes.size())));
  }
  [[nodiscard]] IoResult result_of(int returned) const noexcept {
    using Status = IoResult::Status;
    if (returned > 0) return {Status::kDone, static_cast<std::size_t>(returned), 0};
    switch (::SSL_get_error(ssl_.get(), returned)) {
      case SSL_ERROR_WANT_READ:
        return {Status::kWaitRead, 0, 0};
      case SSL_ERROR_WANT_WRITE:
        return {Status::kWaitWrite, 0, 0};
      case SSL_ERROR_ZERO_RETURN:
        return {Status::kClosed, 0, 0};
      default:
        return {Status::kFailed, 0, ECONNRESET};
    }
  }

 private:
  static int size_of(std::size_t size) noexcept {
    return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
  }

  int fd_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
};

tl::unexpected<ClientError> error(ClientError::Kind kind, std::string message) {
  return tl::unexpected{ClientError{kind, std::move(message)}};
}

bool wait_for(int fd, short events, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd one{fd, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

/// -1: none of the host's addresses takes a connection; `why` is of the last.
int connect_tcp(const std::string& host, const std::string& port, Clock::time_point until,
                std::string& why) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0) {
    why = ::gai_strerror(code);
    return -1;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all{found, ::freeaddrinfo};
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const int fd = ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) continue;
    int failed = ::connect(fd, one->ai_addr, one->ai_addrlen) == 0 ? 0 : errno;
    if (failed == EINPROGRESS) {
      socklen_t size = sizeof failed;
      failed = ETIMEDOUT;
      if (wait_for(fd, POLLOUT, until)) ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size);
    }
    if (failed == 0) return fd;
    why = std::generic_category().message(failed);
    ::close(fd);
  }
  return -1;
}

/// Why the hand-shake failed.
std::string failure_of(SSL* ssl) {
  const long verified = ::SSL_get_verify_result(ssl);
  if (verified == X509_V_OK) return tls_reason();
  ::ERR_clear_error();
  return ::X509_verify_cert_error_string(verified);
}

}  // namespace

tl::expected<Client, ClientError> connect_tls(const GatewayConfig& config, SSL_CTX* context,
                                              const ClientOptions& options) {
  const auto until = Clock::now() + options.timeout;
  const std::size_t colon = config.tls_connect.rfind(':');
  std::string host = config.tls_connect.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::string why;
  const int fd = connect_tcp(host, config.tls_connect.substr(colon + 1), until, why);
  if (fd < 0) return error(ClientError::Kind::kNoDaemon, "cannot be connected to: " + why);
  SSL* const ssl = ::SSL_new(context);
  if (ssl == nullptr || ::SSL_set_fd(ssl, fd) != 1) {
    ::SSL_free(ssl);
    ::close(fd);
    return error(ClientError::Kind::kNoDaemon, "TLS cannot be set up");
  }
  auto transport = std::make_unique<TlsTransport>(fd, ssl);
  const std::string& name = config.tls_name.empty() ? host : config.tls_name;
  X509_VERIFY_PARAM* const param = ::SSL_get0_param(ssl);
  // An address stands in another field of a certificate than a name.
  if (::X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str()) != 1) {
    ::ERR_clear_error();
    // SSL_set_tlsext_host_name(), which is a macro with C's casts.
    std::string sent = name;
    ::SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, sent.data());
    ::SSL_set1_host(ssl, name.c_str());
  }
  ::SSL_set_connect_state(ssl);
  for (;;) {
    ::ERR_clear_error();
    const int returned = ::SSL_do_handshake(ssl);
    if (returned == 1) break;
    const IoResult result = transport->result_of(returned);
    if (result.status != IoResult::Status::kWaitRead &&
        result.status != IoResult::Status::kWaitWrite)
      return error(ClientError::Kind::kNoAccess, "refuses TLS: " + failure_of(ssl));
    const bool wants_input = result.status == IoResult::Status::kWaitRead;
    if (!wait_for(fd, wants_input ? POLLIN : POLLOUT, until))
      return error(ClientError::Kind::kTimeout, "does not shake hands");
  }
  return Client{std::move(transport), options};
}

}  // namespace gate511::portal
