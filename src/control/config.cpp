// SPDX-License-Identifier: BSD-3-Clause
#include "control/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <vector>

#include "control/config_control.hpp"
#include "control/config_sections.hpp"
#include "control/config_values.hpp"
#include "control/config_zones.hpp"
#include "control/redis/entry.hpp"
#include "control/redis/url.hpp"
#include "settings/log_section.hpp"
#include "settings/reader.hpp"

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

std::optional<Problem> add_router(const std::string& key, const std::string& text,
                                  LinkConfig& out) {
  RouterPin pin;
  if (const auto mac = net::parse_mac(text)) {
    pin.mac = *mac;
  } else if (const auto address = net::parse_ip(text)) {
    pin.address = *address;
  } else {
    return Problem{fmt::format("`{}` holds \"{}\", which is no address and no MAC", key,
                               text.substr(0, LinkConfig::kMaxShown)),
                   "write it like \"192.0.2.1\", \"fe80::1\" or \"02:00:5e:00:53:fe\""};
  }
  const bool is_host = pin.mac.is_zero() ? pin.address.is_unicast_host() : pin.mac.is_station();
  if (!is_host) {
    return Problem{fmt::format("`{}` holds \"{}\", which no host has as its own", key, text),
                   "give the router's address or MAC"};
  }
  if (out.routers.size() == LinkConfig::kMaxRouters) {
    return Problem{fmt::format("`{}` holds more than {} routers", key, LinkConfig::kMaxRouters),
                   "leave some out"};
  }
  out.routers.push_back(pin);
  return std::nullopt;
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
  section.integer("mtu", LinkConfig::kMinMtu, LinkConfig::kMaxMtu, "bytes of IP in a frame",
                  link.mtu);
  std::size_t carrier = 0;
  section.choice("carrier", {"ignore", "follow"}, carrier);
  link.follow_carrier = carrier == 1;
  std::size_t offloads = 0;
  section.choice("offloads", {"auto", "off"}, offloads);
  link.offloads = offloads == 0;
  const std::string key = section.name("routers");
  section.texts("routers", [&](const std::string& text) { return add_router(key, text, link); });
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
                    {"name", "access", "uplink", "reserved", "multicast", "mtu", "carrier",
                     "offloads", "routers"}};
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
  if (out.size() > policy::kMaxLinks) {
    root.fail("link", {fmt::format("there are {} links", out.size()),
                       fmt::format("at most {} are possible", policy::kMaxLinks)});
  }
}

/// Of a store that gateways share. What is said holds nothing of its password.
void check_shared(Section& section, const SessionsConfig& sessions) {
  constexpr std::size_t kMaxPrefix = 64;
  const bool is_plain = std::ranges::all_of(sessions.store_prefix, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' ||
           c == '-' || c == '_' || c == '.';
  });
  if (!is_plain || sessions.store_prefix.size() > kMaxPrefix) {
    section.fail("store_prefix", {fmt::format("`{}` is \"{}\"", section.name("store_prefix"),
                                              sessions.store_prefix),
                                  "give at most 64 letters, digits and : - _ ."});
  }
  if (!sessions.is_shared()) return;
  if (const auto url = redis::parse_url(sessions.store); !url) {
    section.fail("store",
                 {fmt::format("`{}` is no URL of a server: {}", section.name("store"), url.error()),
                  "give a file, \"\" to keep sessions in memory alone, or "
                  "redis://USER:PASSWORD@HOST:PORT/DATABASE"});
  }
  if (sessions.gateway == 0) {
    section.fail("store", {fmt::format("`{}` is a server that gateways share, and `{}` is not set",
                                       section.name("store"), section.name("gateway")),
                           "give each of them a number of its own, from 1 to 255"});
  }
  if (sessions.copy.empty()) {
    section.fail("copy", {fmt::format("`{}` is empty", section.name("copy")),
                          "give a file, from which this gateway starts while the server is away"});
  }
}

void read_sessions(Section section, SessionsConfig& out) {
  section.integer("capacity", 1U, SessionsConfig::kMaxCapacity, " sessions", out.capacity);
  std::size_t key = 0;
  section.choice("key", {kKeyKinds[0], kKeyKinds[1], kKeyKinds[2]}, key);
  out.key = static_cast<KeyKind>(key);
  section.integer("default_ttl_s", 0U, SessionsConfig::kMaxTtl_s, " seconds, 0 for no end",
                  out.default_ttl_s);
  section.integer("default_idle_s", 0U, SessionsConfig::kMaxTtl_s, " seconds, 0 for never",
                  out.default_idle_s);
  std::size_t quota = 0;
  section.choice("on_quota", {"restrict", "remove"}, quota);
  out.quota_removes = quota == 1;
  section.text("store", out.store);
  section.text("copy", out.copy);
  section.integer("gateway", std::uint8_t{1}, std::uint8_t{redis::kMaxGateway},
                  ", its number among those that share the store", out.gateway);
  section.text("store_prefix", out.store_prefix);
  section.text("store_ca", out.store_ca);
  check_shared(section, out);
  std::size_t failure = 0;
  section.choice("on_store_failure", {"refuse", "memory"}, failure);
  out.store_may_fail = failure == 1;
  section.integer("keep_ends_days", 1U, SessionsConfig::kMaxKeepEnds_days, " days",
                  out.keep_ends_days);
}

