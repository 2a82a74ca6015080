// SPDX-License-Identifier: BSD-3-Clause
#include "control/redis/connection.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <utility>

#include "net/ip.hpp"

namespace gate511::control::redis {
namespace {

constexpr std::size_t kReadBytes = 65'536;
constexpr std::size_t kReadsATurn = 16;

std::string tls_reason() {
  const unsigned long code = ::ERR_peek_last_error();
  const char* const text = ::ERR_reason_error_string(code);
  ::ERR_clear_error();
  return text == nullptr ? "the connection was closed" : text;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

}  // namespace

tl::expected<TlsTrust, Error> make_trust(const std::string& ca_file) {
  const auto failed = [&ca_file](const char* hint) {
    return tl::unexpected{
        Error{ca_file, fmt::format("no certificates can be read from it: {}", tls_reason()), hint}};
  };
  // OpenSSL writes without MSG_NOSIGNAL.
  if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return failed("report this");
  TlsTrust trust{::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free};
  if (trust == nullptr) return failed("give the machine more memory");
  ::SSL_CTX_set_verify(trust.get(), SSL_VERIFY_PEER, nullptr);
  const bool is_made = ::SSL_CTX_set_min_proto_version(trust.get(), TLS1_2_VERSION) == 1 &&
                       (ca_file.empty() ? ::SSL_CTX_set_default_verify_paths(trust.get())
                                        : ::SSL_CTX_load_verify_locations(
                                              trust.get(), ca_file.c_str(), nullptr)) == 1;
  if (!is_made) return failed("give a PEM file with the certificate that signed the server's");
  // What could not be written whole goes out of a buffer that has grown meanwhile.
  ::SSL_CTX_set_mode(trust.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return trust;
}

Connection::Connection(const Url& url, const TlsTrust& trust, std::size_t attempt) : url_{url} {
  start(url, attempt);
  if (problem_.empty() && url.is_tls) start_tls(url, trust);
}

/// What of a connection that was given up is still on its way must not be carried out later, as it
/// was answered that nothing was done: the kernel is to forget it.
Connection::~Connection() {
  if (problem_.empty() || !socket_) return;
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  static_cast<void>(::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

void Connection::start(const Url& url, std::size_t attempt) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(url.port);
  const int code = ::getaddrinfo(url.host.c_str(), port.c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, FreeAddresses> list{found};
  if (code != 0) return fail(fmt::format("{} is not found: {}", url.host, ::gai_strerror(code)));
  std::size_t count = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) ++count;
  const addrinfo* chosen = found;
  if (count == 0) return fail(fmt::format("{} has no address", url.host));
  for (std::size_t i = attempt % count; i > 0; --i) chosen = chosen->ai_next;
  socket_ = Fd{::socket(chosen->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!socket_) return fail(fmt::format("socket failed: {}", std::strerror(errno)));
  const int one = 1;
  static_cast<void>(::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
  if (::connect(socket_.get(), chosen->ai_addr, chosen->ai_addrlen) != 0 && errno != EINPROGRESS)
    fail(fmt::format("cannot be reached: {}", std::strerror(errno)));
}

void Connection::start_tls(const Url& url, const TlsTrust& trust) {
  tls_.reset(::SSL_new(trust.get()));
  if (tls_ == nullptr) return fail("no memory for TLS");
  X509_VERIFY_PARAM* const wanted = ::SSL_get0_param(tls_.get());
  const bool is_address = net::parse_ip(url.host).has_value();
  std::string name = url.host;
  void* const host = name.data();
  const bool is_set =
      ::SSL_set_fd(tls_.get(), socket_.get()) == 1 &&
      (is_address ? ::X509_VERIFY_PARAM_set1_ip_asc(wanted, url.host.c_str()) == 1
                  : ::X509_VERIFY_PARAM_set1_host(wanted, url.host.c_str(), 0) == 1 &&
                        ::SSL_ctrl(tls_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                   TLSEXT_NAMETYPE_host_name, host) == 1);
  if (!is_set) fail(fmt::format("TLS cannot be set up: {}", tls_reason()));
}

short Connection::wanted() const {
  if (step_ == Step::kConnecting) return POLLOUT;
  const bool writes =
      step_ == Step::kOpen ? written_ < out_.size() || tls_wants_write_ : tls_wants_write_;
  return static_cast<short>(POLLIN | (writes ? POLLOUT : 0));
}

void Connection::work(short possible) {
  if (!problem_.empty() || possible == 0) return;
  if (step_ == Step::kConnecting) finish_connecting();
  if (step_ == Step::kShaking && problem_.empty()) shake_hands();
  if (step_ != Step::kOpen || !problem_.empty()) return;
  write_some();
  read_some();
}

void Connection::finish_connecting() {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return fail(fmt::format("cannot be reached: {}", std::strerror(error)));
  step_ = tls_ == nullptr ? Step::kOpen : Step::kShaking;
}

void Connection::take_tls_error(int result, std::string_view doing) {
  const int error = ::SSL_get_error(tls_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return;
  if (error == SSL_ERROR_WANT_WRITE) {
    tls_wants_write_ = true;
    return;
  }
  const long verified = ::SSL_get_verify_result(tls_.get());
  if (verified != X509_V_OK) {
    ::ERR_clear_error();
    return fail(fmt::format("its certificate is not trusted: {}",
                            ::X509_verify_cert_error_string(verified)));
  }
  fail(fmt::format("{} failed: {}", doing, tls_reason()));
}

void Connection::shake_hands() {
  tls_wants_write_ = false;
  const int result = ::SSL_connect(tls_.get());
  if (result != 1) return take_tls_error(result, "the TLS handshake");
  step_ = Step::kOpen;
}

void Connection::write_some() {
  tls_wants_write_ = false;
  while (written_ < out_.size() && problem_.empty()) {
    const std::size_t left = out_.size() - written_;
    if (tls_ != nullptr) {
      const int sent = ::SSL_write(tls_.get(), out_.data() + written_,
                                   static_cast<int>(std::min<std::size_t>(left, INT_MAX)));
      if (sent <= 0) {
        tls_wants_write_ = false;
        return take_tls_error(sent, "sending by TLS");
      }
      written_ += static_cast<std::size_t>(sent);
    } else {
      const ssize_t sent = ::send(socket_.get(), out_.data() + written_, left, MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (sent < 0) return fail(fmt::format("sending failed: {}", std::strerror(errno)));
      written_ += static_cast<std::size_t>(sent);
    }
  }
  if (written_ == out_.size()) {
    out_.clear();
    written_ = 0;
  } else if (written_ > out_.size() / 2) {
    out_.erase(0, written_);
    written_ = 0;
  }
}

std::size_t Connection::read_into(std::span<char> buffer) {
  if (tls_ != nullptr) {
    const int got = ::SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (got > 0) return static_cast<std::size_t>(got);
    take_tls_error(got, "reading by TLS");
    return 0;
  }
  const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (got > 0) return static_cast<std::size_t>(got);
  if (got == 0) {
    fail("it closed the connection");
  } else if (errno != EAGAIN && errno != EINTR) {
    fail(fmt::format("the connection broke: {}", std::strerror(errno)));
  }
  return 0;
}

void Connection::read_some() {
  std::array<char, kReadBytes> buffer;  // NOLINT: filled before it is read
  // TLS may hold more than the socket shows, so all of that is read.
  for (std::size_t reads = 0; (tls_ != nullptr || reads < kReadsATurn) && problem_.empty();
       ++reads) {
    const std::size_t got = read_into(buffer);
    if (got == 0) return;
    if (!reader_.feed({buffer.data(), got})) return fail(reader_.problem());
    while (auto reply = reader_.next()) {
      if (waiting_.empty()) return fail("it answers what was not asked");
      const OnReply on_reply = std::move(waiting_.front().on_reply);
      waiting_.pop_front();
      // The next one is waited for since now: until this one came, it had to wait.
      if (!waiting_.empty()) waiting_.front().sent = Clock::now();
      if (on_reply) on_reply(std::move(*reply));
      if (!problem_.empty()) return;
    }
    if (!reader_.problem().empty()) return fail(reader_.problem());
    if (got < buffer.size() && tls_ == nullptr) return;
  }
}

void Connection::send(std::span<const std::string_view> command, OnReply on_reply) {
  auto out = std::back_inserter(out_);
  fmt::format_to(out, "*{}\r\n", command.size());
  for (const std::string_view part : command) {
    fmt::format_to(out, "${}\r\n", part.size());
    out_.append(part);
    out_.append("\r\n");
  }
  waiting_.push_back({std::move(on_reply), Clock::now()});
}

}  // namespace gate511::control::redis
