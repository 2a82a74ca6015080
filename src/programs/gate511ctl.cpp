// SPDX-License-Identifier: BSD-3-Clause
//
// gate511ctl: the operator's command line over the control socket.
#include <fcntl.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

#include "programs/ctl/command.hpp"

namespace gate511::ctl {
namespace {

/// CLI11 may say why in several lines; an error is one.
std::string in_one_line(std::string text) {
  for (char& c : text) c = c == '\n' ? ' ' : c;
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

int run_main(int argc, char** argv) {
  CLI::App app{"Talks to a running gate511 over its control socket.", "gate511ctl"};
  Command command;
  app.add_flag("-j,--json", command.json, "print the result as JSON");
  app.add_option("-s,--socket", command.socket, "control socket")
      ->envname("GATE511_SOCKET")
      ->take_last()
      ->capture_default_str();
  app.add_option("-t,--timeout", command.timeout_s, "seconds to wait for an answer")
      ->check(CLI::Range(0.001, 86'400.0))
      ->take_last()
      ->capture_default_str();
  app.set_version_flag("--version", "gate511ctl " GATE511_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  add_session_verbs(app, command);
  add_client_verbs(app, command);
  add_garden_verbs(app, command);
  add_event_verbs(app, command);
  add_status_verbs(app, command);
  add_top_verb(app, command);
  add_record_verbs(app, command);
  add_subject_verbs(app, command);
  add_capture_verb(app, command);
  add_transfer_verbs(app, command);
  add_config_verbs(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return fail(usage("command line", in_one_line(error.what()), "see gate511ctl --help"));
  }
  return command.chosen();
}

/// Where one is closed, the next file or socket would take its place, and be written to.
void open_standard_files() {
  for (int file = 0; file <= STDERR_FILENO; ++file) {
    if (::fcntl(file, F_GETFD) < 0) static_cast<void>(::open("/dev/null", O_RDWR));
  }
}

}  // namespace
}  // namespace gate511::ctl

int main(int argc, char** argv) {
  gate511::ctl::open_standard_files();
  try {
    return gate511::ctl::run_main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr,
                 "gate511ctl: answer: %s; see that gate511 and gate511ctl are of one version\n",
                 error.what());
    return 1;
  }
}
