// SPDX-License-Identifier: BSD-3-Clause
//
// The configuration's sections `control` and `metrics`.
#pragma once

#include "control/config.hpp"
#include "settings/reader.hpp"

namespace gate511::control {

using settings::Document;
using settings::Section;

void read_control(Document& document, const toml::table* table, ControlConfig& out);
void read_metrics(Section section, MetricsConfig& out);

}  // namespace gate511::control
