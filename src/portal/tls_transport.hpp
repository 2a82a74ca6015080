// SPDX-License-Identifier: BSD-3-Clause
//
// The control protocol over mutual TLS, for a gateway on another machine.
#pragma once

#include <openssl/ssl.h>
#include <tl/expected.hpp>

#include "gate511/client.hpp"
#include "portal/config.hpp"

namespace gate511::portal {

/// Connects, shakes hands and verifies the gateway's name, within the time-out of `options`.
[[nodiscard]] tl::expected<Client, ClientError> connect_tls(const GatewayConfig& config,
                                                            SSL_CTX* context,
                                                            const ClientOptions& options);

}  // namespace gate511::portal
