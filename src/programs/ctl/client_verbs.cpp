// SPDX-License-Identifier: BSD-3-Clause
//
// client list, client get, explain.
#include <sys/stat.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <optional>

#include "programs/ctl/command.hpp"
#include "programs/ctl/given.hpp"
#include "programs/ctl/listing.hpp"
#include "programs/ctl/show.hpp"
#include "programs/ctl/terminal.hpp"

namespace gate511::ctl {
namespace {

struct Given {
  std::string client;
  std::optional<unsigned> vlan;
  std::optional<std::string> link;
  std::optional<std::string> state;
  std::optional<std::string> request;  ///< a file's name
};

/// RFC 4648, 4.
std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t three = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const auto octet = at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U;
      three = three << 8 | octet;
    }
    for (std::size_t i = 0; i < 4; ++i)
      text += at + i <= bytes.size() ? kAlphabet[three >> (18 - 6 * i) & 0x3f] : '=';
  }
  return text;
}

/// The first bytes of a file, as many as the daemon looks at; `-` is standard input.
tl::expected<std::string, Failure> read_request(const std::string& path) {
  constexpr std::size_t kMost = 4096;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{
      path == "-" ? stdin : std::fopen(path.c_str(), "re"),
      path == "-" ? [](std::FILE* /*kept*/) { return 0; } : std::fclose};
  std::string text(kMost, '\0');
  struct stat status {};
  if (!file || ::fstat(::fileno(file.get()), &status) != 0 || S_ISDIR(status.st_mode))
    return tl::unexpected{usage(path, "cannot be read", "give the path of an HTTP request")};
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (text.empty())
    return tl::unexpected{usage(path, "is empty", "give an HTTP request as it is sent")};
  return text;
}

Json params_of(const Given& given) {
  Json params = Json::object();
  if (!given.client.empty()) params[is_ip(given.client) ? "ip" : "mac"] = given.client;
  put(params, "vlan", given.vlan);
  put(params, "link", given.link);
  put(params, "state", given.state);
  return params;
}

int explain(const Command& command, const Given& given) {
  Json params = params_of(given);
  if (given.request) {
    const auto text = read_request(*given.request);
    if (!text) return fail(text.error());
    params["request"] = base64(*text);
  }
  return command.run("explain", params,
                     [](const Json& result) { return show_explained(result, output_width()); });
}

}  // namespace

void add_client_verbs(CLI::App& app, Command& command) {
  const auto given = std::make_shared<Given>();
  CLI::App* client =
      app.add_subcommand("client", "clients seen, guests too")->require_subcommand(1);
  CLI::App* listing = add_verb(command, client, "list", "show the clients seen", [&command, given] {
    return list(command, {"client.list", params_of(*given), "clients",
                          [](const Json&) { return client_columns(); }, client_row});
  });
  CLI::App* getting = add_verb(command, client, "get", "show one client", [&command, given] {
    return command.run("client.get", params_of(*given), [](const Json& result) {
      return show_anything(result.contains("client") ? result.at("client") : result);
    });
  });
  CLI::App* explaining =
      add_verb(command, &app, "explain", "say what happens to a client's frames now, and why",
               [&command, given] { return explain(command, *given); });
  listing->add_option("--state", given->state, "guest, session, or a session's state");
  getting->add_option("CLIENT", given->client, "the client's MAC or IP address")->required();
  explaining->add_option("MAC", given->client, "the client's MAC address")->required();
  explaining->add_option("--request", given->request,
                         "an HTTP request: say what it would be answered; -: standard input");
  for (CLI::App* each : {listing, getting, explaining}) {
    each->add_option("--vlan", given->vlan, "outer VLAN");
    each->add_option("--link", given->link, "name of the link");
  }
}

}  // namespace gate511::ctl
