// SPDX-License-Identifier: BSD-3-Clause
//
// The numbers in Prometheus's text format, version 0.0.4.
#pragma once

#include <string>

#include "control/numbers/snapshot.hpp"

namespace gate511::control::numbers {

inline constexpr const char* kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

/// Pure; any thread.
[[nodiscard]] std::string prometheus_text(const Snapshot& snapshot);

}  // namespace gate511::control::numbers
