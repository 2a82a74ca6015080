// SPDX-License-Identifier: BSD-3-Clause
#include "control/config_zones.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "control/config_sections.hpp"
#include "control/config_values.hpp"

namespace gate511::control {
namespace {

/// Whose a VLAN of a link is, and where that is said.
struct Owner {
  std::size_t zone;
  int line;
};
/// By link and VLAN.
using Owners = std::map<std::pair<std::string, std::uint16_t>, Owner>;

/// Reads the zones one by one, each against those before it.
class ZoneReader {
 public:
  ZoneReader(Document& document, Config& config) : document_{document}, config_{config} {}

  void read(const toml::table& table) {
    const std::size_t index = config_.zones.size();
    Section section{document_,
                    &table,
                    fmt::format("zone[{}]", index),
                    {"name", "link", "vlans", "enforce", "portal", "response", "guest", "garden"}};
    ZoneConfig zone{.name = {},
                    .link = {},
                    .vlans = {},
                    .enforce = config_.enforce,
                    .portal = config_.portal,
                    .response = config_.response,
                    .guest = config_.guest,
                    .garden = config_.garden};
    read_name(section, zone.name);
    read_link(section, zone.link);
    read_vlans(section, zone, index);
    read_enforce(section, zone.enforce);
    read_zone_portal(section, zone.portal);
    read_response(section, zone.response);
    read_zone_guest(section, zone.guest);
    read_zone_garden(section, zone.garden);
    config_.zones.push_back(std::move(zone));
  }

 private:
  void read_name(Section& section, std::string& out) {
    section.required_text("name", out, "any name, by which it is shown");
    const bool is_bad =
        out.size() > ZoneConfig::kMaxName ||
        std::any_of(out.begin(), out.end(), [](char c) { return c >= 0 && c < ' '; });
    if (is_bad) {
      section.fail("name", {fmt::format("`{}` is longer than {} bytes or holds control characters",
                                        section.name("name"), ZoneConfig::kMaxName),
                            "give a short name"});
    }
    if (out == kDefaultZone) {
      section.fail("name", {"a zone is named \"default\", as that of all other VLANs is",
                            "give it another name"});
    }
    const auto same = std::find_if(config_.zones.begin(), config_.zones.end(),
                                   [&](const ZoneConfig& zone) { return zone.name == out; });
    if (same != config_.zones.end())
      section.fail("name",
                   {fmt::format("two zones are named \"{}\"", out), "give each its own name"});
  }

  void read_link(Section& section, std::string& out) {
    std::string names;
    for (const LinkConfig& link : config_.links)
      names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", link.name);
    section.required_text("link", out, fmt::format("the link that its VLANs are on: {}", names));
    const bool is_known = std::any_of(config_.links.begin(), config_.links.end(),
                                      [&](const LinkConfig& link) { return link.name == out; });
    if (!is_known) {
      section.fail("link", {fmt::format("`{}` is \"{}\", and no link has that name",
                                        section.name("link"), out),
                            fmt::format("name one of {}", names)});
    }
  }

  void read_vlans(Section& section, ZoneConfig& zone, std::size_t index) {
    const std::string key = section.name("vlans");
    const auto take = [&](VlanRange range, int line) -> std::optional<Problem> {
      for (unsigned vlan = range.first; vlan <= range.last; ++vlan) {
        const auto number = static_cast<std::uint16_t>(vlan);
        const auto [owner, is_new] = owners_.try_emplace({zone.link, number}, Owner{index, line});
        if (!is_new) return taken(key, number, zone.link, index, owner->second);
        zone.vlans.push_back(number);
      }
      return std::nullopt;
    };
    section.integers_or_texts(
        "vlans", "an array of VLANs, such as [20, \"30-39\"]",
        [&](std::int64_t vlan, int line) -> std::optional<Problem> {
          auto range = check_vlan(key, vlan);
          if (!range) return std::move(range.error());
          return take(*range, line);
        },
        [&](const std::string& text, int line) -> std::optional<Problem> {
          auto range = parse_vlans(key, text);
          if (!range) return std::move(range.error());
          return take(*range, line);
        });
    if (zone.vlans.empty()) {
      section.fail("vlans",
                   {fmt::format("`{}` {}", key, section.has("vlans") ? "is empty" : "is missing"),
                    "give the VLANs that are of this zone, such as [20, \"30-39\"]; 0 is "
                    "untagged"});
    }
    std::sort(zone.vlans.begin(), zone.vlans.end());
  }

  [[nodiscard]] Problem taken(const std::string& key, std::uint16_t vlan, const std::string& link,
                              std::size_t index, const Owner& owner) const {
    if (owner.zone == index)
      return {fmt::format("`{}` holds {} twice", key, vlan), "leave one out"};
    return {fmt::format("`{}` holds {} of link \"{}\", which zone \"{}\" has already ({})", key,
                        vlan, link, config_.zones[owner.zone].name, document_.where(owner.line)),
            "a VLAN belongs to one zone: take it out of one of them"};
  }

  Document& document_;
  Config& config_;
  Owners owners_;
};

}  // namespace

void read_zones(Document& document, Section& root, Config& config) {
  const auto tables = root.tables("zone");
  if (tables.size() >= policy::kMaxZones) {
    return root.fail("zone", {fmt::format("there are {} zones", tables.size()),
                              fmt::format("at most {} are possible", policy::kMaxZones - 1)});
  }
  ZoneReader reader{document, config};
  for (const toml::table* table : tables) reader.read(*table);
}

}  // namespace gate511::control