void read_capture(Section section, CaptureConfig& out) {
  section.boolean("enabled", out.enabled);
  section.boolean("dumpcap", out.dumpcap);
}

void read_privileges(Section section, PrivilegesConfig& out) {
  section.text("user", out.user);
  out.is_given = section.has("user");
  if (out.user != "root") return;
  section.fail("user", {"`privileges.user` is root",
                        "give another user, or \"\" to stay root with all its rights"});
}

void read_records(Section section, RecordsConfig& out) {
  section.text("file", out.file);
  section.integer("retention_days", 1U, RecordsConfig::kMaxRetention_days, " days",
                  out.retention_days);
  if (out.file.empty()) return;
  if (!out.file.starts_with('/')) {
    section.fail("file", {"`records.file` is no absolute path",
                          "write it like \"/var/lib/gate511/records.db\""});
  }
  if (!section.has("retention_days")) {
    section.fail("file",
                 {"`records.retention_days` is missing",
                  "say for how many days who had which address must be kept, and no longer"});
  }
}

/// Each of its own, and none that SQLite puts beside another.
void check_files(Section& root, const Config& config) {
  struct File {
    std::string key;
    std::string path;
    bool is_database;

    [[nodiscard]] bool has_beside(const std::string& other) const {
      return is_database && (other == path + "-wal" || other == path + "-shm");
    }
  };
  std::vector<File> files;
  const auto add = [&files](const char* key, const std::string& path, bool is_database) {
    if (!path.empty())
      files.push_back({key, std::filesystem::path{path}.lexically_normal().string(), is_database});
  };
  add(config.sessions.is_shared() ? "sessions.copy" : "sessions.store", config.sessions.file(),
      true);
  add("records.file", config.records.file, true);
  add("control.audit_log", config.control.audit_log, false);
  add("garden.state", config.garden_state.state, false);
  const auto refuse = [&root](const File& one, const char* is, const File& other) {
    root.fail(
        one.key.substr(0, one.key.find('.')),
        {fmt::format("`{}` is {}`{}`", one.key, is, other.key), "give each a file of its own"});
  };
  for (const File& one : files) {
    for (const File& other : files) {
      if (&other < &one && one.path == other.path) refuse(one, "the same file as ", other);
      if (other.has_beside(one.path)) refuse(one, "what SQLite puts beside ", other);
    }
  }
}

}  // namespace

std::string Config::where(const std::string& key) const {
  const auto line = lines.find(key);
  return line == lines.end() ? source : fmt::format("{}:{}", source, line->second);
}

tl::expected<Config, Error> parse_config(std::string_view text, std::string_view source_name) {
  const auto table = settings::parse_toml(text, source_name);
  if (!table) return tl::unexpected{table.error()};
  Document document{source_name};
  Section root{document,
               &*table,
               "",
               {"enforce", "dpdk", "link", "zone", "sessions", "portal", "response", "guest",
                "garden", "control", "metrics", "records", "capture", "log", "privileges"}};
  Config config;
  config.source = source_name;
  read_enforce(root, config.enforce);
  read_dpdk(root.sub("dpdk", {"args", "lcores"}), config.dpdk);
  read_links(document, root, config.links);
  read_sessions(root.sub("sessions", {"capacity", "key", "default_ttl_s", "default_idle_s",
                                      "on_quota", "store", "on_store_failure", "keep_ends_days",
                                      "copy", "gateway", "store_prefix", "store_ca"}),
                config.sessions);
  read_portal(root, config.portal);
  read_response(root, config.response);
  read_guest(root, config.guest);
  read_garden(root, config.garden, config.garden_state);
  read_control(document, root.table("control"), config.control);
  read_metrics(root.sub("metrics", {"listen"}), config.metrics);
  read_records(root.sub("records", {"file", "retention_days"}), config.records);
  check_files(root, config);
  read_capture(root.sub("capture", {"enabled", "dumpcap"}), config.capture);
  settings::read_log(root, config.log);
  read_privileges(root.sub("privileges", {"user"}), config.privileges);
  read_zones(document, root, config);
  if (document.error()) return tl::unexpected{*document.error()};
  config.lines = document.lines();
  return config;
}

}  // namespace gate511::control
