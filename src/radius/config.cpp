// SPDX-License-Identifier: BSD-3-Clause
#include "radius/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <utility>

#include "logging/escape.hpp"
#include "radius/client/address.hpp"
#include "settings/log_section.hpp"
#include "settings/privileges.hpp"
#include "settings/reader.hpp"
#include "settings/text_file.hpp"

namespace gate511::radius {
namespace {

using settings::Document;
using settings::Problem;
using settings::Section;

constexpr std::uint64_t kMaxTtl_s = 3'153'600'000;  // as the gateway's
constexpr std::uint64_t kMaxInterim_s = 86'400;
constexpr std::uint64_t kMinSpool = 1'000;
constexpr std::uint64_t kMaxSpool = 1'000'000'000;
constexpr std::size_t kMaxTag = 64;    // the same
constexpr std::size_t kMaxText = 253;  // of an attribute
// What is shorter is soon guessed by who has heard one exchange (RFC 2865, 3).
constexpr std::size_t kMinSecret = 16;
constexpr std::size_t kMaxPassword = 128;  // RFC 2865, 5.2

bool is_plain(std::string_view text, std::size_t max) {
  return !text.empty() && text.size() <= max && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' && c != 0x7f;
  });
}

void read_nas(Section section, Config& out) {
  section.text("identifier", out.identifier);
  if (!is_plain(out.identifier, kMaxText)) {
    section.fail("identifier", {"`nas.identifier` is empty, too long or has control characters",
                                "give a name by which the servers know this gateway"});
  }
  section.text("address", out.nas_address);
  if (!out.nas_address.empty() && !SocketAddress::parse(out.nas_address, 0)) {
    section.fail("address", {fmt::format("`nas.address` is \"{}\", which is no address",
                                         logging::escaped(out.nas_address)),
                             "write it like \"192.0.2.2\" or \"2001:db8::2\", or leave it out"});
  }
}

void read_gateway(Section section, Config& out) {
  section.text("socket", out.socket);
  section.text("tag", out.tag);
  if (!is_plain(out.tag, kMaxTag)) {
    section.fail("tag",
                 {"`gateway.tag` is no tag", "give 1 to 64 bytes without control characters"});
  }
}

