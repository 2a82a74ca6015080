// SPDX-License-Identifier: BSD-3-Clause
//
// What the sessions of a store are known by, and whether that is what it is here: a session that
// was let in on a VLAN alone must not come back on all of them, or on none.
#pragma once

#include <tl/expected.hpp>

#include <string>

#include "control/config.hpp"
#include "control/session_keys.hpp"
#include "control/store/store.hpp"
#include "gate511/error.hpp"

namespace gate511::control {

/// Gives each session the key that it has in the table here. Error: they are known by something
/// else, or on a link that is none here; `where` is left to the caller.
[[nodiscard]] tl::expected<void, Error> take_stored_keys(store::Restored& restored,
                                                         SessionKeys& keys);

/// What a file of sessions is used as: whose copy of what; empty: a store of its own.
[[nodiscard]] std::string use_of(const SessionsConfig& sessions);
/// Error: it is used as something else, so that its sessions are not what they would be taken for;
/// `where` is left to the caller.
[[nodiscard]] tl::expected<void, Error> check_use(const store::Restored& restored,
                                                  const SessionsConfig& sessions);

/// The store does not say yet what is so here.
[[nodiscard]] inline bool must_tell_kind(const store::Restored& restored, const SessionKeys& keys) {
  return restored.keyed_by != keys.kind_name();
}

}  // namespace gate511::control
