// SPDX-License-Identifier: BSD-3-Clause
//
// `bind_ip` as the protocol has it: the addresses that a session is bound to.
#pragma once

#include <optional>
#include <string>

#include "control/params.hpp"
#include "control/session_record.hpp"

namespace gate511::control {

/// `false`; `true`: what it is first seen with; or addresses, and what it is first seen with of the
/// kinds that are not given. Errors stand in `params`.
[[nodiscard]] std::optional<SessionFields::BindIp> read_bind_ip(Params& params);
/// Appends `false`, or the addresses that are known. `bound`: null if it is not bound.
void append_bind_ip(std::string& out, const Bound* bound);
/// The same for people, as a sentence.
[[nodiscard]] std::string bound_sentence(const table::BoundAddresses& addresses);

}  // namespace gate511::control
