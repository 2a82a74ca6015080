// SPDX-License-Identifier: BSD-3-Clause
//
// client list, client get, explain.
#include <CLI/CLI.hpp>

#include <memory>
#include <optional>

#include "programs/ctl/command.hpp"
#include "programs/ctl/given.hpp"
#include "programs/ctl/listing.hpp"
#include "programs/ctl/show.hpp"
#include "programs/ctl/terminal.hpp"

namespace gate511::ctl {
namespace {

struct Given {
  std::string client;
  std::optional<unsigned> vlan;
  std::optional<std::string> link;
  std::optional<std::string> state;
};

Json params_of(const Given& given) {
  Json params = Json::object();
  if (!given.client.empty()) params[is_ip(given.client) ? "ip" : "mac"] = given.client;
  put(params, "vlan", given.vlan);
  put(params, "link", given.link);
  put(params, "state", given.state);
  return params;
}

}  // namespace

void add_client_verbs(CLI::App& app, Command& command) {
  const auto given = std::make_shared<Given>();
  CLI::App* client =
      app.add_subcommand("client", "clients seen, guests too")->require_subcommand(1);
  CLI::App* listing = add_verb(command, client, "list", "show the clients seen", [&command, given] {
    return list(command, {"client.list", params_of(*given), "clients",
                          [](const Json&) { return client_columns(); }, client_row});
  });
  CLI::App* getting = add_verb(command, client, "get", "show one client", [&command, given] {
    return command.run("client.get", params_of(*given), [](const Json& result) {
      return show_anything(result.contains("client") ? result.at("client") : result);
    });
  });
  CLI::App* explaining =
      add_verb(command, &app, "explain", "say what happens to a client's frames now, and why",
               [&command, given] {
                 return command.run("explain", params_of(*given), [](const Json& result) {
                   return show_explained(result, output_width());
                 });
               });
  listing->add_option("--state", given->state, "guest, session, or a session's state");
  getting->add_option("CLIENT", given->client, "the client's MAC or IP address")->required();
  explaining->add_option("MAC", given->client, "the client's MAC address")->required();
  for (CLI::App* each : {listing, getting, explaining}) {
    each->add_option("--vlan", given->vlan, "outer VLAN");
    each->add_option("--link", given->link, "name of the link");
  }
}

}  // namespace gate511::ctl
