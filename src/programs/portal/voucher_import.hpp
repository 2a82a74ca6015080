// SPDX-License-Identifier: BSD-3-Clause
//
// Vouchers from codes that were made elsewhere.
#pragma once

#include <string>

#include "portal/store/vouchers.hpp"
#include "programs/portal/command.hpp"

namespace gate511::portal {

/// A code on each line of `path`, or of standard input where it is `-`; each becomes a voucher as
/// `like`. Gives the exit code. The database is locked for a batch that has been read, never while
/// input is waited for.
[[nodiscard]] int import_codes(const Command& command, const Config& config, PortalFile& file,
                               Voucher like, const std::string& path);

}  // namespace gate511::portal
