// SPDX-License-Identifier: BSD-3-Clause
//
// explain: what would happen to a client's frames now, and why.
#include <fmt/format.h>

#include "control/bind_ip.hpp"
#include "control/explain_request.hpp"
#include "control/params.hpp"
#include "control/service_clients.hpp"
#include "control/session_json.hpp"
#include "policy/rule_probes.hpp"

namespace gate511::control {
namespace {

policy::ZoneRef zone_of(const policy::Snapshot& snapshot, std::uint8_t link, std::uint16_t vlan) {
  return snapshot.links[link].zone_of_vlan[vlan];
}

std::string end_of(const SessionView& view) {
  return view.expires_at_s == 0 ? std::string{"has no end"}
                                : fmt::format("ends in {} s", view.ttl_s);
}

std::string session_sentence(const SessionView& view) {
  const auto sentence = [&view](std::string_view what) {
    return fmt::format("session {} {}, and it {}", view.record.id, what, end_of(view));
  };
  switch (view.record.state) {
    case table::State::kRestricted:
      return sentence("is restricted: its client is treated as a guest");
    case table::State::kBlocked:
      return sentence("is blocked: every frame of its client is dropped");
    default:
      return sentence(view.record.bound ? "lets its client pass with its own addresses"
                                        : "lets every frame of its client pass");
  }
}

std::string seen_sentence(const SeenClient* client, const ClientView& view) {
  if (client == nullptr) return "it was not seen: it has not spoken ARP, ND or DHCP";
  std::vector<std::string> addresses;
  for (const SeenAddress& address : client->addresses) {
    addresses.push_back(
        fmt::format("{} ({})", net::to_string(address.address), source_name(address.source)));
  }
  return fmt::format(
      "it was last seen {} s ago on link {}, {}, with {}",
      (view.clock.boot_ns() - client->last_ns) / kNsPerSecond, view.link_name(client->link),
      vlan_name(client->vlan),
      addresses.empty() ? "no address" : fmt::format("{}", fmt::join(addresses, ", ")));
}

std::string told_sentence(net::CapportOutcome outcome, std::string_view carrier,
                          std::uint64_t ago_s, std::string_view why) {
  switch (outcome) {
    case net::CapportOutcome::kInserted:
      return fmt::format("it was told of the portal's API by {} {} s ago", carrier, ago_s);
    case net::CapportOutcome::kPresent:
      return fmt::format("it was told of an API by {} {} s ago, not by the gateway: {}", carrier,
                         ago_s, why);
    default:
      return fmt::format("it was not told of the portal's API by {} {} s ago: {}", carrier, ago_s,
                         why);
  }
}

/// What was told last by each carrier, and what it was not told.
void explain_capport(const policy::Zone& zone, policy::Enforce enforce, const ToldByCarrier& told,
                     std::uint64_t now_ns, Json& why, Json& result) {
  const std::string_view uri = zone.capport.uri();
  result["api_url"] = uri.empty() ? Json(nullptr) : Json(uri);
  if (uri.empty()) {
    why.push_back("it is told of no API of the portal: portal.api_url is not set");
  } else if (enforce != policy::Enforce::kOn) {
    why.push_back("it is told of no API of the portal: nothing is enforced in its zone");
  }
  bool is_told = false;
  for (std::size_t i = 0; i < told.size(); ++i) {
    const net::CapportCarrierInfo& carrier = net::kCapportCarrierInfo[i];
    result[std::string{carrier.name}] = nullptr;
    if (told[i].at_ns == 0) continue;
    is_told = true;
    const net::CapportOutcomeInfo& outcome =
        net::kCapportOutcomeInfo[static_cast<std::size_t>(told[i].outcome)];
    const std::uint64_t ago_s = (now_ns - std::min(now_ns, told[i].at_ns)) / kNsPerSecond;
    result[std::string{carrier.name}] = {{"outcome", outcome.name}, {"ago_s", ago_s}};
    why.push_back(told_sentence(told[i].outcome, carrier.words, ago_s, outcome.sentence));
  }
  if (!uri.empty() && enforce == policy::Enforce::kOn && !is_told)
    why.push_back("no answer has passed to it that could tell it of the portal's API");
}

std::string_view fate_name(policy::Fate fate) {
  switch (fate) {
    case policy::Fate::kForwarded:
      return "forwarded";
    case policy::Fate::kHeld:
      return "held";
    case policy::Fate::kAnswered:
      return "answered";
    case policy::Fate::kDropped:
      break;
  }
  return "dropped";
}

Json rule_json(std::string_view traffic, policy::Verdict verdict) {
  const policy::VerdictInfo& info = policy::info(verdict);
  return {{"traffic", traffic},
          {"fate", fate_name(info.fate)},
          {"verdict", info.name},
          {"sentence", info.sentence}};
}

}  // namespace

Outcome ClientMethods::explain(const Json& given) {
  const ClientView view = now();
  Params params{given, {"mac", "vlan", "link", "request"}};
  std::optional<std::string> request;
  if (const auto text = params.text("request", (kMaxRequest + 2) / 3 * 4)) {
    request = decode_base64(*text);
    if (!request) {
      params.fail(rpc::invalid_params(fmt::format(
          "`request` must be base64 of 1 to {} bytes: the request as it is sent", kMaxRequest)));
    }
  }
  const Place place = read_place(params, view.snapshot);
  // What is no part of the key still says by which zone's rules.
  Json named = given;
  if (named.is_object()) {
    named.erase("request");
    if (!parts_.keys.has_vlan()) named.erase("vlan");
    if (!parts_.keys.has_link()) named.erase("link");
  }
  Params key_params{named, {"mac", "vlan", "link"}};
  const auto key = params.error() ? std::nullopt : read_key(key_params, parts_.keys);
  if (key_params.error() && !params.error()) params.fail(*key_params.error());
  if (params.error() || !key) return tl::unexpected{*params.error()};

  const SeenClient* client = parts_.clients.find(*key);
  const std::uint8_t link = place.link.value_or(client != nullptr ? client->link : key->link);
  const std::uint16_t vlan = place.vlan.value_or(client != nullptr ? client->vlan : key->vlan);
  const policy::ZoneRef zone_ref = zone_of(view.snapshot, link, vlan);
  const policy::Zone& zone = view.snapshot.zone(zone_ref);
  const auto session = parts_.sessions.find(parts_.keys.find(*key));
  const table::State state = session ? session->record.state : table::State::kNone;

  Json rules = Json::array();
  if (zone_ref.enforce == policy::Enforce::kOff) {
    rules.push_back(rule_json("all", policy::Verdict::kUnenforced));
  } else if (table::is_authenticated(state)) {
    rules.push_back(rule_json("all", policy::Verdict::kSession));
  } else if (state == table::State::kBlocked) {
    rules.push_back(rule_json("all", policy::Verdict::kBlocked));
  } else {
    for (const policy::RuleProbe& rule : policy::probe_rules(
             {zone, *parts_.shared.opened.load(std::memory_order_acquire), parts_.shared.permits,
              parts_.shared.unix_s.load(std::memory_order_relaxed), link,
              parts_.shared.dhcp_servers}))
      rules.push_back(rule_json(rule.traffic, rule.verdict));
  }
  Json why = Json::array();
  why.push_back(session ? session_sentence(*session)
                        : std::string{"it has no session, so it is a guest"});
  if (session && session->record.bound)
    why.push_back(bound_sentence(session->record.bound->binding.addresses()));
  why.push_back(fmt::format("zone {} holds for it: link {}, {}", zone.name, view.link_name(link),
                            vlan_name(vlan)));
  if (zone_ref.enforce == policy::Enforce::kOff)
    why.push_back(fmt::format("zone {} enforces nothing: every frame passes", zone.name));
  if (zone_ref.enforce == policy::Enforce::kMonitor) {
    why.push_back(fmt::format(
        "zone {} is only monitored: every frame passes, and is counted by these rules", zone.name));
  }
  why.push_back(seen_sentence(client, view));
  Json capport = Json::object();
  explain_capport(zone, zone_ref.enforce, parts_.announcements.told(client, link, vlan),
                  parts_.clock.boot_ns(), why, capport);
  Json result{
      {"mac", net::to_string(key->mac)},
      {"vlan", vlan},
      {"link", view.link_name(link)},
      {"zone", zone.name},
      {"state", view.state_of(*key)},
      {"why", std::move(why)},
      {"rules", std::move(rules)},
      {"capport", std::move(capport)},
      {"session", session ? session_json(*session, parts_.keys) : Json(nullptr)},
      {"client", client != nullptr ? view.json(*client) : Json(nullptr)},
      {"generation", parts_.sessions.generation()},
  };
  if (request) result["request"] = explain_request(zone, *request);
  return result;
}

}  // namespace gate511::control
