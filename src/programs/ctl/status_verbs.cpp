// SPDX-License-Identifier: BSD-3-Clause
//
// hello, version, stats, health, shutdown, port list.
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "programs/ctl/command.hpp"
#include "programs/ctl/show.hpp"
#include "programs/ctl/terminal.hpp"

namespace gate511::ctl {

void add_status_verbs(CLI::App& app, Command& command) {
  const auto plain = [&command](CLI::App* parent, const char* name, const char* text,
                                const char* method, Show show) {
    add_verb(command, parent, name, text, [&command, method, show = std::move(show)] {
      return command.run(method, Json::object(), show);
    });
  };
  plain(&app, "hello", "say who answers", "hello", show_hello);
  plain(&app, "version", "say which version runs", "hello", show_hello);
  plain(&app, "stats", "what was counted", "stats.get",
        [](const Json& result) { return show_stats(result, output_width()); });
  add_verb(command, &app, "health", "what is wrong, and its cure", [&command] {
    return command.run(
        "health", Json::object(),
        [](const Json& result) { return show_health(result, has_colour(STDOUT_FILENO)); },
        [](const Json& result) {
          return result.value("status", "") == "ok" ? Exit::kOk : Exit::kUnwell;
        });
  });
  plain(&app, "shutdown", "stop the gateway", "shutdown",
        [](const Json& /*result*/) { return std::string{"stopping\n"}; });
  CLI::App* port = app.add_subcommand("port", "ports")->require_subcommand(1);
  plain(port, "list", "the ports and what they count", "port.list",
        [](const Json& result) { return show_ports(result, output_width()); });
}

}  // namespace gate511::ctl
