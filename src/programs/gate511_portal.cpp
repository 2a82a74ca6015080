// SPDX-License-Identifier: BSD-3-Clause
//
// gate511-portal: the reference portal, and the command line for its vouchers and users.
#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "logging/log.hpp"
#include "portal/portal.hpp"
#include "programs/portal/command.hpp"

namespace gate511::portal {
namespace {

/// CLI11 may say why in several lines; an error is one.
std::string in_one_line(std::string text) {
  for (char& c : text) c = c == '\n' ? ' ' : c;
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

Portal* running = nullptr;  // for the signals' handler

void stop(int) {
  running->stop();
}

void reload(int) {
  running->reload();
}

/// What may be wrong with it, of root and of what it says.
std::vector<Error> all_warnings(const Config& config) {
  std::vector<Error> found = warnings(config);
  if (auto warning = root_warning(config)) found.push_back(std::move(*warning));
  return found;
}

/// All that a start does but to open sockets and the database. For a person: its lines are text.
int check(const std::string& path) {
  const auto config = load_config(path);
  if (!config) return fail(config.error());
  for (const Error& warning : all_warnings(*config)) warn(warning);
  if (const auto user = user_to_be(*config); !user) return fail(user.error());
  if (const auto portal = Portal::load(*config); !portal) return fail(portal.error());
  fmt::print("{}: good\n", path);
  return static_cast<int>(Exit::kOk);
}

int say_failed(const Error& error) {
  logging::say(logging::Level::kError, "error", error.text());
  return static_cast<int>(Exit::kFailed);
}

void say_warnings(const std::vector<Error>& found) {
  for (const Error& warning : found)
    logging::say(logging::Level::kWarning, "configuration", "warning: " + warning.text());
}

int serve(const std::string& path) {
  logging::configure("gate511-portal");
  const auto config = load_config(path);
  if (!config) return say_failed(config.error());
  logging::configure("gate511-portal", config->log);
  say_warnings(all_warnings(*config));
  ::umask(077);
  auto portal = Portal::load(*config);
  if (!portal) return say_failed(portal.error());
  if (const auto opened = portal->listen(); !opened) return say_failed(opened.error());
  const auto user = give_up_root(*config);
  if (!user) return say_failed(user.error());
  if (!user->empty()) logging::say(logging::Level::kWarning, "start", "privileges: " + *user);
  const auto prepared = portal->prepare();
  if (!prepared) return say_failed(prepared.error());
  say_warnings(*prepared);

  running = &*portal;
  struct sigaction action {};
  action.sa_handler = stop;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  action.sa_handler = reload;
  ::sigaction(SIGHUP, &action, nullptr);
  logging::say(logging::Level::kInfo, "ready", "ready: " + portal->text());
  std::fflush(stdout);
  portal->run();
  return static_cast<int>(Exit::kOk);
}

int run_main(int argc, char** argv) {
  CLI::App app{"The reference portal of gate511: serves its pages, or makes vouchers and users.",
               "gate511-portal"};
  Command command;
  bool is_check = false;
  app.add_option("-c,--config", command.config_file, "the portal's configuration")
      ->take_last()
      ->capture_default_str();
  app.add_flag("--check", is_check, "say whether the configuration is good, and start nothing");
  app.add_flag("-j,--json", command.json, "print results as JSON, one object a line");
  app.set_version_flag("--version", "gate511-portal " GATE511_VERSION);
  app.require_subcommand(0, 1);
  app.fallthrough();
  add_voucher_verbs(app, command);
  add_user_verbs(app, command);
  add_trail_verb(app, command);
  add_subject_verbs(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return fail({"command line", in_one_line(error.what()), "see gate511-portal --help"},
                Exit::kUsage);
  }
  if (command.chosen) return command.chosen();
  return is_check ? check(command.config_file) : serve(command.config_file);
}

}  // namespace
}  // namespace gate511::portal

int main(int argc, char** argv) {
  try {
    return gate511::portal::run_main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gate511-portal: %s; report this\n", error.what());
    return 1;
  }
}
