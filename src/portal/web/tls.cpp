// SPDX-License-Identifier: BSD-3-Clause
#include "portal/web/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <csignal>
#include <string_view>
#include <utility>

namespace gate511::portal {
namespace {

tl::unexpected<Error> failed(const std::string& path, std::string_view what, std::string hint) {
  return tl::unexpected{Error{path, fmt::format("{}: {}", what, tls_reason()), std::move(hint)}};
}

/// In OpenSSL's place, which would ask on the terminal. Says that it was asked.
int refuse_passphrase(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

tl::expected<void, Error> use_key(SSL_CTX* context, const std::string& key,
                                  std::string_view section) {
  bool is_encrypted = false;
  ::SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
  ::SSL_CTX_set_default_passwd_cb_userdata(context, &is_encrypted);
  const bool is_read = ::SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1;
  ::SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (is_encrypted) {
    ::ERR_clear_error();
    return tl::unexpected{
        Error{key, "the key needs a passphrase",
              fmt::format("give one without: openssl pkey -in {0} -out {0}.plain", key)}};
  }
  if (!is_read) return failed(key, "no key", fmt::format("give {}'s key, a PEM file", section));
  return {};
}

tl::expected<TlsContext, Error> context(const SSL_METHOD* method, int version,
                                        const std::string& certificate, const std::string& key,
                                        std::string_view section) {
  // OpenSSL writes without MSG_NOSIGNAL: who goes must not end the portal.
  if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR)
    return failed(certificate, "SIGPIPE cannot be ignored", "report this");
  TlsContext made{::SSL_CTX_new(method), ::SSL_CTX_free};
  if (!made) return failed(certificate, "TLS cannot be set up", "free memory");
  SSL_CTX_set_min_proto_version(made.get(), version);
  SSL_CTX_set_mode(made.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                   SSL_MODE_RELEASE_BUFFERS);
  ::SSL_CTX_set_options(made.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                        SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (::SSL_CTX_use_certificate_chain_file(made.get(), certificate.c_str()) != 1)
    return failed(certificate, "no certificate", fmt::format("give {} a PEM file", section));
  if (auto used = use_key(made.get(), key, section); !used) return tl::unexpected{used.error()};
  if (::SSL_CTX_check_private_key(made.get()) != 1) {
    return failed(key, "is not the certificate's key",
                  fmt::format("give the key that belongs to {}", section));
  }
  return made;
}

}  // namespace

std::string tls_reason() {
  const unsigned long code = ::ERR_peek_last_error();
  const char* const text = ::ERR_reason_error_string(code);
  ::ERR_clear_error();
  return text == nullptr ? "unknown reason" : text;
}

tl::expected<TlsContext, Error> server_context(const std::string& certificate,
                                               const std::string& key) {
  return context(::TLS_server_method(), TLS1_2_VERSION, certificate, key, "listen.certificate");
}

tl::expected<TlsContext, Error> client_context(const std::string& certificate,
                                               const std::string& key,
                                               const std::string& authority) {
  auto made = context(::TLS_client_method(), TLS1_3_VERSION, certificate, key, "gateway.tls_cert");
  if (!made) return made;
  if (::SSL_CTX_load_verify_locations(made->get(), authority.c_str(), nullptr) != 1)
    return failed(authority, "no certificate", "give gateway.tls_ca a PEM file");
  ::SSL_CTX_set_verify(made->get(), SSL_VERIFY_PEER, nullptr);
  return made;
}

}  // namespace gate511::portal
