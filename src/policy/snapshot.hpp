// SPDX-License-Identifier: BSD-3-Clause
//
// What the workers know of the configuration: built whole by the control thread, never changed,
// swapped by pointer and freed after a grace period.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "http/answers.hpp"
#include "http/login_link.hpp"
#include "net/ip.hpp"

namespace gate511::policy {

enum class HttpsPolicy : std::uint8_t { kReset, kDrop };

/// What guests may reach.
struct GuestRules {
  net::IpSet resolvers;
  bool any_resolver = false;
  net::IpSet ntp;
  net::IpSet garden;
};

/// Some VLANs of a link with their own policy.
struct Zone {
  std::string name;
  std::vector<std::uint16_t> http_ports{80};
  HttpsPolicy https = HttpsPolicy::kReset;
  GuestRules guest;
  http::Answers answers;  ///< rendered at load
};

struct LinkPolicy {
  std::string name;
  bool pass_reserved = true;   ///< STP, LACP and LLDP
  bool multicast_all = false;  ///< all multicast and broadcast from the uplink, not control only
  /// Zone number by outer VLAN (0: untagged).
  std::array<std::uint8_t, 4096> zone_of_vlan{};
};

inline constexpr std::size_t kMaxZones = 256;

struct Snapshot {
  bool key_has_vlan = false;  ///< `sessions.key = "mac+vlan"`
  std::vector<LinkPolicy> links;
  std::vector<Zone> zones;  ///< [0] is the default zone
  http::LinkKey link_key;
};

}  // namespace gate511::policy
