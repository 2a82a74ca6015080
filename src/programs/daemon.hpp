// SPDX-License-Identifier: BSD-3-Clause
//
// The daemon's life: everything built in order, served, and taken down in the reverse order.
#pragma once

#include <tl/expected.hpp>

#include "control/config.hpp"
#include "dataplane/options.hpp"
#include "gate511/error.hpp"

namespace gate511 {

/// What the data plane is told of a configuration.
[[nodiscard]] dataplane::Options options_of(const control::Config& config);

/// Runs until SIGTERM, SIGINT or a client's shutdown. Says on stdout when it is ready.
[[nodiscard]] tl::expected<void, Error> run_daemon(const control::Config& config);

}  // namespace gate511
