// SPDX-License-Identifier: BSD-3-Clause
//
// Whom a program that root starts becomes, for good, once it has what only root may have. For
// programs beside the daemon, which keep no capability.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gate511/error.hpp"
#include "settings/reader.hpp"

namespace gate511::settings {

/// `[privileges]`, and what it is about.
struct Privileges {
  std::string user;                  ///< empty: whom it was started as
  bool is_given = true;              ///< by the configuration: then there must be such a user
  std::string where;                 ///< of the key, for errors
  std::string program;               ///< such as `the portal`
  std::vector<std::string> folders;  ///< of its own, made where they are missing
};

/// `[privileges]` of the file's root, which is the same in the configurations of these programs.
void read_user(Section& root, std::string& user, bool& is_given);

/// Whom root becomes; the error: there is none of that name, or it is root. Nothing where the
/// process is not root's, or stays root.
struct Identity {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};
[[nodiscard]] tl::expected<std::optional<Identity>, Error> user_to_be(const Privileges& wanted);
/// Nothing, or that root is kept for want of a user.
[[nodiscard]] std::optional<Error> root_warning(const Privileges& wanted);
/// Makes the folders as the user's, and becomes the user, for good, where the process is root's.
/// What became of it, for the log.
[[nodiscard]] tl::expected<std::string, Error> give_up_root(const Privileges& wanted);

}  // namespace gate511::settings