void read_servers(Document& document, Section& root, Config& out) {
  Section waits = root.sub("servers", {"timeout_ms", "tries", "dead_time_s"});
  auto timeout = static_cast<std::uint32_t>(out.exchange.timeout.count());
  waits.integer("timeout_ms", 10U, 60'000U, " milliseconds", timeout);
  out.exchange.timeout = std::chrono::milliseconds{timeout};
  waits.integer("tries", 1U, 10U, " times", out.exchange.tries);
  auto dead = static_cast<std::uint32_t>(out.exchange.dead_time.count() / 1000);
  waits.integer("dead_time_s", 1U, 3'600U, " seconds", dead);
  out.exchange.dead_time = std::chrono::seconds{dead};
  const auto tables = root.tables("server");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    Section section{document,
                    tables[i],
                    fmt::format("server[{}]", i),
                    {"address", "authentication_port", "accounting_port", "secret_file"}};
    ServerConfig server;
    section.required_text("address", server.address, "the server's, such as \"192.0.2.20\"");
    if (!SocketAddress::parse(server.address, 0)) {
      section.fail("address",
                   {fmt::format("`{}` is \"{}\", which is no address", section.name("address"),
                                logging::escaped(server.address)),
                    "write it like \"192.0.2.20\" or \"2001:db8::20\""});
    }
    section.integer("authentication_port", std::uint16_t{0}, std::uint16_t{65'535}, ", 0 for none",
                    server.authentication_port);
    section.integer("accounting_port", std::uint16_t{0}, std::uint16_t{65'535}, ", 0 for none",
                    server.accounting_port);
    section.required_text("secret_file", server.secret_file, "what both sides know");
    out.servers.push_back(std::move(server));
  }
  if (out.servers.empty()) {
    root.fail("server", {"there is no server",
                         "add a [[server]] with address and secret_file: who is to be asked"});
  }
  if (out.servers.size() > Config::kMaxServers) {
    root.fail("server", {fmt::format("there are {} servers", out.servers.size()),
                         fmt::format("{} are possible", Config::kMaxServers)});
  }
}

void read_form(Section& section, std::string_view key, MacForm& out) {
  auto form = static_cast<std::size_t>(out);
  section.choice(
      key, {kMacForms[0], kMacForms[1], kMacForms[2], kMacForms[3], kMacForms[4], kMacForms[5]},
      form);
  out = static_cast<MacForm>(form);
}

void read_mac_section(Section section, MacConfig& out) {
  section.boolean("enabled", out.is_on);
  read_form(section, "format", out.form);
  out.user_form = out.form;
  read_form(section, "user_format", out.user_form);
  section.text("password_file", out.password_file);
  section.texts("zones", [&](const std::string& zone) -> std::optional<Problem> {
    out.zones.push_back(zone);
    return std::nullopt;
  });
  section.integer("reject_for_s", 1U, 86'400U, " seconds", out.reject_for_s);
  section.integer("per_second", 1U, 3'000U, " requests a second", out.per_second);
  section.integer("in_flight", 1U, 8'000U, " requests", out.in_flight);
  section.integer("remembered", 1'024U, 4'194'304U, " MACs", out.remembered);
}

std::optional<ListenAddress> read_listen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = text.substr(0, colon);
  const bool has_brackets = host.starts_with('[') && host.ends_with(']');
  if (has_brackets) host = host.substr(1, host.size() - 2);
  ListenAddress address{std::move(host), 0};
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + colon + 1, end, address.port);
  const auto parsed = SocketAddress::parse(address.host, 0);
  if (read.ec != std::errc{} || read.ptr != end || address.port == 0 || !parsed ||
      (parsed->family() == AF_INET6) != has_brackets)
    return std::nullopt;
  return address;
}

void read_coa(Document& document, Section& root, Config& out) {
  Section section = root.sub("coa", {"listen", "window_s"});
  std::string listen;
  section.text("listen", listen);
  section.integer("window_s", 1U, 3'600U, " seconds", out.coa_window_s);
  const auto address = listen.empty() ? ListenAddress{} : read_listen(listen);
  if (!address) {
    section.fail("listen", {fmt::format("`coa.listen` is \"{}\", which is no address and port",
                                        logging::escaped(listen)),
                            "write it like \"192.0.2.2:3799\" or \"[2001:db8::2]:3799\""});
  }
  out.coa_listen = address.value_or(ListenAddress{});
  const auto tables = root.tables("coa_client");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    Section each{document, tables[i], fmt::format("coa_client[{}]", i), {"address", "secret_file"}};
    CoaClient client;
    each.required_text("address", client.address, "the server's, such as \"192.0.2.20\"");
    const auto parsed = SocketAddress::parse(client.address, 0);
    if (!parsed) {
      each.fail("address", {fmt::format("`{}` is \"{}\", which is no address", each.name("address"),
                                        logging::escaped(client.address)),
                            "write it like \"192.0.2.20\" or \"2001:db8::20\""});
    }
    if (parsed) client.address = parsed->host();  // as it is compared
    each.required_text("secret_file", client.secret_file, "what both sides know");
    out.coa_clients.push_back(std::move(client));
  }
  if (!listen.empty() && out.coa_clients.empty()) {
    section.fail("listen", {"`coa.listen` is set, and there is no [[coa_client]]",
                            "add one with address and secret_file: who may ask for changes"});
  }
}

}  // namespace

std::string Config::where(const std::string& key) const {
  const auto line = lines.find(key);
  return line == lines.end() ? source : fmt::format("{}:{}", source, line->second);
}

settings::Privileges Config::privileges() const {
  return {user,
          user_is_given,
          where("privileges.user"),
          "gate511-radius",
          {std::filesystem::path{door}.parent_path(), std::filesystem::path{spool}.parent_path()}};
}

tl::expected<Config, Error> parse_config(std::string_view text, std::string_view source) {
  const auto table = settings::parse_toml(text, source);
  if (!table) return tl::unexpected{table.error()};
  Document document{source};
  Section root{document,
               &*table,
               "",
               {"nas", "gateway", "servers", "server", "mac", "session", "login", "accounting",
                "coa", "coa_client", "door", "log", "privileges"}};
  Config config;
  config.source = source;
  read_nas(root.sub("nas", {"identifier", "address"}), config);
  read_gateway(root.sub("gateway", {"socket", "tag"}), config);
  read_servers(document, root, config);
  read_mac_section(root.sub("mac", {"enabled", "format", "user_format", "password_file", "zones",
                                    "reject_for_s", "per_second", "in_flight", "remembered"}),
                   config.mac);
  Section session = root.sub("session", {"ttl_s", "idle_s"});
  session.integer("ttl_s", std::uint64_t{0}, kMaxTtl_s, " seconds, 0 for no end", config.ttl_s);
  session.integer("idle_s", std::uint64_t{0}, kMaxTtl_s, " seconds, 0 for never", config.idle_s);
  Section login = root.sub("login", {"method"});
  std::size_t method = 0;
  login.choice("method", {"pap", "chap"}, method);
  config.uses_chap = method == 1;
  Section accounting = root.sub("accounting", {"spool", "spool_max", "interim_s"});
  accounting.text("spool", config.spool);
  accounting.integer("spool_max", kMinSpool, kMaxSpool, " records", config.spool_max);
  accounting.integer("interim_s", std::uint64_t{0}, kMaxInterim_s, " seconds, 0 for none",
                     config.interim_s);
  read_coa(document, root, config);
  Section door = root.sub("door", {"socket", "group"});
  door.text("socket", config.door);
  door.text("group", config.door_group);
  settings::read_log(root, config.log);
  settings::read_user(root, config.user, config.user_is_given);
  if (document.error()) return tl::unexpected{*document.error()};
  config.lines = document.lines();
  return config;
}

tl::expected<Config, Error> load_config(const std::string& path) {
  const auto text = settings::read_config_file(path);
  if (!text) return tl::unexpected{text.error()};
  return parse_config(*text, path);
}

tl::expected<Secrets, Error> load_secrets(const Config& config) {
  // The first line: what is behind it is none of the secret.
  const auto read = [&config](const std::string& key, const std::string& path,
                              std::size_t min) -> tl::expected<std::string, Error> {
    const std::string hint = fmt::format(
        "make one, and give the server the same: (umask 027; openssl rand -hex 32 >{})", path);
    auto secret = settings::read_secret(path, min, hint);
    const auto bad = [&](const std::string& what, const std::string& mend) {
      return tl::unexpected{
          Error{config.where(key), fmt::format("`{}` {} {}", key, path, what), mend}};
    };
    if (!secret) return bad(secret.error().what, secret.error().hint);
    secret->resize(std::min(secret->find('\n'), secret->size()));
    if (secret->ends_with('\r')) secret->pop_back();
    if (secret->size() < min)
      return bad(fmt::format("has {} bytes in its first line", secret->size()), hint);
    return std::move(*secret);
  };
  Secrets secrets;
  for (std::size_t i = 0; i < config.servers.size(); ++i) {
    auto secret =
        read(fmt::format("server[{}].secret_file", i), config.servers[i].secret_file, kMinSecret);
    if (!secret) return tl::unexpected{secret.error()};
    secrets.servers.push_back(std::move(*secret));
  }
  for (std::size_t i = 0; i < config.coa_clients.size(); ++i) {
    auto secret = read(fmt::format("coa_client[{}].secret_file", i),
                       config.coa_clients[i].secret_file, kMinSecret);
    if (!secret) return tl::unexpected{secret.error()};
    secrets.coa_clients.push_back(std::move(*secret));
  }
  if (!config.mac.password_file.empty()) {
    auto password = read("mac.password_file", config.mac.password_file, 1);
    if (!password) return tl::unexpected{password.error()};
    if (password->size() > kMaxPassword) {
      return tl::unexpected{
          Error{config.where("mac.password_file"),
                fmt::format("`mac.password_file` {} has {} bytes in its first line, and RADIUS "
                            "carries {}",
                            config.mac.password_file, password->size(), kMaxPassword),
                "give the server and this file a shorter one"}};
    }
    secrets.mac_password = std::move(*password);
  }
  return secrets;
}

}  // namespace gate511::radius
