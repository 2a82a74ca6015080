// SPDX-License-Identifier: BSD-3-Clause
//
// The methods that tell of clients: client.list, client.get, session.get and explain.
#pragma once

#include "control/announcements.hpp"
#include "control/client_json.hpp"
#include "control/clients.hpp"
#include "control/json_rpc.hpp"
#include "control/sessions.hpp"
#include "dataplane/sighting_source.hpp"
#include "pipeline/pipeline.hpp"

namespace gate511::control {

class ClientMethods {
 public:
  static constexpr std::size_t kMaxPage = 500;  ///< clients in a page of `client.list`
  static constexpr std::size_t kDefaultPage = 100;

  /// All outlive this.
  struct Parts {
    Clients& clients;
    Announcements& announcements;
    const Sessions& sessions;
    dataplane::SightingSource& sightings;
    const pipeline::Shared& shared;  ///< its snapshot is set before a request is answered
    const Clock& clock;
    const SessionKeys& keys;
  };
  ClientMethods(const Parts& parts, Dispatcher& dispatcher);
  ClientMethods(const ClientMethods&) = delete;
  ClientMethods& operator=(const ClientMethods&) = delete;

 private:
  /// Who is meant by `mac` (with `vlan` and `link`) or by `ip` (narrowed by `vlan` and `link`).
  struct Named {
    ClientKey key;
    std::optional<net::IpAddress> by_ip;
  };

  [[nodiscard]] Outcome client_list(const Json& params);
  [[nodiscard]] Outcome client_get(const Json& params);
  [[nodiscard]] Outcome session_get(const Json& params);
  [[nodiscard]] Outcome explain(const Json& params);

  [[nodiscard]] tl::expected<Named, RpcError> read_named(const Json& params);
  /// As it is now: what the workers have seen is taken in, and the snapshot is the newest.
  [[nodiscard]] ClientView now();

  Parts parts_;
};

}  // namespace gate511::control
