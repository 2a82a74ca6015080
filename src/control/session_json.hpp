// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions as the protocol has them: parameters read, results written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/json_rpc.hpp"
#include "control/params.hpp"
#include "control/session_record.hpp"

namespace gate511::control {

[[nodiscard]] std::string_view state_name(table::State state);
/// Appends a session as JSON text, members in the order of their names. Text and no document,
/// because pages and answers hold hundreds of them.
void append_session(std::string& out, const SessionRef& view, bool key_has_vlan);
/// The same for one that has ended, without the time that it had left.
void append_ended_session(std::string& out, const SessionRef& view, bool key_has_vlan);
[[nodiscard]] Json session_json(const SessionRef& view, bool key_has_vlan);

/// `mac` and, where the key has it, `vlan` (0, untagged, if it is not given). Errors stand in
/// `params`.
[[nodiscard]] std::optional<table::Key> read_key(Params& params, bool key_has_vlan);
[[nodiscard]] std::optional<table::State> read_state(Params& params);
[[nodiscard]] std::optional<std::uint16_t> read_vlan(Params& params, bool key_has_vlan);
/// All of them.
[[nodiscard]] SessionFields read_fields(Params& params, std::uint64_t unix_s);

}  // namespace gate511::control
