// SPDX-License-Identifier: BSD-3-Clause
#include "control/client_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "control/session_json.hpp"
#include "net/frame.hpp"

namespace gate511::control {
namespace {}  // namespace

std::string_view source_name(pipeline::SightingSource source) {
  switch (source) {
    case pipeline::SightingSource::kDhcp:
      return "dhcp";
    case pipeline::SightingSource::kNd:
      return "nd";
    default:  // the others tell of no client
      return "arp";
  }
}

std::string vlan_name(std::uint16_t vlan) {
  return vlan == 0 ? std::string{"untagged"} : fmt::format("VLAN {}", vlan);
}

std::string ClientView::link_name(std::uint8_t link) const {
  return link < snapshot.links.size() ? snapshot.links[link].name : fmt::format("{}", link);
}

std::string_view ClientView::state_of(const ClientKey& key) const {
  const table::Hit hit = clients.session(key);
  return hit.found() ? state_name(hit.state) : "guest";
}

std::uint64_t ClientView::unix_s(std::uint64_t boot_ns) const {
  const std::uint64_t ago_ns = clock.boot_ns() - boot_ns;
  return (clock.unix_ns() - ago_ns + kNsPerSecond / 2) / kNsPerSecond;
}

Json ClientView::json(const SeenClient& client) const {
  Json addresses = Json::array();
  for (const SeenAddress& address : client.addresses) {
    Json rivals = Json::array();
    for (const Clients::Claim& rival : clients.rivals(client, address))
      rivals.push_back(net::to_string(rival.client->key.mac));
    addresses.push_back({
        {"address", net::to_string(address.address)},
        {"source", source_name(address.source)},
        {"vlan", address.vlan},
        {"link", link_name(address.link)},
        {"first_seen", unix_s(address.first_ns)},
        {"last_seen", unix_s(address.last_ns)},
        {"also_claimed_by", std::move(rivals)},
    });
  }
  return {
      {"mac", net::to_string(client.key.mac)}, {"vlan", client.vlan},
      {"link", link_name(client.link)},        {"state", state_of(client.key)},
      {"first_seen", unix_s(client.first_ns)}, {"last_seen", unix_s(client.last_ns)},
      {"addresses", std::move(addresses)},
  };
}

std::string ClientView::name(const Clients::Claim& claim) const {
  return fmt::format("{} ({}, {}, link {})", net::to_string(claim.client->key.mac),
                     source_name(claim.address->source), vlan_name(claim.address->vlan),
                     link_name(claim.address->link));
}

Place read_place(Params& params, const policy::Snapshot& snapshot) {
  Place place;
  if (const auto vlan = params.integer("vlan", 0, net::kMaxVlan))
    place.vlan = static_cast<std::uint16_t>(*vlan);
  std::vector<std::string> names;
  names.reserve(snapshot.links.size());
  for (const policy::LinkPolicy& link : snapshot.links) names.push_back(link.name);
  place.link = read_link(params, "link", names);
  return place;
}

std::optional<net::IpAddress> read_ip(Params& params) {
  const auto text = params.text("ip", 64);
  if (!text) return std::nullopt;
  const auto address = net::parse_ip(*text);
  if (address && address->is_unicast_host()) return address;
  params.fail(rpc::invalid_params(fmt::format(
      "`{}` is no host's IP address; write it like 192.0.2.100 or 2001:db8::100", *text)));
  return std::nullopt;
}

}  // namespace gate511::control
