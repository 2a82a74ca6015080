// SPDX-License-Identifier: BSD-3-Clause
#include "control/config_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace gate511::control {
namespace {

struct Key {
  std::string_view name;
  bool is_live;  ///< a running daemon takes it
  bool (*is_same)(const Config&, const Config&);
};

/// A key that is missing here is caught by kSections, which then asks for a restart.
constexpr std::array kKeys{
    Key{"enforce", true, [](const Config& a, const Config& b) { return a.enforce == b.enforce; }},
    Key{"dpdk.args", false,
        [](const Config& a, const Config& b) { return a.dpdk.args == b.dpdk.args; }},
    Key{"dpdk.lcores", false,
        [](const Config& a, const Config& b) { return a.dpdk.lcores == b.dpdk.lcores; }},
    Key{"sessions.capacity", false,
        [](const Config& a, const Config& b) {
          return a.sessions.capacity == b.sessions.capacity;
        }},
    Key{"sessions.key", false,
        [](const Config& a, const Config& b) { return a.sessions.key == b.sessions.key; }},
    Key{"sessions.default_ttl_s", true,
        [](const Config& a, const Config& b) {
          return a.sessions.default_ttl_s == b.sessions.default_ttl_s;
        }},
    Key{"sessions.default_idle_s", true,
        [](const Config& a, const Config& b) {
          return a.sessions.default_idle_s == b.sessions.default_idle_s;
        }},
    Key{"sessions.on_quota", true,
        [](const Config& a, const Config& b) {
          return a.sessions.quota_removes == b.sessions.quota_removes;
        }},
    Key{"sessions.store", false,
        [](const Config& a, const Config& b) { return a.sessions.store == b.sessions.store; }},
    Key{"sessions.on_store_failure", false,
        [](const Config& a, const Config& b) {
          return a.sessions.store_may_fail == b.sessions.store_may_fail;
        }},
    Key{"sessions.copy", false,
        [](const Config& a, const Config& b) { return a.sessions.copy == b.sessions.copy; }},
    Key{"sessions.gateway", false,
        [](const Config& a, const Config& b) { return a.sessions.gateway == b.sessions.gateway; }},
    Key{"sessions.store_prefix", false,
        [](const Config& a, const Config& b) {
          return a.sessions.store_prefix == b.sessions.store_prefix;
        }},
    Key{"sessions.store_ca", false,
        [](const Config& a, const Config& b) {
          return a.sessions.store_ca == b.sessions.store_ca;
        }},
    Key{"sessions.keep_ends_days", true,
        [](const Config& a, const Config& b) {
          return a.sessions.keep_ends_days == b.sessions.keep_ends_days;
        }},
    Key{"portal.url", true,
        [](const Config& a, const Config& b) { return a.portal.url == b.portal.url; }},
    Key{"portal.secret_file", true,
        [](const Config& a, const Config& b) {
          return a.portal.secret_file == b.portal.secret_file;
        }},
    Key{"portal.api_url", true,
        [](const Config& a, const Config& b) { return a.portal.api_url == b.portal.api_url; }},
    Key{"response.http_ports", true,
        [](const Config& a, const Config& b) {
          return a.response.http_ports == b.response.http_ports;
        }},
    Key{"response.network_name", true,
        [](const Config& a, const Config& b) {
          return a.response.network_name == b.response.network_name;
        }},
    Key{"response.mode", true,
        [](const Config& a, const Config& b) {
          return a.response.redirect_probes == b.response.redirect_probes;
        }},
    Key{"response.probes", true,
        [](const Config& a, const Config& b) { return a.response.probes == b.response.probes; }},
    Key{"response.language", true,
        [](const Config& a, const Config& b) {
          return a.response.language == b.response.language;
        }},
    Key{"response.sentences", true,
        [](const Config& a, const Config& b) {
          return a.response.sentences == b.response.sentences;
        }},
    Key{"response.https", true,
        [](const Config& a, const Config& b) { return a.response.https == b.response.https; }},
    Key{"guest.resolvers", true,
        [](const Config& a, const Config& b) {
          return a.guest.resolvers == b.guest.resolvers &&
                 a.guest.any_resolver == b.guest.any_resolver;
        }},
    Key{"guest.ntp", true,
        [](const Config& a, const Config& b) { return a.guest.ntp == b.guest.ntp; }},
    Key{"guest.dns_name_bytes", true,
        [](const Config& a, const Config& b) {
          return a.guest.dns_name_bytes == b.guest.dns_name_bytes;
        }},
    Key{"guest.dns_https", true,
        [](const Config& a, const Config& b) {
          return a.guest.drop_dns_https == b.guest.drop_dns_https;
        }},
    Key{"guest.budget", true,
        [](const Config& a, const Config& b) { return a.guest.budget == b.guest.budget; }},
    Key{"guest.table_capacity", false,
        [](const Config& a, const Config& b) {
          return a.guest.table_capacity == b.guest.table_capacity;
        }},
    Key{"guest.forget_after_s", true,
        [](const Config& a, const Config& b) {
          return a.guest.forget_after_s == b.guest.forget_after_s;
        }},
    Key{"garden.cidrs", true,
        [](const Config& a, const Config& b) { return a.garden.cidrs == b.garden.cidrs; }},
    Key{"garden.hosts", true,
        [](const Config& a, const Config& b) {
          return a.garden.host_names == b.garden.host_names &&
                 a.garden.host_patterns == b.garden.host_patterns;
        }},
    Key{"garden.hosts_file", true,
        [](const Config& a, const Config& b) {
          return a.garden.hosts_file == b.garden.hosts_file;
        }},
    Key{"garden.state", false,
        [](const Config& a, const Config& b) { return a.garden_state == b.garden_state; }},
    Key{"control.socket", false,
        [](const Config& a, const Config& b) { return a.control.socket == b.control.socket; }},
    Key{"control.status_socket", false,
        [](const Config& a, const Config& b) {
          return a.control.status_socket == b.control.status_socket;
        }},
    Key{"control.group", false,
        [](const Config& a, const Config& b) { return a.control.group == b.control.group; }},
    Key{"control.audit_log", false,
        [](const Config& a, const Config& b) {
          return a.control.audit_log == b.control.audit_log;
        }},
    Key{"control.tls_listen", false,
        [](const Config& a, const Config& b) {
          return a.control.tls_listen == b.control.tls_listen;
        }},
    Key{"control.tls_cert", false,
        [](const Config& a, const Config& b) { return a.control.tls_cert == b.control.tls_cert; }},
    Key{"control.tls_key", false,
        [](const Config& a, const Config& b) { return a.control.tls_key == b.control.tls_key; }},
    Key{"control.tls_ca", false,
        [](const Config& a, const Config& b) { return a.control.tls_ca == b.control.tls_ca; }},
    Key{"control.tls_clients", false,
        [](const Config& a, const Config& b) {
          return a.control.tls_clients == b.control.tls_clients;
        }},
    Key{"metrics.listen", false,
        [](const Config& a, const Config& b) { return a.metrics.listen == b.metrics.listen; }},
    Key{"records.file", false,
        [](const Config& a, const Config& b) { return a.records.file == b.records.file; }},
    Key{"records.retention_days", true,
        [](const Config& a, const Config& b) {
          return a.records.retention_days == b.records.retention_days;
        }},
    Key{"capture.enabled", true,
        [](const Config& a, const Config& b) { return a.capture.enabled == b.capture.enabled; }},
    Key{"capture.dumpcap", false,
        [](const Config& a, const Config& b) { return a.capture.dumpcap == b.capture.dumpcap; }},
    Key{"log.format", true,
        [](const Config& a, const Config& b) { return a.log.format == b.log.format; }},
    Key{"log.level", true,
        [](const Config& a, const Config& b) { return a.log.level == b.log.level; }},
    Key{"privileges.user", false,
        [](const Config& a, const Config& b) { return a.privileges.user == b.privileges.user; }},
};

/// Sections whose keys stand in kKeys; one that differs though none of them does has a key that
/// nobody has thought of here.
constexpr std::array kSections{
    Key{"dpdk", false, [](const Config& a, const Config& b) { return a.dpdk == b.dpdk; }},
    Key{"sessions", false,
        [](const Config& a, const Config& b) { return a.sessions == b.sessions; }},
    Key{"portal", false, [](const Config& a, const Config& b) { return a.portal == b.portal; }},
    Key{"response", false,
        [](const Config& a, const Config& b) { return a.response == b.response; }},
    Key{"guest", false, [](const Config& a, const Config& b) { return a.guest == b.guest; }},
    Key{"garden", false, [](const Config& a, const Config& b) { return a.garden == b.garden; }},
    Key{"control", false, [](const Config& a, const Config& b) { return a.control == b.control; }},
    Key{"metrics", false, [](const Config& a, const Config& b) { return a.metrics == b.metrics; }},
    Key{"records", false, [](const Config& a, const Config& b) { return a.records == b.records; }},
    Key{"capture", false, [](const Config& a, const Config& b) { return a.capture == b.capture; }},
    Key{"log", false, [](const Config& a, const Config& b) { return a.log == b.log; }},
    Key{"privileges", false,
        [](const Config& a, const Config& b) { return a.privileges == b.privileges; }},
};

void compare_keys(const Config& before, const Config& after, ConfigDiff& diff) {
  std::vector<std::string_view> told;
  for (const Key& key : kKeys) {
    if (key.is_same(before, after)) continue;
    told.push_back(key.name.substr(0, key.name.find('.')));
    (key.is_live ? diff.changed : diff.needs_restart).emplace_back(key.name);
  }
  for (const Key& section : kSections) {
    if (section.is_same(before, after)) continue;
    if (std::find(told.begin(), told.end(), section.name) == told.end())
      diff.needs_restart.emplace_back(section.name);
  }
}

/// Ports are taken at start, and a link's number is its place.
void compare_links(const Config& before, const Config& after, ConfigDiff& diff) {
  if (before.links.size() != after.links.size()) {
    diff.needs_restart.emplace_back("link");
    return;
  }
  for (std::size_t i = 0; i < before.links.size(); ++i) {
    const LinkConfig& a = before.links[i];
    const LinkConfig& b = after.links[i];
    const auto tell = [i](std::vector<std::string>& list, std::string_view key) {
      list.push_back(fmt::format("link[{}].{}", i, key));
    };
    if (a.name != b.name) tell(diff.needs_restart, "name");
    if (a.access != b.access) tell(diff.needs_restart, "access");
    if (a.uplink != b.uplink) tell(diff.needs_restart, "uplink");
    if (a.mtu != b.mtu) tell(diff.needs_restart, "mtu");
    if (a.follow_carrier != b.follow_carrier) tell(diff.needs_restart, "carrier");
    if (a.offloads != b.offloads) tell(diff.needs_restart, "offloads");
    if (a.pass_reserved != b.pass_reserved) tell(diff.changed, "reserved");
    if (a.multicast_all != b.multicast_all) tell(diff.changed, "multicast");
    if (a.routers != b.routers) tell(diff.changed, "routers");
  }
}

const ZoneConfig* find(const std::vector<ZoneConfig>& zones, const std::string& name) {
  const auto found = std::find_if(zones.begin(), zones.end(),
                                  [&](const ZoneConfig& zone) { return zone.name == name; });
  return found == zones.end() ? nullptr : &*found;
}

void compare_zones(const Config& before, const Config& after, ConfigDiff& diff) {
  for (const ZoneConfig& zone : before.zones) {
    if (find(after.zones, zone.name) == nullptr) diff.zones_removed.push_back(zone.name);
  }
  for (const ZoneConfig& zone : after.zones) {
    const ZoneConfig* const old = find(before.zones, zone.name);
    if (old == nullptr) {
      diff.zones_added.push_back(zone.name);
    } else if (*old != zone) {
      diff.zones_changed.push_back(zone.name);
    }
  }
}

}  // namespace

ConfigDiff compare(const Config& before, const Config& after) {
  ConfigDiff diff;
  compare_keys(before, after, diff);
  compare_links(before, after, diff);
  compare_zones(before, after, diff);
  return diff;
}

}  // namespace gate511::control
