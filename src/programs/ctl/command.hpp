// SPDX-License-Identifier: BSD-3-Clause
//
// What every verb stands on: the switches that all share, a connection, one request, its result
// printed, and how it ends.
#pragma once

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "gate511/client.hpp"
#include "gate511/error.hpp"

namespace CLI {
class App;
}

namespace gate511::ctl {

using Json = nlohmann::json;

/// As the manual gives them.
enum class Exit : int {
  kOk = 0,
  kRefused = 1,
  kUsage = 2,
  kNoDaemon = 3,
  kNotFound = 4,
  kUnwell = 5
};

struct Failure {
  Exit exit = Exit::kRefused;
  Error error;
};

[[nodiscard]] Failure usage(std::string where, std::string what, std::string hint);
/// `where`: the method, or the socket's path where the connection is what fails.
[[nodiscard]] Failure failure_of(const ClientError& error, const std::string& method,
                                 const std::string& socket);

/// Prints `gate511ctl: WHERE: what; what to do` to standard error, in one line; gives the exit
/// code.
int fail(const Failure& failure);
/// To standard output. False: it is closed, as by `| head`.
bool print(std::string_view text);
/// A result for programs, without a newline; what is not UTF-8 is replaced.
[[nodiscard]] std::string json_text(const Json& value);

using Show = std::function<std::string(const Json&)>;

/// The command line as far as all verbs share it. Outlives what is `chosen`.
struct Command {
  std::string socket = "/run/gate511/control.sock";
  bool json = false;
  double timeout_s = 10;
  std::function<int()> chosen;  ///< what is to be done; gives the exit code

  [[nodiscard]] std::chrono::milliseconds timeout() const {
    return std::chrono::milliseconds{static_cast<std::int64_t>(timeout_s * 1000)};
  }
  [[nodiscard]] tl::expected<Client, Failure> connect() const;
  /// One request, its result printed by `show` or as JSON.
  int run(const std::string& method, const Json& params, const Show& show) const {
    return run(method, params, show, [](const Json& /*result*/) { return Exit::kOk; });
  }
  /// The same where the result tells how it ends.
  int run(const std::string& method, const Json& params, const Show& show,
          const std::function<Exit(const Json&)>& judge) const;
  [[nodiscard]] tl::expected<Json, Failure> call(Client& client, const std::string& method,
                                                 const Json& params) const;
  /// Calls `on_page` with every page of a listing, until it gives false.
  [[nodiscard]] tl::expected<void, Failure> each_page(
      Client& client, const std::string& method, Json params,
      const std::function<bool(Json& page)>& on_page) const;
};

/// A subcommand that does `act` when it is chosen.
CLI::App* add_verb(Command& command, CLI::App* parent, const char* name, const char* text,
                   std::function<int()> act);

// Each adds its nouns and verbs to the command line.
void add_session_verbs(CLI::App& app, Command& command);
void add_status_verbs(CLI::App& app, Command& command);
void add_client_verbs(CLI::App& app, Command& command);
void add_garden_verbs(CLI::App& app, Command& command);
void add_config_verbs(CLI::App& app, Command& command);
void add_event_verbs(CLI::App& app, Command& command);
void add_record_verbs(CLI::App& app, Command& command);
void add_subject_verbs(CLI::App& app, Command& command);
void add_transfer_verbs(CLI::App& app, Command& command);
void add_top_verb(CLI::App& app, Command& command);
void add_capture_verb(CLI::App& app, Command& command);

}  // namespace gate511::ctl
