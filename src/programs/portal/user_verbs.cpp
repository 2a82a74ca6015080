// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "portal/store/users.hpp"
#include "portal/web/text.hpp"
#include "programs/ctl/table.hpp"
#include "programs/ctl/terminal.hpp"
#include "programs/ctl/units.hpp"
#include "programs/portal/command.hpp"

namespace gate511::portal {
namespace {

struct Given {
  std::string name;
  std::string plan;
};

int unknown(const std::string& name) {
  return fail({name, "there is no such user", "see gate511-portal user list"}, Exit::kNotFound);
}

int add(const Command& command, const Given& given) {
  return command.with_file([&](const Config& config, PortalFile& file) {
    if (given.name.empty() || given.name.size() > kMaxUserName || !is_plain_text(given.name))
      return fail(
          {"NAME", "it is empty, long or holds control characters", "give 1 to 64 bytes of text"},
          Exit::kUsage);
    if (config.plan(given.plan) == nullptr) {
      return fail({"--plan", fmt::format("there is no plan \"{}\"", given.plan),
                   fmt::format("give one of the [[plan]]s of {}", config.source)},
                  Exit::kUsage);
    }
    const auto password = read_password("Password");
    if (!password) return fail(password.error(), Exit::kUsage);
    if (!Users{file}.add(given.name, *password, given.plan, now_s())) {
      return fail({given.name, "there is such a user already",
                   "change the password with gate511-portal user passwd"});
    }
    return static_cast<int>(Exit::kOk);
  });
}

int set_password(const Command& command, const Given& given) {
  return command.with_file([&](const Config&, PortalFile& file) {
    const auto password = read_password("New password");
    if (!password) return fail(password.error(), Exit::kUsage);
    if (!Users{file}.set_password(given.name, *password)) return unknown(given.name);
    return static_cast<int>(Exit::kOk);
  });
}

int remove(const Command& command, const Given& given) {
  return command.with_file([&](const Config&, PortalFile& file) {
    if (!Users{file}.remove(given.name)) return unknown(given.name);
    return static_cast<int>(Exit::kOk);
  });
}

int list(const Command& command) {
  return command.with_file([&](const Config&, PortalFile& file) {
    std::vector<ctl::Row> rows;
    std::string lines;
    Users{file}.each([&](const User& user) {
      lines +=
          nlohmann::ordered_json{
              {"name", user.name}, {"plan", user.plan}, {"created_at", user.created_at}}
              .dump() +
          "\n";
      rows.push_back({user.name, user.plan, ctl::show_time(user.created_at)});
    });
    const bool is_printed = print(
        command.json ? lines
                     : ctl::table({{"NAME"}, {"PLAN"}, {"SINCE"}}, rows, ctl::output_width()));
    return static_cast<int>(is_printed ? Exit::kOk : Exit::kFailed);
  });
}

}  // namespace

void add_user_verbs(CLI::App& app, Command& command) {
  CLI::App* const noun = app.add_subcommand("user", "users who log in with a password");
  noun->require_subcommand(1);
  const auto given = std::make_shared<Given>();
  const auto named = [&](const char* name, const char* text,
                         int (*act)(const Command&, const Given&)) {
    CLI::App* const verb = add_verb(command, noun, name, text,
                                    [&command, given, act] { return act(command, *given); });
    verb->add_option("NAME", given->name, "the user")->required();
    return verb;
  };
  named("add", "add one; the password is asked for, or a line of standard input", add)
      ->add_option("-p,--plan", given->plan, "the [[plan]] that a login gives")
      ->required();
  named("passwd", "change the password", set_password);
  named("remove", "remove one; a session goes on until it ends", remove);
  add_verb(command, noun, "list", "show them", [&command] { return list(command); });

  add_verb(command, &app, "hash-password", "print a password's hash, for operator.password_file",
           [] {
             const auto password = read_password("Password");
             if (!password) return fail(password.error(), Exit::kUsage);
             print(hash_password(*password) + "\n");
             return static_cast<int>(Exit::kOk);
           });
}

}  // namespace gate511::portal
