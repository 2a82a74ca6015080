// SPDX-License-Identifier: BSD-3-Clause
//
// What the verbs of gate511-portal share.
#pragma once

#include <CLI/CLI.hpp>
#include <tl/expected.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gate511/error.hpp"
#include "portal/config.hpp"
#include "portal/store/database.hpp"

namespace gate511::portal {

/// As the manual gives them.
enum class Exit : int { kOk = 0, kFailed = 1, kUsage = 2, kNotFound = 4 };

/// Prints `gate511-portal: WHERE: what is wrong; what to do` to standard error, and gives the exit
/// code.
int fail(const Error& error, Exit exit = Exit::kFailed);
/// Prints `gate511-portal: warning: WHERE: what is wrong; what to do` to standard error.
void warn(const Error& warning);
/// To standard output. False: it is closed, as by `| head`.
bool print(std::string_view text);

/// The command line as far as all verbs share it. Outlives what is `chosen`.
struct Command {
  std::string config_file = "/etc/gate511/portal.toml";
  bool json = false;
  std::function<int()> chosen;  ///< what is to be done; gives the exit code

  /// Reads the configuration, becomes the portal's user, opens its database, and does `act`. What
  /// SQLite throws becomes an error.
  int with_file(const std::function<int(const Config&, PortalFile&)>& act) const;
};

/// A subcommand that does `act` when it is chosen.
CLI::App* add_verb(Command& command, CLI::App* parent, const char* name, const char* text,
                   std::function<int()> act);

void add_voucher_verbs(CLI::App& app, Command& command);
void add_user_verbs(CLI::App& app, Command& command);
void add_trail_verb(CLI::App& app, Command& command);
void add_subject_verbs(CLI::App& app, Command& command);

/// As the database has it: small letters and colons. nullopt: it is no MAC.
[[nodiscard]] std::optional<std::string> read_mac(std::string_view text);

/// A password from a terminal, asked for twice and not shown, or the first line of standard input.
/// The error is to be told.
[[nodiscard]] tl::expected<std::string, Error> read_password(std::string_view prompt);

}  // namespace gate511::portal
