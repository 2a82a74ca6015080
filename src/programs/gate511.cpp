// SPDX-License-Identifier: BSD-3-Clause
//
// The daemon's command line. Exit status: 0 ended in order or the file is fine, 1 an error, which
// is one line on stderr, 2 usage.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "control/snapshot_builder.hpp"
#include "dataplane/lcores.hpp"
#include "logging/log.hpp"
#include "programs/daemon.hpp"
#include "programs/placement.hpp"
#include "programs/privileges.hpp"

namespace {

constexpr int kUsage = 2;

int fail(const gate511::Error& error) {
  gate511::logging::say(gate511::logging::Level::kError, "error", error.text());
  return EXIT_FAILURE;
}

void warn(const std::vector<gate511::Error>& warnings) {
  for (const gate511::Error& warning : warnings)
    gate511::logging::say(gate511::logging::Level::kWarning, "configuration",
                          "warning: " + warning.text());
}

/// Cards and CPUs, of this machine: on another they may be as they should.
tl::expected<void, gate511::Error> judge_machine(const gate511::dataplane::Options& options) {
  const auto lcores = gate511::dataplane::parse_lcores(options.lcores);
  if (!lcores) return tl::unexpected{lcores.error()};
  if (const auto checked = gate511::dataplane::check_lcores(*lcores); !checked)
    warn({checked.error()});
  warn(gate511::placement_warnings({options.links, lcores->cpus}));
  return {};
}

int run(const std::string& file, bool check) {
  const auto config = gate511::control::load_config(file);
  if (!config) return fail(config.error());
  // A check is a person's.
  if (!check) gate511::logging::configure("gate511", config->log);
  warn(gate511::control::warnings(*config));
  if (const auto judged = judge_machine(gate511::options_of(*config)); !judged)
    return fail(judged.error());
  if (check) {
    const auto snapshot = gate511::control::build_snapshot(
        *config, gate511::control::ZoneNumbers{}.with(config->zones));
    if (!snapshot) return fail(snapshot.error());
    if (const auto user = gate511::Privileges::find(*config); !user) return fail(user.error());
    fmt::print("{}: ok\n", file);
    return EXIT_SUCCESS;
  }
  const auto ended = gate511::run_daemon(*config);
  return ended ? EXIT_SUCCESS : fail(ended.error());
}

}  // namespace

int main(int argc, char** argv) {
  gate511::logging::configure("gate511");
  try {
    CLI::App app{"Captive-portal gateway: a transparent bump in the wire on DPDK.", "gate511"};
    std::string file;
    bool check = false;
    app.add_option("--config", file, "configuration file (TOML)")->required()->type_name("FILE");
    app.add_flag("--check", check, "check the configuration, say `FILE: ok`, and start nothing");
    app.set_version_flag("--version", "gate511 " GATE511_VERSION);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
      if (wrong.get_exit_code() == 0) return app.exit(wrong);  // --help and --version
      fail({"command line", wrong.what(), "see gate511 --help"});
      return kUsage;
    }
    return run(file, check);
  } catch (const std::exception& error) {
    return fail({"gate511", error.what(), "this is a fault of the program or of the machine"});
  }
}
