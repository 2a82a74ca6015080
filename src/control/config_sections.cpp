// SPDX-License-Identifier: BSD-3-Clause
#include "control/config_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/config_values.hpp"
#include "control/host_list.hpp"
#include "http/probes.hpp"

namespace gate511::control {
namespace {

std::optional<Problem> check_http_port(const std::string& key, std::int64_t port,
                                       const std::vector<std::uint16_t>& ports) {
  if (port < 1 || port > 65535) {
    return Problem{fmt::format("`{}` holds {}", key, port), "a port is from 1 to 65535"};
  }
  if (port == 443) {
    return Problem{fmt::format("`{}` holds 443", key),
                   "leave it out: HTTPS cannot be answered, see `response.https`"};
  }
  if (std::find(ports.begin(), ports.end(), port) != ports.end()) {
    return Problem{fmt::format("`{}` holds {} twice", key, port), "leave one out"};
  }
  return std::nullopt;
}

void read_http_ports(Section& section, std::vector<std::uint16_t>& out) {
  if (!section.has("http_ports")) return;
  const std::string key = section.name("http_ports");
  std::vector<std::uint16_t> ports;
  section.integers("http_ports", [&](std::int64_t port) {
    auto problem = check_http_port(key, port, ports);
    if (!problem) ports.push_back(static_cast<std::uint16_t>(port));
    return problem;
  });
  if (ports.empty() || ports.size() > ResponseConfig::kMaxPorts) {
    section.fail("http_ports",
                 {fmt::format("`{}` holds {} ports", key, ports.size()),
                  fmt::format("give 1 to {}, such as [80]", ResponseConfig::kMaxPorts)});
  }
  out = std::move(ports);
}

std::optional<Problem> add_address(const std::string& key, const std::string& text,
                                   std::vector<net::IpAddress>& out) {
  auto address = parse_host_address(key, text);
  if (!address) return std::move(address.error());
  out.push_back(*address);
  return std::nullopt;
}

void check_portal_url(Section& section, PortalConfig& out) {
  const std::string key = section.name("url");
  auto host = portal_host(key, out.url);
  if (!host) return section.fail("url", std::move(host.error()));
  out.host = std::move(*host);
  out.address = net::parse_ip(out.host);
  if (out.address && !out.address->is_unicast_host()) {
    section.fail("url",
                 {fmt::format("`{}` has the host {}, which is no host's address", key, out.host),
                  "give the address that guests reach the portal at"});
  }
}

void read_api_url(Section& section, PortalConfig& out) {
  if (!section.has("api_url")) return;
  section.text("api_url", out.api_url);
  out.api_host.clear();
  if (out.api_url.empty() || out.api_url == PortalConfig::kUnrestricted) return;
  auto host = api_host(section.name("api_url"), out.api_url);
  if (!host) return section.fail("api_url", std::move(host.error()));
  out.api_host = std::move(*host);
}

void read_budget(Section& parent, policy::BudgetRates& out) {
  using policy::BudgetRates;
  // The keys of policy::kBudgets, and the burst.
  Section section = parent.sub(
      "budget", {"refusals_per_s", "syn_per_s", "answers_per_s", "dns_packets_per_s",
                 "dns_bytes_per_s", "dhcp_packets_per_s", "arp_packets_per_s", "nd_packets_per_s",
                 "ntp_packets_per_s", "garden_bytes_per_s", "burst_s"});
  for (const policy::BudgetInfo& info : policy::kBudgets)
    section.integer(info.key, 1U, BudgetRates::kMaxRate, " a second",
                    out.per_s[static_cast<std::size_t>(info.budget)]);
  section.integer("burst_s", 1U, BudgetRates::kMaxBurst_s, " seconds", out.burst_s);
}

void read_probes(Section& section, std::vector<std::string>& out) {
  if (!section.has("probes")) return;
  const std::string key = section.name("probes");
  out.clear();
  section.texts("probes", [&](const std::string& text) -> std::optional<Problem> {
    out.push_back(text);
    if (text == ResponseConfig::kDefaultProbes) return std::nullopt;
    const auto rule = http::read_probe_rule(text, {});
    if (rule) return std::nullopt;
    return Problem{fmt::format("`{}` holds {}", key, rule.error().what),
                   rule.error().hint + ", or \"default\" for the rules that are built in"};
  });
}

/// In the order of http::kLanguages.
const Section::Names kLanguageCodes{"en", "de", "fr", "es", "pt", "zh", "ar"};

void read_sentences(Section& parent, ResponseConfig& out) {
  Section section = parent.sub("sentences", kLanguageCodes);
  for (const http::LanguageInfo& language : http::kLanguages) {
    std::string& sentence = out.sentences[static_cast<std::size_t>(language.language)];
    section.text(language.code, sentence);
    if (!section.has(language.code)) continue;
    const bool is_bad = sentence.empty() || std::any_of(sentence.begin(), sentence.end(),
                                                        [](char c) { return c >= 0 && c < ' '; });
    if (!is_bad) continue;
    section.fail(language.code, {fmt::format("`{}` is empty or holds control characters",
                                             section.name(language.code)),
                                 "give one sentence that says that the network asks for a login"});
  }
}

void read_guest_rules(Section& section, GuestConfig& out) {
  read_budget(section, out.budget);
  section.integer("dns_name_bytes", std::uint8_t{1}, policy::DnsRules::kMaxName, " bytes",
                  out.dns_name_bytes);
  std::size_t https = out.drop_dns_https ? 1 : 0;
  section.choice("dns_https", {"pass", "drop"}, https);
  out.drop_dns_https = https == 1;
  if (section.has("resolvers")) {
    const std::string key = section.name("resolvers");
    out.resolvers.clear();
    out.any_resolver = false;
    section.texts("resolvers", [&](const std::string& text) -> std::optional<Problem> {
      if (text == "any") {
        out.any_resolver = true;
        return std::nullopt;
      }
      return add_address(key, text, out.resolvers);
    });
    if (out.any_resolver && !out.resolvers.empty()) {
      section.fail("resolvers", {fmt::format("`{}` holds \"any\" and addresses", key),
                                 "give either [\"any\"] or the addresses"});
    }
  }
  if (section.has("ntp")) {
    const std::string key = section.name("ntp");
    out.ntp.clear();
    section.texts("ntp", [&](const std::string& text) { return add_address(key, text, out.ntp); });
  }
}

}  // namespace

void read_portal(Section& parent, PortalConfig& out) {
  Section section = parent.sub("portal", {"url", "secret_file", "api_url"});
  section.required_text("url", out.url, "the login page, such as \"http://192.0.2.10/login\"");
  section.required_text("secret_file", out.secret_file,
                        "a file with at least 32 random bytes, which the portal has as well");
  check_portal_url(section, out);
  read_api_url(section, out);
}

void read_zone_portal(Section& parent, PortalConfig& out) {
  Section section = parent.sub("portal", {"url", "api_url"});
  read_api_url(section, out);
  if (!section.has("url")) return;
  section.text("url", out.url);
  check_portal_url(section, out);
}

void read_response(Section& parent, ResponseConfig& out) {
  Section section = parent.sub("response", {"http_ports", "network_name", "https", "mode", "probes",
                                            "language", "sentences"});
  read_http_ports(section, out.http_ports);
  section.text("network_name", out.network_name);
  if (out.network_name.empty() || std::any_of(out.network_name.begin(), out.network_name.end(),
                                              [](char c) { return c >= 0 && c < ' '; })) {
    section.fail("network_name", {fmt::format("`{}` is empty or holds control characters",
                                              section.name("network_name")),
                                  "give the name that guests know the network by"});
  }
  auto https = static_cast<std::size_t>(out.https);
  section.choice("https", {"reset", "alert", "drop"}, https);
  out.https = static_cast<policy::HttpsPolicy>(https);
  std::size_t mode = out.redirect_probes ? 0 : 1;
  section.choice("mode", {"auto", "511"}, mode);
  out.redirect_probes = mode == 0;
  read_probes(section, out.probes);
  auto language = static_cast<std::size_t>(out.language);
  section.choice("language", kLanguageCodes, language);
  out.language = static_cast<http::Language>(language);
  read_sentences(section, out);
}

void read_guest(Section& parent, GuestConfig& out) {
  Section section = parent.sub("guest", {"resolvers", "ntp", "dns_name_bytes", "dns_https",
                                         "budget", "table_capacity", "forget_after_s"});
  read_guest_rules(section, out);
  section.integer("table_capacity", 1U, GuestConfig::kMaxTableCapacity, " clients",
                  out.table_capacity);
  section.integer("forget_after_s", 60U, GuestConfig::kMaxForgetAfter_s, " seconds",
                  out.forget_after_s);
}

void read_zone_guest(Section& parent, GuestConfig& out) {
  Section section =
      parent.sub("guest", {"resolvers", "ntp", "dns_name_bytes", "dns_https", "budget"});
  read_guest_rules(section, out);
}

namespace {

void read_cidrs(Section& section, GardenConfig& out) {
  if (!section.has("cidrs")) return;
  const std::string key = section.name("cidrs");
  std::vector<policy::GardenPrefix> cidrs;
  section.texts("cidrs", [&](const std::string& text) -> std::optional<Problem> {
    auto prefix = parse_garden_prefix(key, text);
    if (!prefix) return std::move(prefix.error());
    cidrs.push_back(std::move(*prefix));
    return std::nullopt;
  });
  out.cidrs = policy::GardenSet{std::move(cidrs)};
}

/// Both keys together are the hosts; a zone that sets one has none of the default zone's. The file
/// is not read here: what is parsed may be a client's text.
void read_hosts(Section& section, GardenConfig& out) {
  if (!section.has("hosts") && !section.has("hosts_file")) return;
  out.host_names.clear();
  out.host_patterns.clear();
  out.hosts_file.clear();
  out.hosts = nullptr;
  const std::string key = section.name("hosts");
  section.texts("hosts", [&](const std::string& text) -> std::optional<Problem> {
    if (is_pattern(text)) {
      out.host_patterns.push_back(text);
      return std::nullopt;
    }
    auto host = parse_host(text);
    if (!host) return Problem{fmt::format("`{}`: {}", key, host.error().what), host.error().hint};
    out.host_names.push_back(std::move(*host));
    return std::nullopt;
  });
  section.text("hosts_file", out.hosts_file);
  if (out.host_names.empty()) return;
  auto set = http::HostSet::build(out.host_names);
  if (!set) return section.fail("hosts", {set.error().what, set.error().hint});
  out.hosts = std::make_shared<const http::HostSet>(std::move(*set));
}

}  // namespace

void read_garden(Section& parent, GardenConfig& out, GardenState& state) {
  Section section = parent.sub("garden", {"cidrs", "hosts", "hosts_file", "state"});
  read_cidrs(section, out);
  read_hosts(section, out);
  section.text("state", state.state);
  if (!state.state.empty() && !state.state.starts_with('/')) {
    section.fail("state", {fmt::format("`garden.state` is \"{}\"", state.state),
                           "it must be an absolute path, or \"\" for none"});
  }
}

void read_zone_garden(Section& parent, GardenConfig& out) {
  Section section = parent.sub("garden", {"cidrs", "hosts", "hosts_file"});
  read_cidrs(section, out);
  read_hosts(section, out);
}

void read_enforce(Section& parent, policy::Enforce& out) {
  auto enforce = static_cast<std::size_t>(out);
  parent.choice("enforce", {"on", "monitor", "off"}, enforce);
  out = static_cast<policy::Enforce>(enforce);
}

}  // namespace gate511::control
