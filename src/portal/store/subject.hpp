// SPDX-License-Identifier: BSD-3-Clause
//
// What the portal keeps of one device.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "portal/store/database.hpp"

namespace gate511::portal {

struct Forgotten {
  std::uint64_t logins = 0;    ///< of the trail
  std::uint64_t vouchers = 0;  ///< that it was a device of
  std::uint64_t links = 0;     ///< that it had spent
};

/// Takes away all of a MAC, small letters and colons, and rebuilds the file without it. The portal
/// may run meanwhile; it waits as long as that takes. Throws sql::SqlError.
Forgotten forget_subject(PortalFile& file, const std::string& mac);

/// All of it, and where it stands. Throws sql::SqlError.
[[nodiscard]] nlohmann::ordered_json subject_json(PortalFile& file, const std::string& path,
                                                  const std::string& mac);

}  // namespace gate511::portal
