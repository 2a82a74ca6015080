// SPDX-License-Identifier: BSD-3-Clause
//
// What the workers know of the configuration: built whole by the control thread, never changed,
// swapped by pointer and freed after a grace period.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/answers.hpp"
#include "http/host_set.hpp"
#include "http/login_link.hpp"
#include "http/patterns.hpp"
#include "http/probes.hpp"
#include "net/capport.hpp"
#include "net/ip.hpp"
#include "policy/dns_rules.hpp"
#include "policy/garden_set.hpp"
#include "policy/guest_budgets.hpp"

namespace gate511::policy {

/// What becomes of a guest's TCP 443.
enum class HttpsPolicy : std::uint8_t { kReset, kAlert, kDrop };

/// What the gateway does in a zone.
enum class Enforce : std::uint8_t {
  kOn,
  kMonitor,  ///< everything passes, and is counted as what would have become of it
  kOff,      ///< everything passes
};

/// What guests may reach.
struct GuestRules {
  net::IpSet resolvers;
  bool any_resolver = false;
  net::IpSet ntp;
  std::optional<net::IpAddress> portal;  ///< without it no guest could ever log in
  GardenSet garden;
  std::shared_ptr<const http::HostSet> hosts{};  ///< null: none
  /// Expressions for more of them; null: none.
  std::shared_ptr<const http::Patterns> host_patterns{};
  DnsRules dns{};
  Budgets budgets{};
};

/// Some VLANs of a link with their own policy.
struct Zone {
  std::string name;
  std::uint8_t number = 0;  ///< its name's for as long as the daemon runs; 0: the default zone
  std::vector<std::uint16_t> http_ports{80};
  HttpsPolicy https = HttpsPolicy::kReset;
  GuestRules guest;
  http::Answers answers;  ///< rendered at load
  /// Null: no request is taken for a probe. Zones with the same rules share them.
  std::shared_ptr<const http::ProbeRules> probes{};
  net::CapportOptions capport{};  ///< what clients are told of the portal's API; empty: nothing
};

/// All that the walk of a session's frame needs to know of its zone.
struct ZoneRef {
  std::uint8_t number = 0;
  Enforce enforce = Enforce::kOn;
};

struct LinkPolicy {
  std::string name;
  bool pass_reserved = true;   ///< STP, LACP and LLDP
  bool multicast_all = false;  ///< all multicast and broadcast from the uplink, not control only
  /// By outer VLAN (0: untagged).
  std::array<ZoneRef, 4096> zone_of_vlan{};
};

inline constexpr std::size_t kMaxZones = 256;  ///< with the default zone
inline constexpr std::size_t kMaxLinks = 255;

struct Snapshot {
  std::vector<LinkPolicy> links;
  std::vector<Zone> zones;  ///< [0] is the default zone
  http::LinkKey link_key;
  std::uint8_t gateway = 0;  ///< that login links are of, among several; 0: there is one
  /// By worker, each its own: fits every set of expressions here. Short, or empty: no expression
  /// is asked.
  std::vector<http::Patterns::Scratch> scratch{};
  /// Where a zone stands in `zones`, by its number: numbers outlive zones, and leave gaps.
  std::array<std::uint8_t, kMaxZones> place_of_zone{};

  [[nodiscard]] const Zone& zone(ZoneRef ref) const noexcept {
    return zones[place_of_zone[ref.number]];
  }
  /// Null: that worker asks no expression.
  [[nodiscard]] const http::Patterns::Scratch* scratch_of(std::size_t worker) const noexcept {
    return worker < scratch.size() ? &scratch[worker] : nullptr;
  }
  /// How the worker of that number tells probes of that zone.
  [[nodiscard]] http::ProbeAsker probes(ZoneRef ref, std::size_t worker) const noexcept {
    if (worker >= scratch.size()) return {};
    return {zone(ref).probes.get(), &scratch[worker]};
  }
};

}  // namespace gate511::policy
