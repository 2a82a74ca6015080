// SPDX-License-Identifier: BSD-3-Clause
//
// A UNIX stream socket as a client's transport.
#pragma once

#include <tl/expected.hpp>

#include <chrono>
#include <memory>
#include <string>

#include "gate511/client.hpp"

namespace gate511::client {

[[nodiscard]] tl::expected<std::unique_ptr<Transport>, ClientError> connect_unix(
    const std::string& path, std::chrono::milliseconds timeout);

}  // namespace gate511::client
