// SPDX-License-Identifier: BSD-3-Clause
//
// Pages from assets: `{{name}}` is replaced by a value with HTML escaped, `{{&name}}` by HTML as it
// is.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace gate511::portal {

using Values = std::map<std::string, std::string, std::less<>>;

/// Throws std::out_of_range where a template asks for what is not given, which the tests see to.
[[nodiscard]] std::string fill(std::string_view page, const Values& values);

}  // namespace gate511::portal
