// SPDX-License-Identifier: BSD-3-Clause
//
// What the configuration needs of the file system: the file itself and the portal's secret.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "control/config.hpp"
#include "control/host_list.hpp"
#include "http/login_link.hpp"
#include "http/probes.hpp"
#include "settings/text_file.hpp"

namespace gate511::control {
namespace {

/// Adds the names of `hosts_file`. `prefix`: what stands in front of the zone's keys.
tl::expected<void, Error> load_hosts(const Config& config, const std::string& prefix,
                                     GardenConfig& garden) {
  if (garden.hosts_file.empty()) return {};
  const std::string key = prefix + "garden.hosts_file";
  auto read = read_host_list(garden.hosts_file);
  if (!read) {
    return tl::unexpected{
        Error{config.where(config.lines.contains(key) ? key : "garden.hosts_file"),
              fmt::format("`{}`: {}: {}", key, read.error().where, read.error().what),
              read.error().hint}};
  }
  garden.host_names.insert(garden.host_names.end(), std::make_move_iterator(read->begin()),
                           std::make_move_iterator(read->end()));
  if (garden.host_names.empty()) return {};
  auto set = http::HostSet::build(garden.host_names);
  if (!set) return tl::unexpected{Error{garden.hosts_file, set.error().what, set.error().hint}};
  garden.hosts = std::make_shared<const http::HostSet>(std::move(*set));
  return {};
}

/// Zones with the default zone's hosts share them.
tl::expected<void, Error> load_hosts(Config& config) {
  const GardenConfig before = config.garden;
  if (auto loaded = load_hosts(config, "", config.garden); !loaded) return loaded;
  for (std::size_t i = 0; i < config.zones.size(); ++i) {
    GardenConfig& garden = config.zones[i].garden;
    if (garden.host_names == before.host_names && garden.hosts_file == before.hosts_file) {
      garden.host_names = config.garden.host_names;
      garden.hosts = config.garden.hosts;
    } else if (auto loaded = load_hosts(config, fmt::format("zone[{}].", i), garden); !loaded) {
      return loaded;
    }
  }
  return {};
}

}  // namespace

tl::expected<Config, Error> load_config(const std::string& path) {
  const auto text = settings::read_config_file(path);
  if (!text) return tl::unexpected{text.error()};
  auto config = parse_config(*text, path);
  if (!config) return config;
  if (const auto hosts = load_hosts(*config); !hosts) return tl::unexpected{hosts.error()};
  if (const auto secret = load_secret(*config); !secret) return tl::unexpected{secret.error()};
  return config;
}

tl::expected<std::string, Error> load_secret(const Config& config) {
  const std::string& path = config.portal.secret_file;
  auto secret = settings::read_secret(path, http::LinkKey::kMinBytes);
  if (secret) return std::move(*secret);
  return tl::unexpected{Error{config.where("portal.secret_file"),
                              fmt::format("`portal.secret_file` {} {}", path, secret.error().what),
                              secret.error().hint}};
}

namespace {

/// RFC 8910, 2: the URI "SHOULD NOT" hold an address, since it must be HTTPS; and guests ask it.
void warn_of_api(const Config& config, const std::string& prefix, const PortalConfig& portal,
                 const GardenConfig& garden, std::vector<Error>& found) {
  if (portal.api_host.empty()) return;
  const std::string where = config.where(prefix + "portal.api_url");
  const auto address = net::parse_ip(portal.api_host);
  if (address) {
    found.push_back({where,
                     fmt::format("the API is at an address, {}, for which most clients accept no "
                                 "certificate",
                                 portal.api_host),
                     "give it a name"});
  }
  const bool by_address =
      address ? garden.cidrs.contains(*address) || portal.address == address
              : !garden.cidrs.empty() || (garden.hosts && garden.hosts->contains(portal.api_host));
  // Expressions are compiled when they are used: they may hold it.
  if (!by_address && garden.host_patterns.empty() && portal.api_host != portal.host) {
    found.push_back(
        {where, fmt::format("guests cannot reach the API's host {}", portal.api_host),
         fmt::format("add it to `{0}garden.hosts`, or its addresses to `{0}garden.cidrs`",
                     prefix)});
  }
}

/// `prefix`: what stands before the keys of the zone, empty for the default zone.
void warn_of_zone(const Config& config, const std::string& prefix, const PortalConfig& portal,
                  const GuestConfig& guest, const GardenConfig& garden, std::vector<Error>& found) {
  const bool by_name = garden.hosts && garden.hosts->contains(portal.host);
  if (!portal.address && garden.cidrs.empty() && !by_name) {
    found.push_back(
        {config.where(prefix + "portal.url"),
         fmt::format("guests cannot reach the portal {}, which is given by name", portal.host),
         fmt::format("add its addresses to `{}garden.cidrs`", prefix)});
  }
  warn_of_api(config, prefix, portal, garden, found);
  const bool has_hosts = garden.hosts || !garden.host_patterns.empty();
  if (has_hosts && guest.resolvers.empty()) {
    found.push_back({config.where(prefix + "garden.hosts"),
                     "guests cannot reach the hosts of the garden: their addresses are learnt from "
                     "resolvers that are named alone",
                     fmt::format("set `{}guest.resolvers` to their addresses", prefix)});
  }
  if (guest.resolvers.empty() && !guest.any_resolver) {
    found.push_back(
        {config.where(prefix + "guest.resolvers"),
         "guests have no resolver, so that most never ask for a page",
         fmt::format(
             "set `{}guest.resolvers` to the addresses that DHCP gives them, or to [\"any\"]",
             prefix)});
  }
}

/// A host by which clients tell whether they are online: reached, it says that they are.
void warn_of_probes(const Config& config, const std::string& prefix, const GardenConfig& garden,
                    std::vector<Error>& found) {
  if (!garden.hosts) return;
  const auto rules = http::read_probe_rules(http::kDefaultProbes, "probes.list");
  if (!rules) return;
  const auto probes = http::ProbeRules::compile(*rules);
  if (!probes) return;
  std::vector<http::ProbeRules::Host> hosts = probes->among(garden.host_names);
  for (const http::ProbeRules::Host& example : probes->examples()) {
    const bool told = std::ranges::any_of(
        hosts, [&example](const auto& host) { return host.rule == example.rule; });
    if (!told && garden.hosts->contains(example.host)) hosts.push_back(example);
  }
  for (const http::ProbeRules::Host& host : hosts) {
    found.push_back(
        {config.where(prefix + "garden.hosts"),
         fmt::format("the garden holds {}, by which clients ({}) tell whether they are online",
                     host.host, host.rule),
         "take it out: they would say that they are, and show no page"});
  }
}

}  // namespace

std::vector<Error> warnings(const Config& config) {
  std::vector<Error> found;
  if (config.enforce == policy::Enforce::kOn) {
    warn_of_zone(config, "", config.portal, config.guest, config.garden, found);
    warn_of_probes(config, "", config.garden, found);
  }
  for (std::size_t i = 0; i < config.zones.size(); ++i) {
    const ZoneConfig& zone = config.zones[i];
    // What it has of the default zone is told there.
    const bool is_told = config.enforce == policy::Enforce::kOn && zone.portal == config.portal &&
                         zone.guest == config.guest && zone.garden == config.garden;
    if (zone.enforce != policy::Enforce::kOn || is_told) continue;
    warn_of_zone(config, fmt::format("zone[{}].", i), zone.portal, zone.guest, zone.garden, found);
    if (zone.garden != config.garden)
      warn_of_probes(config, fmt::format("zone[{}].", i), zone.garden, found);
  }
  return found;
}

}  // namespace gate511::control
