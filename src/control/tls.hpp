// SPDX-License-Identifier: BSD-3-Clause
//
// Mutual TLS 1.3 for the control protocol: a client is known by the name in its certificate, which
// a configured authority has signed.
#pragma once

#include <openssl/ssl.h>
#include <tl/expected.hpp>

#include <memory>
#include <string>

#include "control/stream.hpp"
#include "gate511/error.hpp"

namespace gate511::control {

struct TlsFiles {
  std::string certificate;  ///< PEM, the chain from the server's own on
  std::string key;          ///< PEM
  std::string authority;    ///< PEM: who signs the clients' certificates
};

/// A stream whose hand-shake is done by receive() and send().
class TlsStream : public Stream {
 public:
  TlsStream(Fd socket, SSL* ssl) : Stream{std::move(socket)}, ssl_{ssl, ::SSL_free} {}

  ssize_t receive(char* into, std::size_t size) override;
  ssize_t send(const char* from, std::size_t size) override;
  void end_sending() override;
  [[nodiscard]] bool has_pending() const override;

  /// Goes on with the hand-shake. 1: done, 0: waits for the other side, -1: failed.
  [[nodiscard]] int shake_hands();
  [[nodiscard]] bool wants_output() const { return ::SSL_want(ssl_.get()) == SSL_WRITING; }
  /// Of the client, after the hand-shake: its one DNS name, or its common name if it has none.
  /// Empty: it has no name that can be used.
  [[nodiscard]] std::string peer_name() const;
  /// Why the hand-shake failed.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  ssize_t result_of(int returned);

  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  std::string failure_;
};

/// What all TLS streams of a listener share.
class TlsContext {
 public:
  /// Errors name the file, and the configuration's key in the hint.
  [[nodiscard]] static tl::expected<TlsContext, Error> open(const TlsFiles& files);

  /// null: no memory.
  [[nodiscard]] std::unique_ptr<TlsStream> accept(Fd socket) const;

 private:
  explicit TlsContext(SSL_CTX* context) : context_{context, ::SSL_CTX_free} {}
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
};

}  // namespace gate511::control
