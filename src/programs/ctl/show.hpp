// SPDX-License-Identifier: BSD-3-Clause
//
// Results as people like to read them: aligned, units said, nothing that is not asked for. Members
// that are not known are left out, those that are missing are shown as `-`.
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include "programs/ctl/table.hpp"

namespace gate511::ctl {

using Json = nlohmann::json;

/// A value: `-` for what is not there, `yes` and `no`, text without its quotes.
[[nodiscard]] std::string cell(const Json& object, const char* name);
/// 0 for what is not there.
[[nodiscard]] std::uint64_t number(const Json& object, const char* name);
/// An object or array that may not be there; else an empty one.
[[nodiscard]] const Json& inside(const Json& object, const char* name);
/// A size in bytes: `12.3 MB`.
[[nodiscard]] std::string size_cell(const Json& object, const char* name);

/// Whatever it is, a line a member, what is within indented.
[[nodiscard]] std::string show_anything(const Json& value);

// `width`: of the terminal, 0 without one.
[[nodiscard]] std::string show_hello(const Json& result);
[[nodiscard]] std::string show_stats(const Json& result, std::size_t width);
[[nodiscard]] std::string show_ports(const Json& result, std::size_t width);
[[nodiscard]] std::string show_health(const Json& result, bool colour);

/// The columns of sessions, and a row of them.
/// What sessions are known by besides the MAC.
struct ShownKey {
  bool vlan = false;
  bool link = false;
};
[[nodiscard]] std::vector<Column> session_columns(ShownKey key);
[[nodiscard]] Row session_row(const Json& session, ShownKey key);
[[nodiscard]] std::string show_session(const Json& session);
[[nodiscard]] std::string show_added(const Json& result);
[[nodiscard]] std::string show_revoked(const Json& result);

[[nodiscard]] std::vector<Column> client_columns();
[[nodiscard]] Row client_row(const Json& client);
[[nodiscard]] std::string show_explained(const Json& result, std::size_t width);
/// One event in one line.
[[nodiscard]] std::string show_event(const Json& event);

}  // namespace gate511::ctl
