// SPDX-License-Identifier: BSD-3-Clause
#include "programs/portal/command.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <utility>

#include "portal/portal.hpp"
#include "portal/store/users.hpp"
#include "portal/web/text.hpp"

namespace gate511::portal {

int fail(const Error& error, Exit exit) {
  fmt::print(stderr, "gate511-portal: {}\n", error.text());
  return static_cast<int>(exit);
}

void warn(const Error& warning) {
  fmt::print(stderr, "gate511-portal: warning: {}\n", warning.text());
}

bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
         std::fflush(stdout) == 0;
}

std::optional<std::string> read_mac(std::string_view text) {
  constexpr std::string_view kForm = "hh:hh:hh:hh:hh:hh";
  std::string mac = lower_case(text);
  if (mac.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const std::string_view may_be = kForm[i] == 'h' ? "0123456789abcdef" : ":-";
    if (may_be.find(mac[i]) == may_be.npos) return std::nullopt;
    if (kForm[i] == ':') mac[i] = ':';
  }
  return mac;
}

int Command::with_file(const std::function<int(const Config&, PortalFile&)>& act) const {
  const auto config = load_config(config_file);
  if (!config) return fail(config.error());
  if (const auto warning = root_warning(*config)) warn(*warning);
  const auto user = give_up_root(*config);
  if (!user) return fail(user.error());
  ::umask(077);
  try {
    PortalFile file{config->database};
    return act(*config, file);
  } catch (const sql::SqlError& error) {
    return fail(
        {config->where("portal.database"),
         fmt::format("`portal.database` {} cannot be used: {}", config->database, error.what()),
         "see that its folder is there and may be written"});
  }
}

CLI::App* add_verb(Command& command, CLI::App* parent, const char* name, const char* text,
                   std::function<int()> act) {
  CLI::App* const verb = parent->add_subcommand(name, text);
  verb->callback([&command, act = std::move(act)] { command.chosen = act; });
  return verb;
}

namespace {

/// The terminal does not show what is typed while it lives.
class Hidden {
 public:
  Hidden() {
    is_on_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (is_on_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;
  ~Hidden() {
    if (is_on_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool is_on_;
};

std::string ask(std::string_view prompt) {
  std::string typed;
  if (::isatty(STDIN_FILENO) == 0) {
    std::getline(std::cin, typed);
    return typed;
  }
  fmt::print(stderr, "{}: ", prompt);
  const Hidden hidden;
  std::getline(std::cin, typed);
  fmt::print(stderr, "\n");
  return typed;
}

}  // namespace

tl::expected<std::string, Error> read_password(std::string_view prompt) {
  constexpr std::size_t kMin = 8;
  std::string password = ask(prompt);
  if (password.size() < kMin || password.size() > kMaxPassword) {
    return tl::unexpected{Error{"password", fmt::format("it has {} bytes", password.size()),
                                fmt::format("give {} to {}, on a terminal or as a line of standard "
                                            "input",
                                            kMin, kMaxPassword)}};
  }
  if (::isatty(STDIN_FILENO) != 0 && ask("Again") != password)
    return tl::unexpected{Error{"password", "the two are not the same", "try again"}};
  return password;
}

}  // namespace gate511::portal
