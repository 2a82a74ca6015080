// SPDX-License-Identifier: BSD-3-Clause
//
// From the configuration to what the workers work by. Any thread.
#pragma once

#include <tl/expected.hpp>

#include <memory>

#include "control/config.hpp"
#include "control/zone_numbers.hpp"
#include "gate511/error.hpp"
#include "http/login_link.hpp"
#include "policy/snapshot.hpp"

namespace gate511::control {

/// `numbers` has one for each of the zones. Touches no file.
[[nodiscard]] tl::expected<std::unique_ptr<const policy::Snapshot>, Error> build_snapshot(
    const Config& config, const ZoneNumbers& numbers, const http::LinkKey& key);

/// Loads the secret.
[[nodiscard]] tl::expected<std::unique_ptr<const policy::Snapshot>, Error> build_snapshot(
    const Config& config, const ZoneNumbers& numbers);

}  // namespace gate511::control
