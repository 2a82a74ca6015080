// SPDX-License-Identifier: BSD-3-Clause
//
// `[log]`, which is the same in the configurations of all daemons.
#pragma once

#include "logging/format.hpp"
#include "settings/reader.hpp"

namespace gate511::settings {

/// Of the file's root.
void read_log(Section& root, logging::Options& out);

}  // namespace gate511::settings
