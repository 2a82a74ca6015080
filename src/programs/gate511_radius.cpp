// SPDX-License-Identifier: BSD-3-Clause
//
// gate511-radius: RADIUS, as a client of the control socket.
#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "gate511/client.hpp"
#include "logging/log.hpp"
#include "radius/radius.hpp"

namespace gate511::radius {
namespace {

enum class Exit : int { kOk = 0, kFailed = 1, kUsage = 2, kNobody = 3 };

int fail(const Error& error, Exit exit = Exit::kFailed) {
  fmt::print(stderr, "gate511-radius: {}\n", error.text());
  return static_cast<int>(exit);
}

/// CLI11 may say why in several lines; an error is one.
std::string in_one_line(std::string text) {
  for (char& c : text) c = c == '\n' ? ' ' : c;
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

Radius* running = nullptr;  // for the signals' handler

void stop(int) {
  running->stop();
}

/// All that a start does but to open sockets and files. For a person: its lines are text.
int check(const std::string& path) {
  const auto config = load_config(path);
  if (!config) return fail(config.error());
  const settings::Privileges privileges = config->privileges();
  if (const auto warning = settings::root_warning(privileges))
    fmt::print(stderr, "gate511-radius: warning: {}\n", warning->text());
  if (const auto user = settings::user_to_be(privileges); !user) return fail(user.error());
  if (const auto radius = Radius::load(*config); !radius) return fail(radius.error());
  fmt::print("{}: good\n", path);
  return static_cast<int>(Exit::kOk);
}

int status(const std::string& path) {
  const auto config = load_config(path);
  if (!config) return fail(config.error());
  auto client = Client::connect(config->door);
  const auto told =
      client ? client->call("status") : Client::Result{tl::unexpected{client.error()}};
  if (!told) {
    return fail(
        {config->door, told.error().message, "see that gate511-radius runs, and who may ask it"},
        Exit::kNobody);
  }
  fmt::print("{}\n", told->dump(2));
  return static_cast<int>(Exit::kOk);
}

int say_failed(const Error& error) {
  logging::say(logging::Level::kError, "error", error.text());
  return static_cast<int>(Exit::kFailed);
}

int serve(const std::string& path) {
  logging::configure("gate511-radius");
  const auto config = load_config(path);
  if (!config) return say_failed(config.error());
  logging::configure("gate511-radius", config->log);
  const settings::Privileges privileges = config->privileges();
  if (const auto warning = settings::root_warning(privileges))
    logging::say(logging::Level::kWarning, "configuration", "warning: " + warning->text());
  ::umask(077);
  auto radius = Radius::load(*config);
  if (!radius) return say_failed(radius.error());
  const auto user = settings::give_up_root(privileges);
  if (!user) return say_failed(user.error());
  if (!user->empty()) logging::say(logging::Level::kWarning, "start", "privileges: " + *user);
  if (const auto opened = radius->open(); !opened) return say_failed(opened.error());

  running = &*radius;
  struct sigaction action {};
  action.sa_handler = stop;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  logging::say(logging::Level::kInfo, "ready", "ready: " + radius->text());
  std::fflush(stdout);
  radius->run();
  return static_cast<int>(Exit::kOk);
}

int run_main(int argc, char** argv) {
  CLI::App app{"RADIUS for gate511: asks servers for guests.", "gate511-radius"};
  std::string config = "/etc/gate511/radius.toml";
  bool is_check = false;
  app.add_option("-c,--config", config, "the configuration")->take_last()->capture_default_str();
  app.add_flag("--check", is_check, "say whether the configuration is good, and start nothing");
  app.set_version_flag("--version", "gate511-radius " GATE511_VERSION);
  app.require_subcommand(0, 1);
  app.fallthrough();
  const CLI::App* const status_verb =
      app.add_subcommand("status", "the numbers of the one that runs, as JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return fail({"command line", in_one_line(error.what()), "see gate511-radius --help"},
                Exit::kUsage);
  }
  if (status_verb->parsed()) return status(config);
  return is_check ? check(config) : serve(config);
}

}  // namespace
}  // namespace gate511::radius

int main(int argc, char** argv) {
  try {
    return gate511::radius::run_main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gate511-radius: %s; report this\n", error.what());
    return 1;
  }
}
