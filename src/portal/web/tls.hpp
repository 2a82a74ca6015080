// SPDX-License-Identifier: BSD-3-Clause
//
// TLS contexts: what the portal shows guests, and what it shows a gateway elsewhere.
#pragma once

#include <openssl/ssl.h>
#include <tl/expected.hpp>

#include <memory>
#include <string>

#include "gate511/error.hpp"

namespace gate511::portal {

using TlsContext = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;

/// TLS 1.2 and later, with a PEM chain and its key. Errors name the file, and the key of the
/// configuration in the hint: `section` is `listen`, say.
[[nodiscard]] tl::expected<TlsContext, Error> server_context(const std::string& certificate,
                                                             const std::string& key);

/// TLS 1.3 with a certificate of our own, for a server whose name `authority` vouches for.
[[nodiscard]] tl::expected<TlsContext, Error> client_context(const std::string& certificate,
                                                             const std::string& key,
                                                             const std::string& authority);

/// Of OpenSSL's last error, which it clears.
[[nodiscard]] std::string tls_reason();

}  // namespace gate511::portal
