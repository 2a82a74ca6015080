// SPDX-License-Identifier: BSD-3-Clause
#include "control/snapshot_builder.hpp"

#include <fmt/format.h>

#include <utility>

#include "http/answers.hpp"
#include "net/bytes.hpp"

namespace gate511::control {
namespace {

net::IpSet set_of(const std::vector<net::IpAddress>& addresses) {
  std::vector<net::Cidr> prefixes;
  prefixes.reserve(addresses.size());
  for (const net::IpAddress& address : addresses) prefixes.push_back({address, address});
  return net::IpSet{std::move(prefixes)};
}

policy::GuestRules rules_of(const PortalConfig& portal, const GuestConfig& guest,
                            const GardenConfig& garden) {
  return {set_of(guest.resolvers),
          guest.any_resolver,
          set_of(guest.ntp),
          portal.address,
          garden.cidrs,
          {guest.dns_name_bytes, guest.drop_dns_https},
          policy::Budgets{guest.budget}};
}

/// A zone's answers, and the default zone's where they say the same.
tl::expected<http::Answers, Error> answers_of(const Config& config, std::size_t zone,
                                              const policy::Zone& default_zone) {
  const ZoneConfig& own = config.zones[zone];
  if (own.portal == config.portal && own.response.network_name == config.response.network_name)
    return default_zone.answers;
  auto answers = http::Answers::render({own.portal.url, own.response.network_name});
  if (answers) return answers;
  Error error = answers.error();
  const std::string key = fmt::format("zone[{}].{}", zone, error.where);
  const std::string& set = config.lines.contains(key) ? key : error.where;
  error.what = fmt::format("`{}`: {}", set, error.what);
  error.where = config.where(set);
  return tl::unexpected{error};
}

tl::expected<policy::Zone, Error> default_zone(const Config& config) {
  auto answers = http::Answers::render({config.portal.url, config.response.network_name});
  if (!answers) {
    Error error = answers.error();
    error.what = fmt::format("`{}`: {}", error.where, error.what);
    error.where = config.where(error.where);
    return tl::unexpected{error};
  }
  return policy::Zone{.name = std::string{kDefaultZone},
                      .http_ports = config.response.http_ports,
                      .https = config.response.https,
                      .guest = rules_of(config.portal, config.guest, config.garden),
                      .answers = std::move(*answers)};
}

policy::LinkPolicy link_policy(const Config& config, const LinkConfig& link,
                               const ZoneNumbers& numbers) {
  policy::LinkPolicy made;
  made.name = link.name;
  made.pass_reserved = link.pass_reserved;
  made.multicast_all = link.multicast_all;
  made.zone_of_vlan.fill({0, config.enforce});
  for (const ZoneConfig& zone : config.zones) {
    if (zone.link != link.name) continue;
    for (const std::uint16_t vlan : zone.vlans)
      made.zone_of_vlan[vlan] = {numbers.of(zone.name), zone.enforce};
  }
  return made;
}

}  // namespace

tl::expected<std::unique_ptr<const policy::Snapshot>, Error> build_snapshot(
    const Config& config, const ZoneNumbers& numbers, const http::LinkKey& key) {
  policy::Snapshot snapshot{
      .key_has_vlan = config.sessions.key_has_vlan, .links = {}, .zones = {}, .link_key = key};
  auto first = default_zone(config);
  if (!first) return tl::unexpected{first.error()};
  snapshot.zones.push_back(std::move(*first));
  for (std::size_t i = 0; i < config.zones.size(); ++i) {
    const ZoneConfig& zone = config.zones[i];
    auto answers = answers_of(config, i, snapshot.zones[0]);
    if (!answers) return tl::unexpected{answers.error()};
    const std::uint8_t number = numbers.of(zone.name);
    snapshot.place_of_zone[number] = static_cast<std::uint8_t>(snapshot.zones.size());
    snapshot.zones.push_back({.name = zone.name,
                              .number = number,
                              .http_ports = zone.response.http_ports,
                              .https = zone.response.https,
                              .guest = rules_of(zone.portal, zone.guest, zone.garden),
                              .answers = std::move(*answers)});
  }
  for (const LinkConfig& link : config.links)
    snapshot.links.push_back(link_policy(config, link, numbers));
  return std::make_unique<const policy::Snapshot>(std::move(snapshot));
}

tl::expected<std::unique_ptr<const policy::Snapshot>, Error> build_snapshot(
    const Config& config, const ZoneNumbers& numbers) {
  const auto secret = load_secret(config);
  if (!secret) return tl::unexpected{secret.error()};
  return build_snapshot(config, numbers, http::LinkKey{net::as_bytes(*secret)});
}

}  // namespace gate511::control
