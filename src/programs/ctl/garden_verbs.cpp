// SPDX-License-Identifier: BSD-3-Clause
//
// garden add, remove, list: what guests may reach.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <vector>

#include "programs/ctl/command.hpp"
#include "programs/ctl/given.hpp"
#include "programs/ctl/show.hpp"

namespace gate511::ctl {
namespace {

/// `192.0.2.0/24` and addresses, with ports or without, go to `cidrs`, all else to `hosts`.
Json params_of(const std::vector<std::string>& targets) {
  Json params = Json::object();
  for (const std::string& target : targets) {
    const bool is_pattern = target.starts_with('/');
    const bool is_cidr = !is_pattern && is_ip(target.substr(0, target.find_first_of("/ ")));
    params[is_cidr ? "cidrs" : "hosts"].push_back(target);
  }
  return params;
}

}  // namespace

void add_garden_verbs(CLI::App& app, Command& command) {
  const auto targets = std::make_shared<std::vector<std::string>>();
  CLI::App* garden = app.add_subcommand("garden", "what guests may reach")->require_subcommand(1);
  CLI::App* adding =
      add_verb(command, garden, "add", "open networks to guests", [&command, targets] {
        return command.run("garden.add", params_of(*targets), show_anything);
      });
  CLI::App* removing = add_verb(command, garden, "remove", "close them again", [&command, targets] {
    return command.run("garden.remove", params_of(*targets), show_anything);
  });
  add_verb(command, garden, "list", "show what is open to guests",
           [&command] { return command.run("garden.list", Json::object(), show_anything); });
  for (CLI::App* each : {adding, removing}) {
    each->add_option("TARGET", *targets, "192.0.2.0/24, '198.51.100.7 80,443'")->required();
  }
}

}  // namespace gate511::ctl
