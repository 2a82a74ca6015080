// SPDX-License-Identifier: BSD-3-Clause
#include "control/session_json.hpp"

#include <fmt/format.h>

#include <array>

#include "control/config.hpp"
#include "net/mac.hpp"

namespace gate511::control {
namespace {

constexpr std::uint64_t kMaxUnix_s = 9'999'999'999;  // the year 2286; times 1e9 fits 64 bits
constexpr std::uint64_t kMaxVlan = 4094;

}  // namespace

std::string_view state_name(table::State state) {
  switch (state) {
    case table::State::kRestricted:
      return "restricted";
    case table::State::kBlocked:
      return "blocked";
    default:
      return "authenticated";
  }
}

Json session_json(const SessionView& view, bool key_has_vlan) {
  const SessionRecord& record = view.record;
  Json made{
      {"id", record.id},
      {"mac", net::to_string(record.key.mac())},
      {"state", state_name(record.state)},
      {"tag", record.tag},
      {"user", record.user},
      {"created_at", record.created_unix_s},
      {"ttl_s", view.ttl_s},
      {"expires_at", nullptr},
      {"packets_up", view.traffic.packets_up},
      {"bytes_up", view.traffic.bytes_up},
      {"packets_down", view.traffic.packets_down},
      {"bytes_down", view.traffic.bytes_down},
  };
  if (view.expires_at_s != 0) made["expires_at"] = view.expires_at_s;
  if (key_has_vlan) made["vlan"] = record.key.vlan();
  return made;
}

std::optional<std::uint16_t> read_vlan(Params& params, bool key_has_vlan) {
  const auto vlan = params.integer("vlan", 0, kMaxVlan);
  if (vlan && !key_has_vlan) {
    params.fail(rpc::invalid_params(
        "`vlan` is no part of a session's key here; leave it out, or set sessions.key = "
        "\"mac+vlan\" in the configuration"));
  }
  if (!vlan) return std::nullopt;
  return static_cast<std::uint16_t>(*vlan);
}

std::optional<table::Key> read_key(Params& params, bool key_has_vlan) {
  params.require("mac");
  const auto text = params.text("mac", 64);
  const std::uint16_t vlan = read_vlan(params, key_has_vlan).value_or(0);
  if (!text || params.error()) return std::nullopt;
  const auto mac = net::parse_mac(*text);
  if (!mac) {
    params.fail(rpc::bad_mac(
        fmt::format("`{}` is no MAC address; write it like 02:00:5e:00:53:01", *text)));
    return std::nullopt;
  }
  if (!mac->is_station()) {
    params.fail(
        rpc::bad_mac(fmt::format("{} is {}; give the address of a station", net::to_string(*mac),
                                 mac->is_zero() ? "zero" : "a group address")));
    return std::nullopt;
  }
  return table::Key{*mac, vlan};
}

std::optional<table::State> read_state(Params& params) {
  constexpr std::array kStates{table::State::kAuthenticated, table::State::kRestricted,
                               table::State::kBlocked};
  const auto chosen = params.choice("state", {"authenticated", "restricted", "blocked"});
  if (!chosen) return std::nullopt;
  return kStates.at(*chosen);
}

SessionFields read_fields(Params& params, std::uint64_t unix_s) {
  SessionFields fields;
  fields.state = read_state(params);
  fields.ttl_s = params.integer("ttl_s", 0, SessionsConfig::kMaxTtl_s);
  fields.expires_at_s = params.integer("expires_at", 0, kMaxUnix_s);
  fields.tag = params.text("tag", kMaxTag);
  fields.user = params.text("user", kMaxUser);
  if (fields.ttl_s && fields.expires_at_s)
    params.fail(rpc::invalid_params("`ttl_s` and `expires_at` are given; give one of them"));
  if (fields.expires_at_s && *fields.expires_at_s <= unix_s) {
    params.fail(rpc::invalid_params(
        fmt::format("`expires_at` {} is past: it is {} now", *fields.expires_at_s, unix_s)));
  }
  return fields;
}

}  // namespace gate511::control
