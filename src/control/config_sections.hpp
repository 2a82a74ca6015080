// SPDX-License-Identifier: BSD-3-Clause
//
// The sections that the default zone has at the top level and that each [[zone]] may have as its
// own. What a section does not set stays as it is: a zone starts with a copy of the default's.
#pragma once

#include "control/config.hpp"
#include "settings/reader.hpp"

namespace gate511::control {

using settings::Section;

/// Each reads the section of its name in `parent`.
void read_portal(Section& parent, PortalConfig& out);
void read_zone_portal(Section& parent, PortalConfig& out);  ///< without the secret, which is one
void read_response(Section& parent, ResponseConfig& out);
void read_guest(Section& parent, GuestConfig& out);
void read_zone_guest(Section& parent, GuestConfig& out);  ///< without the table, which is one
void read_garden(Section& parent, GardenConfig& out, GardenState& state);
void read_zone_garden(Section& parent, GardenConfig& out);  ///< without the state, which is one
/// The key `enforce` of `parent`.
void read_enforce(Section& parent, policy::Enforce& out);

}  // namespace gate511::control
