// SPDX-License-Identifier: BSD-3-Clause
#include "control/session_json.hpp"

#include <fmt/format.h>

#include <array>

#include "control/bind_ip.hpp"
#include "control/config.hpp"
#include "net/mac.hpp"
#include "table/policer.hpp"

namespace gate511::control {
namespace {

constexpr std::uint64_t kMaxUnix_s = 9'999'999'999;  // the year 2286; times 1e9 fits 64 bits
constexpr std::uint64_t kMaxVlan = 4094;

/// `text` is valid UTF-8 without control characters: Params::text() has seen to it.
void append_text(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

void append_number(std::string& out, std::string_view name, std::uint64_t number) {
  const fmt::format_int digits{number};
  out.append(name).append(digits.data(), digits.size());
}

/// Null if it never was.
void append_seen(std::string& out, std::string_view name, std::uint64_t unix_s) {
  if (unix_s != 0) return append_number(out, name, unix_s);
  out.append(name).append("null");
}

void append(std::string& out, const SessionRef& view, bool key_has_vlan, bool lives) {
  const SessionRecord& record = view.record;
  out += R"({"bind_ip":)";
  append_bind_ip(out, record.bound.get());
  append_number(out, R"(,"bytes_down":)", view.traffic.bytes_down);
  append_number(out, R"(,"bytes_up":)", view.traffic.bytes_up);
  out += R"(,"class":)";
  append_text(out, record.service_class);
  append_number(out, R"(,"created_at":)", record.created_unix_s);
  if (lives && view.expires_at_s == 0) out += R"(,"expires_at":null)";
  if (lives && view.expires_at_s != 0) append_number(out, R"(,"expires_at":)", view.expires_at_s);
  append_seen(out, R"(,"first_seen":)", view.first_seen_s);
  append_number(out, R"(,"id":)", record.id);
  append_number(out, R"(,"idle_s":)", record.idle_s);
  append_seen(out, R"(,"last_seen":)", view.last_seen_s);
  out += R"(,"mac":")";
  out += net::to_string(record.key.mac());
  append_number(out, R"(","packets_down":)", view.traffic.packets_down);
  append_number(out, R"(,"packets_up":)", view.traffic.packets_up);
  append_number(out, R"(,"quota_bytes":)", record.quota_bytes);
  append_number(out, R"(,"rate_down_bps":)", record.rate_down_bps);
  append_number(out, R"(,"rate_up_bps":)", record.rate_up_bps);
  out.append(R"(,"state":")").append(state_name(record.state)).append(R"(","tag":)");
  append_text(out, record.tag);
  if (lives) append_number(out, R"(,"ttl_s":)", view.ttl_s);
  out += R"(,"user":)";
  append_text(out, record.user);
  if (key_has_vlan) append_number(out, R"(,"vlan":)", record.key.vlan());
  out.push_back('}');
}

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

void append_session(std::string& out, const SessionRef& view, bool key_has_vlan) {
  append(out, view, key_has_vlan, true);
}

void append_ended_session(std::string& out, const SessionRef& view, bool key_has_vlan) {
  append(out, view, key_has_vlan, false);
}

Json session_json(const SessionRef& view, bool key_has_vlan) {
  std::string text;
  append_session(text, view, key_has_vlan);
  return Json::parse(text);
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
  fields.rate_up_bps = params.integer("rate_up_bps", 0, table::Policer::kMaxRate_bps);
  fields.rate_down_bps = params.integer("rate_down_bps", 0, table::Policer::kMaxRate_bps);
  fields.idle_s = params.integer("idle_s", 0, SessionsConfig::kMaxTtl_s);
  fields.quota_bytes = params.integer("quota_bytes", 0, kMaxQuota_bytes);
  fields.service_class = params.text("class", kMaxClass);
  fields.bind_ip = read_bind_ip(params);
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
