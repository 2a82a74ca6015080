// SPDX-License-Identifier: BSD-3-Clause
#include "control/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "control/config_control.hpp"
#include "control/config_reader.hpp"
#include "control/config_values.hpp"

namespace gate511::control {
namespace {

void read_dpdk(Section section, DpdkConfig& out) {
  section.texts("args", [&out](const std::string& arg) {
    out.args.push_back(arg);
    return check_eal_arg(arg);
  });
  section.text("lcores", out.lcores);
  auto lcores = parse_lcores(out.lcores);
  if (!lcores) return section.fail("lcores", std::move(lcores.error()));
  out.lcore_ids = std::move(*lcores);
}

LinkConfig read_link(Section& section) {
  LinkConfig link;
  section.required_text("name", link.name, "any name, by which it is shown");
  section.required_text("access", link.access, "DPDK port name or PCI address towards clients");
  section.required_text("uplink", link.uplink, "DPDK port name or PCI address towards the network");
  std::size_t reserved = 0;
  section.choice("reserved", {"pass", "drop"}, reserved);
  link.pass_reserved = reserved == 0;
  std::size_t multicast = 0;
  section.choice("multicast", {"control", "all"}, multicast);
  link.multicast_all = multicast == 1;
  return link;
}

void read_links(Document& document, Section& root, std::vector<LinkConfig>& out) {
  std::map<std::string, std::string> owner;  // port to the key that has it
  std::set<std::string> names;
  const auto tables = root.tables("link");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    Section section{document,
                    tables[i],
                    fmt::format("link[{}]", i),
                    {"name", "access", "uplink", "reserved", "multicast"}};
    LinkConfig link = read_link(section);
    if (!names.insert(link.name).second) {
      section.fail(
          "name", {fmt::format("two links are named \"{}\"", link.name), "give each its own name"});
    }
    for (const auto& [key, port] : {std::pair{"access", &link.access}, {"uplink", &link.uplink}}) {
      const auto [taken, is_new] = owner.emplace(*port, section.name(key));
      if (is_new) continue;
      section.fail(key, {fmt::format("`{}` is port \"{}\", which is `{}` already",
                                     section.name(key), *port, taken->second),
                         "a port belongs to one end of one link: give each its own"});
    }
    out.push_back(std::move(link));
  }
  if (out.empty()) {
    root.fail("link", {"there is no link", "add a [[link]] with name, access and uplink"});
  }
  if (out.size() > 255) {
    root.fail("link", {fmt::format("there are {} links", out.size()), "at most 255 are possible"});
  }
}

void read_sessions(Section section, SessionsConfig& out) {
  section.integer("capacity", 1U, SessionsConfig::kMaxCapacity, " sessions", out.capacity);
  std::size_t key = 0;
  section.choice("key", {"mac", "mac+vlan"}, key);
  out.key_has_vlan = key == 1;
  section.integer("default_ttl_s", 0U, SessionsConfig::kMaxTtl_s, " seconds, 0 for no end",
                  out.default_ttl_s);
}

void read_portal(Section section, PortalConfig& out) {
  section.required_text("url", out.url, "the login page, such as \"http://192.0.2.10/login\"");
  section.required_text("secret_file", out.secret_file,
                        "a file with at least 32 random bytes, which the portal has as well");
  auto host = portal_host(out.url);
  if (!host) return section.fail("url", std::move(host.error()));
  out.host = std::move(*host);
  out.address = net::parse_ip(out.host);
  if (out.address && !out.address->is_unicast_host()) {
    section.fail("url",
                 {fmt::format("`portal.url` has the host {}, which is no host's address", out.host),
                  "give the address that guests reach the portal at"});
  }
}

std::optional<Problem> check_http_port(std::int64_t port, const std::vector<std::uint16_t>& ports) {
  if (port < 1 || port > 65535) {
    return Problem{fmt::format("`response.http_ports` holds {}", port),
                   "a port is from 1 to 65535"};
  }
  if (port == 443) {
    return Problem{"`response.http_ports` holds 443",
                   "leave it out: HTTPS cannot be answered, see `response.https`"};
  }
  if (std::find(ports.begin(), ports.end(), port) != ports.end()) {
    return Problem{fmt::format("`response.http_ports` holds {} twice", port), "leave one out"};
  }
  return std::nullopt;
}

void read_response(Section section, ResponseConfig& out) {
  if (section.has("http_ports")) {
    std::vector<std::uint16_t> ports;
    section.integers("http_ports", [&ports](std::int64_t port) {
      auto problem = check_http_port(port, ports);
      if (!problem) ports.push_back(static_cast<std::uint16_t>(port));
      return problem;
    });
    if (ports.empty() || ports.size() > ResponseConfig::kMaxPorts) {
      section.fail("http_ports",
                   {fmt::format("`response.http_ports` holds {} ports", ports.size()),
                    fmt::format("give 1 to {}, such as [80]", ResponseConfig::kMaxPorts)});
    }
    out.http_ports = std::move(ports);
  }
  section.text("network_name", out.network_name);
  if (out.network_name.empty() || std::any_of(out.network_name.begin(), out.network_name.end(),
                                              [](char c) { return c >= 0 && c < ' '; })) {
    section.fail("network_name", {"`response.network_name` is empty or holds control characters",
                                  "give the name that guests know the network by"});
  }
  std::size_t https = 0;
  section.choice("https", {"reset", "drop"}, https);
  out.https = https == 0 ? policy::HttpsPolicy::kReset : policy::HttpsPolicy::kDrop;
}

std::optional<Problem> add_address(std::string_view key, const std::string& text,
                                   std::vector<net::IpAddress>& out) {
  auto address = parse_host_address(key, text);
  if (!address) return std::move(address.error());
  out.push_back(*address);
  return std::nullopt;
}

void read_guest(Section section, GuestConfig& out) {
  section.texts("resolvers", [&out](const std::string& text) -> std::optional<Problem> {
    if (text == "any") {
      out.any_resolver = true;
      return std::nullopt;
    }
    return add_address("guest.resolvers", text, out.resolvers);
  });
  if (out.any_resolver && !out.resolvers.empty()) {
    section.fail("resolvers", {"`guest.resolvers` holds \"any\" and addresses",
                               "give either [\"any\"] or the addresses"});
  }
  section.texts(
      "ntp", [&out](const std::string& text) { return add_address("guest.ntp", text, out.ntp); });
  section.integer("table_capacity", 1U, GuestConfig::kMaxTableCapacity, " clients",
                  out.table_capacity);
}

void read_garden(Section section, GardenConfig& out) {
  section.texts("cidrs", [&out](const std::string& text) -> std::optional<Problem> {
    auto cidr = parse_prefix("garden.cidrs", text);
    if (!cidr) return std::move(cidr.error());
    out.cidrs.push_back(*cidr);
    return std::nullopt;
  });
}

}  // namespace

