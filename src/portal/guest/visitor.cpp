// SPDX-License-Identifier: BSD-3-Clause
#include "portal/guest/visitor.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

using Why = Stranger::Why;

constexpr std::chrono::hours kPatience{24 * 365};
constexpr UnixTime kTicketAge_s = 3600;
constexpr UnixTime kMaxSkew_s = 60;

tl::unexpected<Stranger> stranger(Why why) {
  return tl::unexpected{Stranger{why, {}, {}}};
}

std::uint32_t random_nonce() {
  std::uint32_t nonce = 0;
  std::memcpy(&nonce, random_bytes(sizeof nonce).data(), sizeof nonce);
  return nonce;
}

}  // namespace

std::string text_of(const GatewayError& error) {
  switch (error.kind) {
    case GatewayError::Kind::kNoRights:
      return error.message +
             "; put the portal's user into the gateway's control.group, or give its certificate "
             "\"change\" in control.tls_clients";
    case GatewayError::Kind::kUnreachable:
      return error.message +
             "; see that gate511 runs, what [gateway] says, and for TLS the gateway's "
             "control.tls_clients";
    case GatewayError::Kind::kUncertain:
      return error.message +
             "; see that gate511 runs, and for TLS its control.tls_clients; what was asked "
             "of it may have been done";
    default:
      return error.message + "; see `gate511ctl health`";
  }
}

Visitors::Visitors(const std::vector<std::string>& secrets, Gateway& gateway, Log& log)
    : verifier_{secrets},
      patient_{secrets, kPatience},
      seal_{secrets},
      gateway_{gateway},
      log_{log} {}

Stranger Visitors::of(const GatewayError& error, const std::string& address) {
  if (error.kind == GatewayError::Kind::kNotFound) return {Why::kUnknown, {}, {}};
  if (error.kind == GatewayError::Kind::kConflict) {
    log_.say("client",
             fmt::format("several claim {}: {}", for_log(address), for_log(error.message)));
    return {Why::kConflict, {}, {}};
  }
  log_.say("gateway", text_of(error));
  return {Why::kNoGateway, {}, {}};
}

Visitors::Result Visitors::by_address(const std::string& address) {
  if (!gateway_.config().sees_addresses) return stranger(Why::kNoLink);
  auto client = gateway_.client_at(address);
  if (!client) return tl::unexpected{of(client.error(), address)};
  return Visitor{std::move(*client), random_nonce(), {}, address};
}

Visitors::Result Visitors::check(Visitor visitor, const std::string& address,
                                 const std::string& signed_for) {
  visitor.address = address;
  if (!gateway_.config().sees_addresses) return visitor;
  // Of another gateway's clients this one knows no address, or another's who has the same.
  if (visitor.gateway != 0 && visitor.gateway != gateway_.own_number()) return visitor;
  auto client = gateway_.client_at(address);
  if (client && client->mac == visitor.client.mac) {
    visitor.client = std::move(*client);
    return visitor;
  }
  if (client) {
    log_.say("link", fmt::format("it is {}'s, and came from {}, which is {}: refused",
                                 visitor.client.mac, for_log(address), client->mac));
    return stranger(Why::kOther);
  }
  // The gateway has not seen it speak since its start; but it has signed who that was.
  if (client.error().kind == GatewayError::Kind::kNotFound && address == signed_for) return visitor;
  return tl::unexpected{of(client.error(), address)};
}

Visitors::Result Visitors::arrive(std::string_view target, const std::string& address) {
  const std::string_view query = query_of(target);
  if (!raw_parameter(query, "t") && query.find("t=") == query.npos) return by_address(address);
  auto link = verifier_.verify_query(query);
  if (!link) {
    log_.say("link", fmt::format("from {}: {}", for_log(address), text_of(link.error())));
    const auto old = link.error() == LinkFault::kExpired
                         ? patient_.verify_query(query)
                         : tl::expected<LoginLink, LinkFault>{tl::unexpect, LinkFault::kForged};
    if (old) return tl::unexpected{Stranger{Why::kExpired, old->return_url, old->mac}};
    return stranger(link.error() == LinkFault::kExpired ? Why::kExpired : Why::kForged);
  }
  const std::string signed_for = link->address_text();
  return check(
      {{link->mac, link->vlan, {}}, link->nonce, std::move(link->return_url), {}, 0, link->gateway},
      address, signed_for);
}

std::string Visitors::ticket(std::string_view purpose, const Visitor& visitor, UnixTime now) const {
  const nlohmann::json text{visitor.client.mac,  visitor.client.vlan,
                            visitor.client.link, visitor.made == 0 ? now : visitor.made,
                            visitor.nonce,       visitor.return_url,
                            visitor.address,     visitor.gateway};
  return seal_.seal(purpose, text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Visitors::Result Visitors::return_with(std::string_view purpose, std::string_view ticket,
                                       const std::string& address, UnixTime now) {
  const auto text = seal_.open(purpose, ticket);
  if (!text) {
    log_.say("form", fmt::format("from {}: it is none of the portal's", for_log(address)));
    return stranger(Why::kOldForm);
  }
  const auto read = nlohmann::json::parse(*text);  // it is our own
  const auto made = read.at(3).get<UnixTime>();
  if (made > now + kMaxSkew_s || now > made + kTicketAge_s) return stranger(Why::kOldForm);
  Visitor visitor{{read.at(0).get<std::string>(), read.at(1).get<std::uint16_t>(),
                   read.at(2).get<std::string>()},
                  read.at(4).get<std::uint32_t>(),
                  read.at(5).get<std::string>(),
                  {},
                  made,
                  read.at(7).get<std::uint8_t>()};
  return check(std::move(visitor), address, read.at(6).get<std::string>());
}

}  // namespace gate511::portal
