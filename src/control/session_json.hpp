// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions as the protocol has them: parameters read, results written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/json_rpc.hpp"
#include "control/params.hpp"
#include "control/session_keys.hpp"
#include "control/session_record.hpp"

namespace gate511::control {

[[nodiscard]] std::string_view state_name(table::State state);
/// Appends a session as JSON text, members in the order of their names. Text and no document,
/// because pages and answers hold hundreds of them.
void append_session(std::string& out, const SessionRef& view, const SessionKeys& keys);
/// The same for one that has ended, without the time that it had left.
void append_ended_session(std::string& out, const SessionRef& view, const SessionKeys& keys);
[[nodiscard]] Json session_json(const SessionRef& view, const SessionKeys& keys);

/// The station's address of that name; none where it is not given either. Errors stand in `params`.
[[nodiscard]] std::optional<net::MacAddress> read_mac(Params& params, const char* name);
/// `mac` and, where the key has them, `vlan` (0, untagged, if it is not given) and `link` (if it is
/// not given, the one that there is). Errors stand in `params`.
[[nodiscard]] std::optional<ClientKey> read_key(Params& params, const SessionKeys& keys);
/// The same of the parameters of these names, where what is not given stays as it is in `from`.
[[nodiscard]] std::optional<ClientKey> read_target(Params& params, const ClientKey& from,
                                                   const SessionKeys& keys);
/// For a session that is to have it.
[[nodiscard]] tl::expected<table::Key, RpcError> make_key(SessionKeys& keys,
                                                          const ClientKey& client);
/// `vlan` and `link`, where the key has them.
void read_filter(Params& params, const SessionKeys& keys, SessionFilter& filter);
/// The link of that name. Errors stand in `params`.
[[nodiscard]] std::optional<std::uint8_t> read_link(Params& params, const char* name,
                                                    const std::vector<std::string>& links);
[[nodiscard]] std::optional<table::State> read_state(Params& params);
/// All of them.
[[nodiscard]] SessionFields read_fields(Params& params, std::uint64_t unix_s);

}  // namespace gate511::control
