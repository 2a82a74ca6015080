// SPDX-License-Identifier: BSD-3-Clause
#include "control/service_clients.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "control/params.hpp"
#include "control/session_json.hpp"

namespace gate511::control {
namespace {

/// A place in the order of keys; opaque to clients.
std::string cursor_text(const ClientKey& cursor) {
  return fmt::format("{:012x}{:03x}{:02x}", cursor.mac.value(), cursor.vlan, cursor.link);
}

ClientKey read_cursor(Params& params) {
  constexpr std::size_t kMac = 12, kVlan = 3, kLink = 2;
  const auto text = params.text("cursor", kMac + kVlan + kLink);
  if (!text) return {};
  std::size_t at = 0;
  bool is_good = text->size() == kMac + kVlan + kLink;
  const auto take = [&](std::size_t digits) {
    std::uint64_t number = 0;
    if (!is_good) return number;
    const char* const end = text->data() + at + digits;
    const auto read = std::from_chars(text->data() + at, end, number, 16);
    is_good = read.ec == std::errc{} && read.ptr == end;
    at += digits;
    return number;
  };
  const net::MacAddress mac{take(kMac)};
  const auto vlan = static_cast<std::uint16_t>(take(kVlan));
  const auto link = static_cast<std::uint8_t>(take(kLink));
  if (is_good) return {mac, vlan, link};
  params.fail(rpc::invalid_params("`cursor` must be a `next_cursor` as it was given"));
  return {};
}

RpcError conflict(const net::IpAddress& address, const std::vector<Clients::Claim>& claims,
                  const ClientView& view) {
  std::vector<std::string> names;
  Json claimants = Json::array();
  for (const Clients::Claim& claim : claims) {
    names.push_back(view.name(claim));
    claimants.push_back({{"mac", net::to_string(claim.client->key.mac)},
                         {"source", source_name(claim.address->source)},
                         {"vlan", claim.address->vlan},
                         {"link", view.link_name(claim.address->link)}});
  }
  RpcError error = rpc::conflict(
      fmt::format("{} is claimed by {}; narrow it by `vlan` or `link`, or give the `mac`",
                  net::to_string(address), fmt::join(names, " and ")));
  error.data["claimants"] = std::move(claimants);
  return error;
}

}  // namespace

ClientMethods::ClientMethods(const Parts& parts, Dispatcher& dispatcher) : parts_{parts} {
  const auto add = [this, &dispatcher](const char* name,
                                       Outcome (ClientMethods::*method)(const Json&)) {
    dispatcher.add(name, Access::kRead, [this, method](const Json& params, const Done& done) {
      done((this->*method)(params));
    });
  };
  add("client.list", &ClientMethods::client_list);
  add("client.get", &ClientMethods::client_get);
  add("session.get", &ClientMethods::session_get);
  add("explain", &ClientMethods::explain);
}

ClientView ClientMethods::now() {
  (void)parts_.clients.take(parts_.sightings);
  (void)parts_.announcements.take(parts_.sightings);
  return {parts_.clients, *parts_.shared.snapshot.load(std::memory_order_acquire), parts_.clock};
}

tl::expected<ClientMethods::Named, RpcError> ClientMethods::read_named(const Json& given) {
  const ClientView view = now();
  Params params{given, {"mac", "ip", "vlan", "link"}};
  if (params.has("mac") == params.has("ip"))
    params.fail(rpc::invalid_params("give one of `mac` (with `vlan` and `link`) and `ip`"));
  if (params.has("mac")) {
    const auto key = read_key(params, parts_.keys);
    if (!key) return params.refused();
    return Named{*key, std::nullopt};
  }
  const auto address = read_ip(params);
  const Place place = read_place(params, view.snapshot);
  if (params.error() || !address) return params.refused();
  const auto claims = parts_.clients.claims(*address, place);
  if (claims.empty()) {
    return tl::unexpected{rpc::not_found(
        fmt::format("no client was seen with {}; it is known once it has spoken ARP, ND or DHCP",
                    net::to_string(*address)))};
  }
  if (claims.size() > 1) return tl::unexpected{conflict(*address, claims, view)};
  return Named{claims.front().client->key, address};
}

Outcome ClientMethods::client_list(const Json& given) {
  const ClientView view = now();
  Params params{given, {"cursor", "limit", "state", "vlan", "link"}};
  const ClientKey cursor = read_cursor(params);
  const auto limit = params.integer("limit", 1, kMaxPage);
  ClientFilter filter;
  if (const auto state = params.choice("state", {"guest", "session"})) filter.has_session = *state;
  filter.place = read_place(params, view.snapshot);
  if (params.error()) return params.refused();
  const Clients::Page page = parts_.clients.list(filter, cursor, limit.value_or(kDefaultPage));
  Json clients = Json::array();
  for (const SeenClient* client : page.clients) clients.push_back(view.json(*client));
  Json result{{"clients", std::move(clients)},
              {"next_cursor", nullptr},
              {"known", parts_.clients.size()},
              {"capacity", parts_.clients.capacity()},
              {"displaced", parts_.clients.displaced()}};
  if (page.next) result["next_cursor"] = cursor_text(*page.next);
  return result;
}

Outcome ClientMethods::client_get(const Json& given) {
  const auto named = read_named(given);
  if (!named) return tl::unexpected{named.error()};
  const SeenClient* client = parts_.clients.find(named->key);
  if (client == nullptr) {
    return tl::unexpected{rpc::not_found(
        fmt::format("{} was not seen; it is known once it has spoken ARP, ND or DHCP",
                    net::to_string(named->key.mac)))};
  }
  return Json{{"client", now().json(*client)}};
}

Outcome ClientMethods::session_get(const Json& given) {
  const auto named = read_named(given);
  if (!named) return tl::unexpected{named.error()};
  const auto view = parts_.sessions.find(parts_.keys.find(named->key));
  const std::string mac = net::to_string(named->key.mac);
  if (!view) {
    return tl::unexpected{rpc::not_found(
        named->by_ip
            ? fmt::format("{} is {}, which has no session", net::to_string(*named->by_ip), mac)
            : fmt::format("{} has no session", mac))};
  }
  return Json{{"session", session_json(*view, parts_.keys)},
              {"generation", parts_.sessions.generation()}};
}

}  // namespace gate511::control
