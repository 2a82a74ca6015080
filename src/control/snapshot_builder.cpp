// SPDX-License-Identifier: BSD-3-Clause
//
// From the configuration to what the workers work by.
#include <fmt/format.h>

#include "control/config.hpp"
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

}  // namespace

tl::expected<std::unique_ptr<const policy::Snapshot>, Error> build_snapshot(const Config& config) {
  const auto secret = load_secret(config);
  if (!secret) return tl::unexpected{secret.error()};
  auto answers = http::Answers::render({config.portal.url, config.response.network_name});
  if (!answers) {
    Error error = answers.error();
    error.what = fmt::format("`{}`: {}", error.where, error.what);
    error.where = config.where(error.where);
    return tl::unexpected{error};
  }

  std::vector<policy::Zone> zones;
  zones.push_back({
      .name = "default",
      .http_ports = config.response.http_ports,
      .https = config.response.https,
      .guest = {set_of(config.guest.resolvers), config.guest.any_resolver, set_of(config.guest.ntp),
                config.portal.address, net::IpSet{config.garden.cidrs}},
      .answers = std::move(*answers),
  });

  std::vector<policy::LinkPolicy> links;
  for (const LinkConfig& link : config.links) {
    policy::LinkPolicy made;
    made.name = link.name;
    made.pass_reserved = link.pass_reserved;
    made.multicast_all = link.multicast_all;
    links.push_back(std::move(made));
  }
  return std::make_unique<const policy::Snapshot>(
      policy::Snapshot{config.sessions.key_has_vlan, std::move(links), std::move(zones),
                       http::LinkKey{net::as_bytes(*secret)}});
}

}  // namespace gate511::control
