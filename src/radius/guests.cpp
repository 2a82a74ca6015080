// SPDX-License-Identifier: BSD-3-Clause
#include "radius/guests.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "logging/escape.hpp"
#include "logging/log.hpp"

namespace gate511::radius {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kCallCheck = 10;     // Service-Type, RFC 2865, 5.6
constexpr std::uint32_t kWireless = 19;      // NAS-Port-Type, RFC 2865, 5.41: IEEE 802.11
constexpr milliseconds kAskedFor{60'000};    // longer than any answer takes
constexpr milliseconds kAcceptedFor{5'000};  // the session shows soon
constexpr milliseconds kUnansweredFor{10'000};

void add_nas_address(Attributes& attributes, const std::string& address) {
  std::array<std::byte, 16> bytes{};
  if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1)
    attributes.add(attribute::kNasIpAddress, Bytes{bytes}.first(4));
  else if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1)
    attributes.add(attribute::kNasIpv6Address, Bytes{bytes});
}

}  // namespace

std::string port_id(const Place& place) {
  return place.vlan == 0 ? place.link : fmt::format("{}.{}", place.link, place.vlan);
}

Attributes place_attributes(const Config& config, const Place& place, const std::string& user) {
  Attributes attributes;
  attributes.add(attribute::kUserName, user);
  attributes.add(attribute::kCallingStationId, written(place.mac, config.mac.form));
  attributes.add(attribute::kNasIdentifier, config.identifier);
  add_nas_address(attributes, config.nas_address);
  attributes.add(attribute::kNasPortType, kWireless);
  if (place.link.empty()) return attributes;  // not known
  attributes.add(attribute::kNasPort, std::uint32_t{place.vlan});
  attributes.add(attribute::kNasPortId, port_id(place));
  return attributes;
}

Attributes request_attributes(const Config& config, const Place& place, const std::string& user,
                              std::uint32_t service_type) {
  Attributes attributes = place_attributes(config, place, user);
  attributes.add(attribute::kServiceType, service_type);
  return attributes;
}

nlohmann::json session_params(const Config& config, const Terms& terms, const std::string& user) {
  nlohmann::json params = terms.json();
  if (!terms.ttl_s) params["ttl_s"] = config.ttl_s;
  if (!terms.idle_s) params["idle_s"] = config.idle_s;
  if (!params.contains("user")) params["user"] = plain_name(user);
  for (const char* const name : {"rate_up_bps", "rate_down_bps", "quota_bytes"}) {
    if (!params.contains(name)) params[name] = 0;
  }
  params["tag"] = config.tag;
  return params;
}

Guests::Guests(Parts parts)
    : parts_{std::move(parts)},
      known_{parts_.config.mac.remembered},
      away_{parts_.config.mac.remembered},
      accepted_{parts_.config.mac.remembered},
      budget_{parts_.config.mac.per_second, parts_.config.mac.in_flight, parts_.clock()} {}

void Guests::remember(const Place& place, milliseconds time) {
  known_.put(place, parts_.clock() + time);
}

/// By its MAC, wherever it turns up.
void Guests::sent_away(const std::string& mac) {
  away_.put(mac, parts_.clock() + seconds{parts_.config.mac.reject_for_s});
}

void Guests::stays(const std::string& mac) {
  away_.drop(mac);
}

bool Guests::is_away(const std::string& mac, Time now) {
  const Time* const until = away_.find(mac);
  return until != nullptr && now < *until;
}

void Guests::seen(const std::vector<Guest>& guests) {
  const MacConfig& config = parts_.config.mac;
  if (!config.is_on) return;
  for (const Guest& guest : guests) {
    const bool is_wanted =
        config.zones.empty() ||
        std::find(config.zones.begin(), config.zones.end(), guest.zone) != config.zones.end();
    if (!is_wanted || guest.place.mac.empty()) continue;
    ++counts_.seen;
    const Time now = parts_.clock();
    const Time* const until = known_.find(guest.place);
    if ((until != nullptr && now < *until) || is_away(guest.place.mac, now)) {
      ++counts_.known;
    } else if (!budget_.take({guest.place.link, guest.place.vlan},
                             accepted_.find(guest.place) != nullptr, now)) {
      ++counts_.over_budget;
      logging::say(logging::Level::kWarning, "over_budget",
                   fmt::format("mac: more new guests than {}'s share of mac.per_second and "
                               "mac.in_flight; the last left out: {}",
                               port_id(guest.place), guest.place.mac));
    } else {
      ask(guest);
    }
  }
}

void Guests::ask(const Guest& guest) {
  const Place& place = guest.place;
  const std::string user = written(place.mac, parts_.config.mac.user_form);
  Request request;
  request.attributes = request_attributes(parts_.config, place, user, kCallCheck);
  request.about = user;
  request.credentials.kind = Credentials::Kind::kPap;
  request.credentials.password = parts_.password.empty() ? user : parts_.password;
  remember(place, kAskedFor);
  ++counts_.asked;
  parts_.exchange.send(std::move(request), [this, place](const Exchange::Result& result) {
    budget_.done({place.link, place.vlan});
    take(place, result);
  });
}

void Guests::take(const Place& place, const Exchange::Result& result) {
  if (!result && result.error() != Exchange::Failure::kUnusable) {
    ++counts_.unanswered;
    remember(place, kUnansweredFor);
    logging::say(logging::Level::kWarning, "unanswered",
                 fmt::format("mac: no server has answered for {}; see to [[server]]", place.mac));
    return;
  }
  if (result && (*result)->code() == Code::kAccessAccept) {
    const Terms terms = Terms::of(**result);
    if (!terms.grants_nothing) return accepted(place, terms);
  }
  // A challenge is for people: there is nobody here to answer it.
  ++counts_.rejected;
  remember(place, seconds{parts_.config.mac.reject_for_s});
}

/// `state` is left out, and so is all else of a session that somebody has opened meanwhile: a
/// voucher's, or an operator's who blocks.
void Guests::accepted(const Place& place, const Terms& terms) {
  if (is_away(place.mac, parts_.clock())) {
    ++counts_.sent_away;
    return remember(place, kAcceptedFor);
  }
  ++counts_.accepted;
  accepted_.put(place, true);
  if (parts_.on_accept) parts_.on_accept(place, terms);
  const std::string user = written(place.mac, parts_.config.mac.user_form);
  nlohmann::json params = session_params(parts_.config, terms, user);
  params["only_new"] = true;
  parts_.changes.add(place, std::move(params),
                     [this, place](const Changes::Result& result) { opened(place, result); });
}

void Guests::opened(const Place& place, const Changes::Result& result) {
  if (result) {
    ++counts_.opened;
    return remember(place, kAcceptedFor);
  }
  if (result.error().reason == "EXISTS") return look_whose_it_is(place);
  ++counts_.not_opened;
  if (parts_.on_unused) parts_.on_unused(place);
  remember(place, kUnansweredFor);
  logging::say(logging::Level::kError, "not_opened",
               fmt::format("mac: {} is accepted, and has no session: {}; see to the gateway",
                           place.mac, logging::escaped(result.error().message)));
}

/// It is this one where the connection broke before the gateway's answer, and it was asked again.
void Guests::look_whose_it_is(const Place& place) {
  parts_.changes.call(
      "session.get", place, nlohmann::json::object(), [this, place](const Changes::Result& found) {
        const auto session =
            found ? found->value("session", nlohmann::json::object()) : nlohmann::json::object();
        remember(place, kAcceptedFor);
        if (text_of(session, "tag") == parts_.config.tag) {
          ++counts_.opened;
          return;
        }
        ++counts_.already;
        if (parts_.on_unused) parts_.on_unused(place);
      });
}

}  // namespace gate511::radius
