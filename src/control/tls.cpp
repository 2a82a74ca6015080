// SPDX-License-Identifier: BSD-3-Clause
#include "control/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

namespace gate511::control {
namespace {

std::string reason() {
  const unsigned long code = ::ERR_peek_last_error();
  const char* const text = ::ERR_reason_error_string(code);
  ::ERR_clear_error();
  return text == nullptr ? "unknown reason" : text;
}

tl::unexpected<Error> failed(const std::string& path, std::string_view what, std::string hint) {
  return tl::unexpected{Error{path, fmt::format("{}: {}", what, reason()), std::move(hint)}};
}

std::string name_text(const ASN1_STRING* name) {
  const auto* const bytes = ::ASN1_STRING_get0_data(name);
  const auto size = static_cast<std::size_t>(::ASN1_STRING_length(name));
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    // What is no plain name is no name at all, lest one certificate pass for another.
    if (bytes[i] <= ' ' || bytes[i] >= 0x7f) return {};
    text.push_back(static_cast<char>(bytes[i]));
  }
  return text;
}

/// How many DNS names it has, and the first.
std::pair<int, std::string> dns_name_of(const X509* certificate) {
  auto* const names = static_cast<GENERAL_NAMES*>(
      ::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  std::pair<int, std::string> found{0, {}};
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    if (found.first++ == 0) found.second = name_text(name->d.dNSName);
  }
  ::GENERAL_NAMES_free(names);
  return found;
}

}  // namespace

tl::expected<TlsContext, Error> TlsContext::open(const TlsFiles& files) {
  // OpenSSL writes without MSG_NOSIGNAL: a client that goes must not end the daemon.
  if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR)
    return failed(files.certificate, "SIGPIPE cannot be ignored", "report this");
  TlsContext made{::SSL_CTX_new(::TLS_server_method())};
  SSL_CTX* const context = made.context_.get();
  if (context == nullptr) return failed(files.certificate, "TLS cannot be set up", "free memory");
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // Rights are looked at anew for each connection, and so is the certificate.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_num_tickets(context, 0);
  if (::SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    return failed(files.certificate, "no certificate", "give control.tls_cert a PEM file");
  if (::SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return failed(files.key, "no key", "give control.tls_key a PEM file with tls_cert's key");
  if (::SSL_CTX_check_private_key(context) != 1) {
    return failed(files.key, "is not the certificate's key",
                  "give control.tls_key the key that belongs to control.tls_cert");
  }
  if (::SSL_CTX_load_verify_locations(context, files.authority.c_str(), nullptr) != 1)
    return failed(files.authority, "no certificate", "give control.tls_ca a PEM file");
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return made;
}

std::unique_ptr<TlsStream> TlsContext::accept(Fd socket) const {
  SSL* const ssl = ::SSL_new(context_.get());
  if (ssl == nullptr || ::SSL_set_fd(ssl, socket.get()) != 1) {
    ::SSL_free(ssl);
    return nullptr;
  }
  ::SSL_set_accept_state(ssl);
  return std::make_unique<TlsStream>(std::move(socket), ssl);
}

int TlsStream::shake_hands() {
  ::ERR_clear_error();
  const int returned = ::SSL_do_handshake(ssl_.get());
  if (returned == 1) return 1;
  const int error = ::SSL_get_error(ssl_.get(), returned);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 0;
  const long verified = ::SSL_get_verify_result(ssl_.get());
  failure_ = verified != X509_V_OK    ? ::X509_verify_cert_error_string(verified)
             : error == SSL_ERROR_SSL ? reason()
                                      : "the client closed the connection";
  return -1;
}

std::string TlsStream::peer_name() const {
  const X509* const certificate = ::SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return {};
  auto [count, name] = dns_name_of(certificate);
  if (count > 0) return count == 1 ? std::move(name) : std::string{};
  X509_NAME* const subject = ::X509_get_subject_name(certificate);
  const int at = ::X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || ::X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return {};
  return name_text(::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(subject, at)));
}

ssize_t TlsStream::result_of(int returned) {
  if (returned > 0) return returned;
  switch (::SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      ::ERR_clear_error();
      errno = ECONNRESET;
      return -1;
  }
}

ssize_t TlsStream::receive(char* into, std::size_t size) {
  ::ERR_clear_error();
  return result_of(
      ::SSL_read(ssl_.get(), into, static_cast<int>(std::min<std::size_t>(size, INT_MAX))));
}

ssize_t TlsStream::send(const char* from, std::size_t size) {
  ::ERR_clear_error();
  const ssize_t put = result_of(
      ::SSL_write(ssl_.get(), from, static_cast<int>(std::min<std::size_t>(size, INT_MAX))));
  if (put == 0) errno = ECONNRESET;
  return put == 0 ? -1 : put;
}

void TlsStream::end_sending() {
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_.get());
}

bool TlsStream::has_pending() const {
  return ::SSL_has_pending(ssl_.get()) == 1;
}

}  // namespace gate511::control
