// SPDX-License-Identifier: BSD-3-Clause
//
// gate511ctl: the operator's command line over the control socket.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <functional>
#include <optional>
#include <string>

#include "programs/ctl/client.hpp"
#include "programs/ctl/duration.hpp"
#include "programs/ctl/show.hpp"

namespace gate511::ctl {
namespace {

constexpr int kPageLimit = 500;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}

int fail(const Failure& failure) {
  std::fprintf(stderr, "gate511ctl: %s\n", failure.error.text().c_str());
  return static_cast<int>(failure.exit);
}

/// What the command line says.
struct Options {
  std::string socket = "/run/gate511/control.sock";
  bool json = false;

  std::string mac;
  std::optional<std::string> ttl;
  std::optional<std::string> tag;
  std::optional<std::string> user;
  std::optional<std::string> state;
  std::optional<unsigned> vlan;
  bool all = false;
  bool yes = false;
};

using Show = std::function<std::string(const Json&)>;

/// One request, its result shown.
int run(const Options& options, const std::string& method, const Json& params, const Show& show) {
  auto client = Client::connect(options.socket);
  if (!client) return fail(client.error());
  const auto result = client->call(method, params);
  if (!result) return fail(result.error());
  print(options.json ? result->dump() + "\n" : show(*result));
  return static_cast<int>(Exit::kOk);
}

/// The options that are given, under the names of the protocol.
Json given(const Options& options) {
  Json params = Json::object();
  if (!options.mac.empty()) params["mac"] = options.mac;
  if (options.tag) params["tag"] = *options.tag;
  if (options.user) params["user"] = *options.user;
  if (options.state) params["state"] = *options.state;
  if (options.vlan) params["vlan"] = *options.vlan;
  return params;
}

int add(const Options& options) {
  Json params = given(options);
  if (options.ttl) {
    const auto ttl_s = parse_duration(*options.ttl);
    if (!ttl_s) {
      return fail({Exit::kUsage,
                   {"--ttl", "`" + *options.ttl + "` is no time",
                    "write it like 90s, 15m, 1h or 7d; 0 is no end"}});
    }
    params["ttl_s"] = *ttl_s;
  }
  return run(options, "session.add", params, show_added);
}

/// All pages as one.
int list(const Options& options) {
  auto client = Client::connect(options.socket);
  if (!client) return fail(client.error());
  Json params = given(options);
  params["limit"] = kPageLimit;
  Json all{{"sessions", Json::array()}};
  for (Json cursor = 0; !cursor.is_null();) {
    params["cursor"] = cursor;
    auto page = client->call("session.list", params);
    if (!page) return fail(page.error());
    for (Json& session : page->at("sessions")) all["sessions"].push_back(std::move(session));
    cursor = page->at("next_cursor");
    all["generation"] = page->at("generation");
  }
  print(options.json ? all.dump() + "\n" : show_sessions(all["sessions"]));
  return static_cast<int>(Exit::kOk);
}

int revoke(const Options& options) {
  const int chosen = (options.mac.empty() ? 0 : 1) + (options.tag ? 1 : 0) + (options.all ? 1 : 0);
  if (chosen != 1) {
    return fail({Exit::kUsage,
                 {"session revoke", "not one of MAC, --tag and --all is given",
                  "say which sessions are meant"}});
  }
  if (options.all && !options.yes) {
    return fail({Exit::kUsage,
                 {"session revoke", "--all ends every session", "add --yes if that is meant"}});
  }
  Json params = given(options);
  if (options.all) params["all"] = true;
  return run(options, "session.revoke", params, show_revoked);
}

int get(const Options& options) {
  return run(options, "session.get", given(options),
             [](const Json& result) { return show_sessions(Json::array({result.at("session")})); });
}

/// Parses the command line; `chosen` becomes what is to be done.
void define(CLI::App& app, Options& options, std::function<int()>& chosen) {
  app.add_flag("-j,--json", options.json, "print the result as JSON");
  app.add_option("-s,--socket", options.socket, "control socket")->capture_default_str();
  app.require_subcommand(1);
  app.fallthrough();

  const auto plain = [&](const char* name, const char* text, const char* method, Show show) {
    app.add_subcommand(name, text)->callback([&chosen, &options, method, show = std::move(show)] {
      chosen = [&options, method, show] { return run(options, method, Json::object(), show); };
    });
  };
  plain("hello", "say who answers", "hello", show_hello);
  plain("version", "say which version runs", "hello", show_hello);
  plain("stats", "what was counted", "stats.get", show_stats);
  plain("health", "what is wrong, and its cure", "health", show_health);
  plain("shutdown", "stop the gateway", "shutdown",
        [](const Json& /*result*/) { return std::string{"stopping\n"}; });

  CLI::App* port = app.add_subcommand("port", "ports")->require_subcommand(1);
  port->add_subcommand("list", "the ports and what they count")->callback([&] {
    chosen = [&options] { return run(options, "port.list", Json::object(), show_ports); };
  });

  CLI::App* session = app.add_subcommand("session", "clients let in")->require_subcommand(1);
  const auto verb = [&](const char* name, const char* text, int (*act)(const Options&)) {
    return session->add_subcommand(name, text)->callback([&chosen, &options, act] {
      chosen = [&options, act] { return act(options); };
    });
  };
  const auto with_vlan = [&](CLI::App* app_verb) {
    app_verb->add_option("--vlan", options.vlan, "outer VLAN, where it is part of the key");
  };
  const auto with_state = [&](CLI::App* app_verb) {
    app_verb->add_option("--state", options.state, "authenticated, restricted or blocked");
  };
  CLI::App* adding = verb("add", "let a client in, or change its session", add);
  adding->add_option("MAC", options.mac, "the client's address")->required();
  adding->add_option("--ttl", options.ttl, "90s, 15m, 1h, 7d; 0: no end");
  adding->add_option("--tag", options.tag, "any text, to find it by");
  adding->add_option("--user", options.user, "who it is");
  CLI::App* getting = verb("get", "show a session", get);
  getting->add_option("MAC", options.mac, "the client's address")->required();
  CLI::App* listing = verb("list", "show sessions", list);
  listing->add_option("--tag", options.tag, "only those with this tag");
  CLI::App* revoking = verb("revoke", "end sessions", revoke);
  revoking->add_option("MAC", options.mac, "the client's address");
  revoking->add_option("--tag", options.tag, "all with this tag");
  revoking->add_flag("--all", options.all, "all there are; needs --yes");
  revoking->add_flag("--yes", options.yes, "yes, all");
  for (CLI::App* each : {adding, getting, listing, revoking}) with_vlan(each);
  for (CLI::App* each : {adding, listing}) with_state(each);
}

int run_main(int argc, char** argv) {
  CLI::App app{"Talks to a running gate511 over its control socket.", "gate511ctl"};
  Options options;
  std::function<int()> chosen;
  define(app, options, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    return fail({Exit::kUsage, {"command line", error.what(), "see gate511ctl --help"}});
  }
  return chosen();
}

}  // namespace
}  // namespace gate511::ctl

int main(int argc, char** argv) {
  try {
    return gate511::ctl::run_main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr,
                 "gate511ctl: answer: %s; see that gate511 and gate511ctl are of one version\n",
                 error.what());
    return 1;
  }
}
