// SPDX-License-Identifier: BSD-3-Clause
//
// [[zone]]: some VLANs of a link with their own policy. What a zone does not set is the default
// zone's, which is the file's top level.
#pragma once

#include "control/config.hpp"
#include "settings/reader.hpp"

namespace gate511::control {

using settings::Document;
using settings::Section;

/// `config`: everything but its zones has been read.
void read_zones(Document& document, Section& root, Config& config);

}  // namespace gate511::control
