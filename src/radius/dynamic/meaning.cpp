// SPDX-License-Identifier: BSD-3-Clause
#include "radius/dynamic/meaning.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "radius/client/address.hpp"
#include "radius/guests.hpp"
#include "radius/terms.hpp"

namespace gate511::radius {
namespace {

using namespace attribute;  // NOLINT(google-build-using-namespace)

/// What names the gateway or a session, or is no part of what is asked.
constexpr std::array kNaming{
    kUserName,       kCallingStationId, kAcctSessionId,  kNasIdentifier, kNasIpAddress,
    kNasIpv6Address, kNasPort,          kNasPortId,      kNasPortType,   kMessageAuthenticator,
    kEventTimestamp, kProxyState,       kCalledStationId};
/// What a CoA may set.
constexpr std::array kSetting{kSessionTimeout,   kIdleTimeout,    kBandwidthMaxUp,
                              kBandwidthMaxDown, kMaxTotalOctets, kMaxTotalGigawords};

template <typename All>
bool is_in(const All& all, AttributeId id) {
  return std::find(all.begin(), all.end(), id) != all.end();
}

/// One by which a server may know this gateway: `nas.address`, or where it sends its requests to.
bool is_ours(const Config& config, int family, Bytes value) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(family, value.data(), text.data(), text.size()) == nullptr) return false;
  const auto is_it = [&text](const std::string& host) {
    const auto address = SocketAddress::parse(host, 0);
    return address && address->host() == text.data();
  };
  return is_it(config.nas_address) || is_it(config.coa_listen.host);
}

bool is_for_us(const Packet& request, const Config& config) {
  const auto identifier = request.text(kNasIdentifier);
  const auto v4 = request.find(kNasIpAddress);
  const auto v6 = request.find(kNasIpv6Address);
  return (!identifier || *identifier == config.identifier) &&
         (!v4 || is_ours(config, AF_INET, *v4)) && (!v6 || is_ours(config, AF_INET6, *v6));
}

/// As the server was told: by accounting, and by an Access-Request.
const Place& told_place(const Known& known) {
  return known.told.link.empty() ? known.place : known.told;
}

bool fits(const Known& known, const Packet& request) {
  const auto station = request.text(kCallingStationId);
  const auto user = request.text(kUserName);
  const auto port = request.integer(kNasPort);
  const auto port_name = request.text(kNasPortId);
  const Place& place = told_place(known);
  return (!station || read_mac(*station) == known.place.mac) &&
         (!user || *user == (known.full_user.empty() ? known.user : known.full_user)) &&
         (!port || *port == place.vlan) && (!port_name || *port_name == port_id(place));
}

}  // namespace

std::optional<ErrorCause> wrong_with(const Packet& request, const Config& config) {
  const bool is_change = request.code() == Code::kCoaRequest;
  bool sets = false;
  for (const Attribute& attribute : request.attributes()) {
    // Authorize Only, and what else is a service (RFC 5176, 3.2).
    if (attribute.id == kServiceType) return ErrorCause::kUnsupportedService;
    const bool is_setting = is_change && is_in(kSetting, attribute.id);
    if (!is_setting && !is_in(kNaming, attribute.id)) return ErrorCause::kUnsupportedAttribute;
    sets = sets || is_setting;
  }
  if (!is_for_us(request, config)) return ErrorCause::kNasMismatch;
  if (is_change && !sets) return ErrorCause::kMissingAttribute;
  // No time at all: a Disconnect says that.
  if (request.integer(kSessionTimeout) == 0U) return ErrorCause::kInvalidValue;
  return std::nullopt;
}

tl::expected<Known, ErrorCause> session_of(const Packet& request, const Directory& directory) {
  const auto id = read_acct_session_id(request.text(kAcctSessionId).value_or(""));
  const auto station = request.text(kCallingStationId);
  const auto user = request.text(kUserName);
  if (request.find(kAcctSessionId) && !id) return tl::unexpected{ErrorCause::kNoSession};
  const auto mac = station ? read_mac(*station) : std::nullopt;
  if (station && !mac) return tl::unexpected{ErrorCause::kInvalidValue};
  std::vector<Known> found;
  if (id) {
    auto known = directory.find(id->id);
    if (known && known->created_at == id->created_at) found.push_back(std::move(*known));
  } else if (mac) {
    found = directory.of_mac(*mac);
  } else if (user) {
    found = directory.of_user(plain_name(*user));
  } else {
    return tl::unexpected{ErrorCause::kMissingAttribute};
  }
  std::erase_if(found, [&request](const Known& known) { return !fits(known, request); });
  if (found.empty()) return tl::unexpected{ErrorCause::kNoSession};
  if (found.size() > 1) return tl::unexpected{ErrorCause::kSeveralSessions};
  return found.front();
}

}  // namespace gate511::radius