std::string Config::where(const std::string& key) const {
  const auto line = lines.find(key);
  return line == lines.end() ? source : fmt::format("{}:{}", source, line->second);
}

tl::expected<Config, Error> parse_config(std::string_view text, std::string_view source_name) {
  toml::table table;
  try {
    table = toml::parse(text, source_name);
  } catch (const toml::parse_error& error) {
    return tl::unexpected{Error{fmt::format("{}:{}", source_name, error.source().begin.line),
                                std::string{error.description()},
                                "write it as TOML: `key = \"text\"`, `key = 1` or `[section]`"}};
  }
  Document document{source_name};
  Section root{document,
               &table,
               "",
               {"dpdk", "link", "sessions", "portal", "response", "guest", "garden", "control"}};
  const auto section = [&](std::string_view name, Section::Names keys) {
    return Section{document, root.table(name), std::string{name}, keys};
  };
  Config config;
  config.source = source_name;
  read_dpdk(section("dpdk", {"args", "lcores"}), config.dpdk);
  read_links(document, root, config.links);
  read_sessions(section("sessions", {"capacity", "key", "default_ttl_s"}), config.sessions);
  read_portal(section("portal", {"url", "secret_file"}), config.portal);
  read_response(section("response", {"http_ports", "network_name", "https"}), config.response);
  read_guest(section("guest", {"resolvers", "ntp", "table_capacity"}), config.guest);
  read_garden(section("garden", {"cidrs"}), config.garden);
  read_control(document, root.table("control"), config.control);
  if (document.error()) return tl::unexpected{*document.error()};
  config.lines = document.lines();
  return config;
}

}  // namespace gate511::control
