// SPDX-License-Identifier: BSD-3-Clause
//
// forget: what is kept of one device is taken away. Its export is among the transfer verbs.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <string>

#include "programs/ctl/command.hpp"
#include "programs/ctl/show.hpp"
#include "programs/ctl/table.hpp"

namespace gate511::ctl {
namespace {

std::string some(const Json& result, const char* name, const char* one, const char* many) {
  const std::uint64_t count = number(result, name);
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string show_forgotten(const Json& result, const std::string& mac) {
  std::string text = fmt::format("forgotten: {} ended, {} seen, {} made nameless",
                                 some(result, "sessions", "session", "sessions"),
                                 some(result, "clients", "client", "clients"),
                                 some(result, "events", "event", "events"));
  if (!result.value("records", Json{}).is_null())
    text += ", " + some(result, "records", "record", "records");
  const Json& audit = inside(result, "audit");
  if (!audit.empty()) text += ", " + some(audit, "places", "place", "places") + " of the audit log";
  text += "\n";
  for (const Json& file : inside(audit, "left"))
    text += fmt::format("not looked into: {}\n", harmless(file.get<std::string>()));
  // Another program's, perhaps on another machine.
  return text + fmt::format("the portal keeps its own: `gate511-portal forget {}` where it runs\n",
                            harmless(mac));
}

}  // namespace

void add_subject_verbs(CLI::App& app, Command& command) {
  const auto mac = std::make_shared<std::string>();
  CLI::App* const forgetting = add_verb(
      command, &app, "forget",
      "end a device's session and take away all that is kept of it; for root alone",
      [&command, mac] {
        return command.run("subject.forget", {{"mac", *mac}},
                           [&](const Json& result) { return show_forgotten(result, *mac); });
      });
  forgetting->add_option("MAC", *mac, "the device's MAC address")->required();
}

}  // namespace gate511::ctl
