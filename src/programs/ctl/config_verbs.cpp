// SPDX-License-Identifier: BSD-3-Clause
//
// config check FILE, config reload, reload.
#include <sys/stat.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

#include "programs/ctl/command.hpp"
#include "programs/ctl/show.hpp"

namespace gate511::ctl {
namespace {

constexpr std::size_t kMaxFile = 900'000;  // a line of the protocol holds 1 MiB, escapes and all

/// The text of a file; `-` is standard input.
tl::expected<std::string, Failure> read(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{
      path == "-" ? stdin : std::fopen(path.c_str(), "re"),
      path == "-" ? [](std::FILE* /*kept*/) { return 0; } : std::fclose};
  std::string text(kMaxFile + 1, '\0');
  struct stat status {};
  if (!file || ::fstat(::fileno(file.get()), &status) != 0 || S_ISDIR(status.st_mode))
    return tl::unexpected{usage(path, "cannot be read", "give the path of a configuration file")};
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (text.size() > kMaxFile) {
    return tl::unexpected{usage(path, "is longer than 900,000 bytes",
                                "check it on the gateway: gate511 --check --config FILE")};
  }
  return text;
}

std::string show_checked(const Json& result) {
  const Json& errors = inside(result, "errors");
  if (result.value("ok", true) && errors.empty() && inside(result, "warnings").empty())
    return result.size() <= 2 ? "ok\n" : "ok\n" + show_anything(result);
  return show_anything(result);
}

}  // namespace

void add_config_verbs(CLI::App& app, Command& command) {
  const auto path = std::make_shared<std::string>();
  CLI::App* config = app.add_subcommand("config", "the configuration")->require_subcommand(1);
  CLI::App* checking = add_verb(
      command, config, "check", "say whether the daemon would take a file", [&command, path] {
        const auto text = read(*path);
        if (!text) return fail(text.error());
        return command.run("config.check", {{"text", *text}}, show_checked);
      });
  checking->add_option("FILE", *path, "a configuration file; -: standard input")->required();
  const auto reload = [&command] {
    return command.run("config.reload", Json::object(), show_anything);
  };
  add_verb(command, config, "reload", "take the changed configuration file", reload);
  add_verb(command, &app, "reload", "take the changed configuration file", reload);
}

}  // namespace gate511::ctl
