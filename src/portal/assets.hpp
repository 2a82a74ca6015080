// SPDX-License-Identifier: BSD-3-Clause
//
// The files of assets/, put in by the build.
#pragma once

#include <string_view>

namespace gate511::portal {

/// By its name, such as `style.css`. Throws std::out_of_range: there is none.
[[nodiscard]] std::string_view asset(std::string_view name);

}  // namespace gate511::portal
