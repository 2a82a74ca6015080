// SPDX-License-Identifier: BSD-3-Clause
//
// Clients that were seen, as the protocol has them: parameters read, results written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/clients.hpp"
#include "control/json_rpc.hpp"
#include "control/params.hpp"
#include "policy/snapshot.hpp"

namespace gate511::control {

/// What is needed to show a client. The snapshot is the one published when a request is answered.
struct ClientView {
  const Clients& clients;
  const policy::Snapshot& snapshot;
  const Clock& clock;

  [[nodiscard]] std::string link_name(std::uint8_t link) const;
  /// `guest`, or the state of its session.
  [[nodiscard]] std::string_view state_of(const ClientKey& key) const;
  [[nodiscard]] Json json(const SeenClient& client) const;
  /// `02:00:5e:00:53:01 (arp, untagged, link venue)`
  [[nodiscard]] std::string name(const Clients::Claim& claim) const;
  [[nodiscard]] std::uint64_t unix_s(std::uint64_t boot_ns) const;
};

[[nodiscard]] std::string_view source_name(pipeline::SightingSource source);
/// `untagged` or `VLAN 10`.
[[nodiscard]] std::string vlan_name(std::uint16_t vlan);

/// `vlan` and `link`: where a client is meant, whatever sessions are known by.
[[nodiscard]] Place read_place(Params& params, const policy::Snapshot& snapshot);
[[nodiscard]] std::optional<net::IpAddress> read_ip(Params& params);

}  // namespace gate511::control
