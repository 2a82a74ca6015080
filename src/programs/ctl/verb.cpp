// SPDX-License-Identifier: BSD-3-Clause
#include <CLI/CLI.hpp>

#include <utility>

#include "programs/ctl/command.hpp"

namespace gate511::ctl {

CLI::App* add_verb(Command& command, CLI::App* parent, const char* name, const char* text,
                   std::function<int()> act) {
  CLI::App* made = parent->add_subcommand(name, text);
  made->callback([&command, act = std::move(act)] { command.chosen = act; });
  return made;
}

}  // namespace gate511::ctl
