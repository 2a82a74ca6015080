// SPDX-License-Identifier: BSD-3-Clause
//
// session add, get, list, revoke, extend, move.
#include <CLI/CLI.hpp>

#include <memory>
#include <optional>
#include <utility>

#include "programs/ctl/command.hpp"
#include "programs/ctl/given.hpp"
#include "programs/ctl/listing.hpp"
#include "programs/ctl/show.hpp"

namespace gate511::ctl {
namespace {

/// What stands on the command line; each verb has some of it.
struct Given {
  std::string client;  ///< a MAC, or for some verbs an IP address
  std::optional<std::string> ttl, add, until, tag, user, state, idle, rate_up, rate_down, quota;
  std::optional<std::string> service_class, bind_ip, link, to_mac, to_link;
  std::optional<unsigned> vlan, to_vlan;
  bool all = false;
  bool only_new = false;
  bool yes = false;
};

/// The parameters that are given, under the names of the protocol.
tl::expected<Json, Failure> params_of(const Given& given) {
  Json params = Json::object();
  put(params, "tag", given.tag);
  put(params, "user", given.user);
  put(params, "state", given.state);
  put(params, "class", given.service_class);
  put(params, "vlan", given.vlan);
  put(params, "link", given.link);
  put(params, "to_mac", given.to_mac);
  put(params, "to_vlan", given.to_vlan);
  put(params, "to_link", given.to_link);
  std::optional<Failure> wrong;
  put_time_span(params, "ttl_s", "--ttl", given.ttl, wrong);
  put_time_span(params, "add_s", "--add", given.add, wrong);
  put_time_span(params, "idle_s", "--idle", given.idle, wrong);
  put_time(params, "expires_at", "--until", given.until, wrong);
  put_rate(params, "rate_up_bps", "--rate-up", given.rate_up, wrong);
  put_rate(params, "rate_down_bps", "--rate-down", given.rate_down, wrong);
  put_size(params, "quota_bytes", "--quota", given.quota, wrong);
  put_addresses(params, "bind_ip", "--bind-ip", given.bind_ip, wrong);
  if (given.only_new) params["only_new"] = true;
  if (wrong) return tl::unexpected{std::move(*wrong)};
  return params;
}

int run(const Command& command, const Given& given, const char* method, const Show& show) {
  auto params = params_of(given);
  if (!params) return fail(params.error());
  if (!given.client.empty()) (*params)[is_ip(given.client) ? "ip" : "mac"] = given.client;
  return command.run(method, *params, show);
}

std::string show_one(const Json& result) {
  return show_session(inside(result, "session"));
}

int revoke(const Command& command, const Given& given) {
  const int chosen = (given.client.empty() ? 0 : 1) + (given.tag ? 1 : 0) + (given.user ? 1 : 0) +
                     (given.all ? 1 : 0);
  if (chosen != 1) {
    return fail(usage("session revoke", "not one of MAC, --tag, --user and --all is given",
                      "say which sessions are meant"));
  }
  if (given.all && !given.yes) {
    return fail(usage("session revoke", "--all ends every session", "add --yes if that is meant"));
  }
  Json params = Json::object();
  put(params, "tag", given.tag);
  put(params, "user", given.user);
  put(params, "vlan", given.vlan);
  put(params, "link", given.link);
  if (!given.client.empty()) params["mac"] = given.client;
  if (given.all) params["all"] = true;
  return command.run("session.revoke", params, show_revoked);
}

int list_sessions(const Command& command, const Given& given) {
  const auto params = params_of(given);
  if (!params) return fail(params.error());
  const auto key = std::make_shared<ShownKey>();
  return list(command, {"session.list", *params, "sessions",
                        [key](const Json& first) {
                          *key = {first.contains("vlan"), first.contains("link")};
                          return session_columns(*key);
                        },
                        [key](const Json& one) { return session_row(one, *key); }});
}

}  // namespace

void add_session_verbs(CLI::App& app, Command& command) {
  const auto given = std::make_shared<Given>();
  CLI::App* session = app.add_subcommand("session", "clients let in")->require_subcommand(1);
  const auto verb = [&](const char* name, const char* text, std::function<int()> act) {
    CLI::App* made = add_verb(command, session, name, text, std::move(act));
    made->add_option("--vlan", given->vlan, "outer VLAN, where it is part of the key");
    made->add_option("--link", given->link, "name of the link, where it is part of the key");
    return made;
  };
  CLI::App* adding = verb("add", "let a client in, or change its session", [&command, given] {
    return run(command, *given, "session.add", show_added);
  });
  CLI::App* getting = verb("get", "show a session", [&command, given] {
    return run(command, *given, "session.get", show_one);
  });
  CLI::App* listing =
      verb("list", "show sessions", [&command, given] { return list_sessions(command, *given); });
  CLI::App* revoking =
      verb("revoke", "end sessions", [&command, given] { return revoke(command, *given); });
  CLI::App* extending = verb("extend", "give a session more time", [&command, given] {
    return run(command, *given, "session.extend", show_added);
  });
  CLI::App* moving = verb("move", "move a session to another MAC, VLAN or link", [&command, given] {
    return run(command, *given, "session.move", show_one);
  });

  getting->add_option("CLIENT", given->client, "the client's MAC or IP address")->required();
  for (CLI::App* each : {adding, extending, moving})
    each->add_option("MAC", given->client, "the client's MAC address")->required();
  revoking->add_option("MAC", given->client, "the client's MAC address");
  for (CLI::App* each : {adding, extending}) {
    each->add_option("--ttl", given->ttl, "from now: 90s, 15m, 1h30m, 7d; 0: no end");
    each->add_option("--until", given->until, "an end: 2026-12-24T18:00Z, or unix time");
  }
  extending->add_option("--add", given->add, "to what it has: 90s, 15m, 1h");
  adding->add_option("--idle", given->idle, "ends when it sends nothing for so long");
  adding->add_option("--rate-up", given->rate_up, "bit/s from the client: 20M");
  adding->add_option("--rate-down", given->rate_down, "bit/s to the client: 20M");
  adding->add_option("--quota", given->quota, "bytes in both directions: 2G");
  adding->add_option("--class", given->service_class, "class of service");
  adding->add_option("--bind-ip", given->bind_ip,
                     "the only addresses it may use: seen (at first), off, or ADDRESS,...");
  adding->add_flag("--only-new", given->only_new, "change none that is there");
  for (CLI::App* each : {adding, listing})
    each->add_option("--state", given->state, "authenticated, restricted or blocked");
  for (CLI::App* each : {adding, listing, revoking}) {
    each->add_option("--tag", given->tag, each == adding ? "any text, to find it by" : "its tag");
    each->add_option("--user", given->user, "who it is");
  }
  revoking->add_flag("--all", given->all, "all there are; needs --yes");
  revoking->add_flag("--yes", given->yes, "yes, all");
  moving->add_option("--to-mac", given->to_mac, "its MAC from now on");
  moving->add_option("--to-vlan", given->to_vlan, "its VLAN from now on");
  moving->add_option("--to-link", given->to_link, "its link from now on");
}

}  // namespace gate511::ctl
