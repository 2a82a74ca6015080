// SPDX-License-Identifier: BSD-3-Clause
//
// Plans that vouchers and users have, against those that there are.
#pragma once

#include <vector>

#include "gate511/error.hpp"
#include "portal/config.hpp"
#include "portal/store/database.hpp"

namespace gate511::portal {

/// A warning for each plan that the configuration no longer has, with how many vouchers that are
/// good otherwise and how many users cannot log in for it. Throws sql::SqlError.
[[nodiscard]] std::vector<Error> missing_plans(PortalFile& file, const Config& config,
                                               UnixTime now = now_s());

}  // namespace gate511::portal
