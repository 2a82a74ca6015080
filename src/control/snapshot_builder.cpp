// SPDX-License-Identifier: BSD-3-Clause
#include "control/snapshot_builder.hpp"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <utility>

#include "http/answers.hpp"
#include "http/probes.hpp"
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
          garden.hosts,
          nullptr,
          {guest.dns_name_bytes, guest.drop_dns_https},
          policy::Budgets{guest.budget}};
}

http::AnswerTexts texts_of(const PortalConfig& portal, const ResponseConfig& response) {
  return {portal.url, response.network_name, response.language, response.sentences};
}

/// At the key of the zone, or at the default zone's where the zone has not set it.
Error place(const Config& config, const std::string& prefix, Error error) {
  const std::string key = prefix + error.where;
  const std::string& set = config.lines.contains(key) ? key : error.where;
  error.what = fmt::format("`{}`: {}", set, error.what);
  error.where = config.where(set);
  return error;
}

/// Compiled expressions by their texts, so that zones with the same share them.
class Compiled {
 public:
  using Rules = std::shared_ptr<const http::ProbeRules>;
  using Hosts = std::shared_ptr<const http::Patterns>;

  /// Null where there is none. Errors stand at `response.probes`.
  tl::expected<Rules, Error> of(const ResponseConfig& response) {
    if (!response.redirect_probes || response.probes.empty()) return Rules{};
    auto& made = by_texts_[response.probes];
    if (made) return made;
    std::vector<http::ProbeRule> rules;
    for (const std::string& text : response.probes) {
      if (text != ResponseConfig::kDefaultProbes) {
        auto rule = http::read_probe_rule(text, "response.probes");
        if (!rule) return tl::unexpected{rule.error()};
        rules.push_back(std::move(*rule));
        continue;
      }
      auto built_in = http::read_probe_rules(http::kDefaultProbes, "probes.list");
      if (!built_in) return tl::unexpected{built_in.error()};
      std::move(built_in->begin(), built_in->end(), std::back_inserter(rules));
    }
    auto compiled = http::ProbeRules::compile(rules);
    if (!compiled) return tl::unexpected{compiled.error()};
    made = std::make_shared<const http::ProbeRules>(std::move(*compiled));
    return made;
  }

  /// Null where there is none. Errors stand at `garden.hosts`.
  tl::expected<Hosts, Error> of(const GardenConfig& garden) {
    if (garden.host_patterns.empty()) return Hosts{};
    auto& made = hosts_by_texts_[garden.host_patterns];
    if (made) return made;
    std::vector<http::Patterns::Expression> expressions;
    for (const std::string& text : garden.host_patterns)
      expressions.push_back({"garden.hosts", text.substr(1, text.size() - 2)});
    auto compiled = http::Patterns::compile(expressions, http::Patterns::Case::kAny);
    if (!compiled) return tl::unexpected{compiled.error()};
    made = std::make_shared<const http::Patterns>(std::move(*compiled));
    return made;
  }

  /// A scratch for each worker.
  [[nodiscard]] tl::expected<std::vector<http::Patterns::Scratch>, Error> scratch(
      std::size_t workers) const {
    http::Patterns::Scratch first;
    for (const auto& [texts, rules] : by_texts_) {
      if (auto fitted = rules->fit(first); !fitted) return tl::unexpected{fitted.error()};
    }
    for (const auto& [texts, hosts] : hosts_by_texts_) {
      if (auto fitted = first.fit(*hosts); !fitted) return tl::unexpected{fitted.error()};
    }
    std::vector<http::Patterns::Scratch> all;
    for (std::size_t i = 0; i < workers; ++i) {
      auto copy = first.clone();
      if (!copy) return tl::unexpected{copy.error()};
      all.push_back(std::move(*copy));
    }
    return all;
  }

 private:
  std::map<std::vector<std::string>, Rules> by_texts_;
  std::map<std::vector<std::string>, Hosts> hosts_by_texts_;
};

/// `prefix`: what stands in front of the zone's keys; empty: the default zone. `like`: the default
/// zone, whose answers a zone that says the same shares.
tl::expected<policy::Zone, Error> make_zone(const Config& config, const std::string& prefix,
                                            const ZoneConfig& own, Compiled& compiled,
                                            const policy::Zone* like) {
  const http::AnswerTexts texts = texts_of(own.portal, own.response);
  auto answers = like != nullptr && texts == texts_of(config.portal, config.response)
                     ? tl::expected<http::Answers, Error>{like->answers}
                     : http::Answers::render(texts);
  if (!answers) return tl::unexpected{place(config, prefix, answers.error())};
  auto rules = compiled.of(own.response);
  if (!rules) return tl::unexpected{place(config, prefix, rules.error())};
  auto patterns = compiled.of(own.garden);
  if (!patterns) return tl::unexpected{place(config, prefix, patterns.error())};
  policy::Zone zone{.name = own.name,
                    .http_ports = own.response.http_ports,
                    .https = own.response.https,
                    .guest = rules_of(own.portal, own.guest, own.garden),
                    .answers = std::move(*answers),
                    .probes = std::move(*rules)};
  zone.guest.host_patterns = std::move(*patterns);
  if (!own.portal.api_url.empty()) zone.capport = net::CapportOptions{own.portal.api_url};
  return zone;
}

ZoneConfig default_zone(const Config& config) {
  return {.name = std::string{kDefaultZone},
          .link = {},
          .vlans = {},
          .enforce = config.enforce,
          .portal = config.portal,
          .response = config.response,
          .guest = config.guest,
          .garden = config.garden};
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
      .links = {}, .zones = {}, .link_key = key, .gateway = config.sessions.gateway};
  Compiled compiled;
  auto first = make_zone(config, {}, default_zone(config), compiled, nullptr);
  if (!first) return tl::unexpected{first.error()};
  snapshot.zones.push_back(std::move(*first));
  for (std::size_t i = 0; i < config.zones.size(); ++i) {
    const ZoneConfig& own = config.zones[i];
    auto zone = make_zone(config, fmt::format("zone[{}].", i), own, compiled, &snapshot.zones[0]);
    if (!zone) return tl::unexpected{zone.error()};
    zone->number = numbers.of(own.name);
    snapshot.place_of_zone[zone->number] = static_cast<std::uint8_t>(snapshot.zones.size());
    snapshot.zones.push_back(std::move(*zone));
  }
  auto scratch = compiled.scratch(config.dpdk.lcore_ids.size() - 1);
  if (!scratch) return tl::unexpected{scratch.error()};
  snapshot.scratch = std::move(*scratch);
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
