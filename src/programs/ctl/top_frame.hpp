// SPDX-License-Identifier: BSD-3-Clause
//
// One picture of `top`, from what the daemon counted at two moments. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "programs/ctl/busy_sessions.hpp"
#include "programs/ctl/terminal.hpp"

namespace gate511::ctl {

struct TopSample {
  double at_s = 0;  ///< on a clock that does not go back
  Json stats = Json::object();
  Json ports = Json::object();
};

/// Lines without their ends, each at most `size.columns` wide, at most `size.rows` of them.
[[nodiscard]] std::vector<std::string> top_frame(const TopSample& before, const TopSample& now,
                                                 const BusySessions& busy, Size size, bool colour);

}  // namespace gate511::ctl
