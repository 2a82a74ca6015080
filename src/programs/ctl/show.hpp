// SPDX-License-Identifier: BSD-3-Clause
//
// Results as people like to read them: aligned, units said, nothing that is not asked for.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace gate511::ctl {

using Json = nlohmann::json;

/// Columns as wide as their widest cell; numbers to the right.
[[nodiscard]] std::string table(const std::vector<std::string>& heads,
                                const std::vector<std::vector<std::string>>& rows);

[[nodiscard]] std::string show_hello(const Json& result);
[[nodiscard]] std::string show_sessions(const Json& sessions);
[[nodiscard]] std::string show_added(const Json& result);
[[nodiscard]] std::string show_revoked(const Json& result);
[[nodiscard]] std::string show_stats(const Json& result);
[[nodiscard]] std::string show_ports(const Json& result);
[[nodiscard]] std::string show_health(const Json& result);

}  // namespace gate511::ctl
