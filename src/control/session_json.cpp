// SPDX-License-Identifier: BSD-3-Clause
#include "control/session_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "control/bind_ip.hpp"
#include "control/config.hpp"
#include "net/frame.hpp"
#include "net/mac.hpp"
#include "table/policer.hpp"

namespace gate511::control {
namespace {

constexpr std::uint64_t kMaxUnix_s = 9'999'999'999;  // the year 2286; times 1e9 fits 64 bits

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

void append(std::string& out, const SessionRef& view, const SessionKeys& keys, bool lives) {
  const SessionRecord& record = view.record;
  out += R"({"bind_ip":)";
  append_bind_ip(out, record.bound.get());
  append_number(out, R"(,"bytes_down":)", view.traffic.bytes_down);
  append_number(out, R"(,"bytes_up":)", view.traffic.bytes_up);
  out += R"(,"class":)";
  append_text(out, record.texts.service_class());
  append_number(out, R"(,"created_at":)", record.created_unix_s);
  if (lives && view.expires_at_s == 0) out += R"(,"expires_at":null)";
  if (lives && view.expires_at_s != 0) append_number(out, R"(,"expires_at":)", view.expires_at_s);
  append_seen(out, R"(,"first_seen":)", view.first_seen_s);
  append_number(out, R"(,"id":)", record.id);
  append_number(out, R"(,"idle_s":)", record.idle_s);
  append_seen(out, R"(,"last_seen":)", view.last_seen_s);
  const ClientKey client = keys.client_of(record.key);
  if (keys.has_link()) {
    out += R"(,"link":)";
    append_text(out, keys.links()[client.link]);
  }
  out += R"(,"mac":")";
  out += net::to_string(client.mac);
  append_number(out, R"(","packets_down":)", view.traffic.packets_down);
  append_number(out, R"(,"packets_up":)", view.traffic.packets_up);
  append_number(out, R"(,"quota_bytes":)", record.quota_bytes);
  append_number(out, R"(,"rate_down_bps":)", record.rate_down_bps);
  append_number(out, R"(,"rate_up_bps":)", record.rate_up_bps);
  out.append(R"(,"state":")").append(state_name(record.state)).append(R"(","tag":)");
  append_text(out, record.texts.tag());
  if (lives) append_number(out, R"(,"ttl_s":)", view.ttl_s);
  out += R"(,"user":)";
  append_text(out, record.texts.user());
  if (keys.has_vlan()) append_number(out, R"(,"vlan":)", client.vlan);
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

void append_session(std::string& out, const SessionRef& view, const SessionKeys& keys) {
  append(out, view, keys, true);
}

void append_ended_session(std::string& out, const SessionRef& view, const SessionKeys& keys) {
  append(out, view, keys, false);
}

Json session_json(const SessionRef& view, const SessionKeys& keys) {
  std::string text;
  append_session(text, view, keys);
  return Json::parse(text);
}

namespace {

void refuse_part(Params& params, const char* name, std::string_view key) {
  params.fail(rpc::invalid_params(
      fmt::format("`{}` is no part of a session's key here; leave it out, or set sessions.key = "
                  "\"{}\" in the configuration",
                  name, key)));
}

std::optional<std::uint16_t> read_vlan(Params& params, const char* name, const SessionKeys& keys) {
  const auto vlan = params.integer(name, 0, net::kMaxVlan);
  if (vlan && !keys.has_vlan()) refuse_part(params, name, "mac+vlan");
  if (!vlan) return std::nullopt;
  return static_cast<std::uint16_t>(*vlan);
}

std::optional<std::uint8_t> read_key_link(Params& params, const char* name,
                                          const SessionKeys& keys) {
  if (!keys.has_link()) {
    if (params.has(name)) refuse_part(params, name, "mac+vlan+link");
    return std::nullopt;
  }
  return read_link(params, name, keys.links());
}

}  // namespace

std::optional<net::MacAddress> read_mac(Params& params, const char* name) {
  const auto text = params.text(name, 64);
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
  return mac;
}

std::optional<std::uint8_t> read_link(Params& params, const char* name,
                                      const std::vector<std::string>& links) {
  const auto text = params.text(name, 256);
  if (!text) return std::nullopt;
  const auto found = std::find(links.begin(), links.end(), *text);
  if (found != links.end()) return static_cast<std::uint8_t>(found - links.begin());
  params.fail(rpc::invalid_params(fmt::format("there is no link `{}`; there is {}",
                                              text->substr(0, 64), fmt::join(links, ", "))));
  return std::nullopt;
}

std::optional<ClientKey> read_key(Params& params, const SessionKeys& keys) {
  params.require("mac");
  const std::uint16_t vlan = read_vlan(params, "vlan", keys).value_or(0);
  const auto link = read_key_link(params, "link", keys);
  const auto mac = read_mac(params, "mac");
  if (keys.has_link() && !link && keys.links().size() > 1 && !params.error()) {
    params.fail(rpc::invalid_params(
        fmt::format("`link` is missing, which a session's key has here; give one of {}",
                    fmt::join(keys.links(), ", "))));
  }
  if (!mac || params.error()) return std::nullopt;
  return ClientKey{*mac, vlan, link.value_or(0)};
}

std::optional<ClientKey> read_target(Params& params, const ClientKey& from,
                                     const SessionKeys& keys) {
  const std::uint16_t vlan = read_vlan(params, "to_vlan", keys).value_or(from.vlan);
  const std::uint8_t link = read_key_link(params, "to_link", keys).value_or(from.link);
  const auto mac = params.has("to_mac") ? read_mac(params, "to_mac") : from.mac;
  if (!mac || params.error()) return std::nullopt;
  const ClientKey target{*mac, vlan, link};
  if (target != from) return target;
  params.fail(rpc::invalid_params("give `to_mac`, `to_vlan` or `to_link`, other than they are"));
  return std::nullopt;
}

tl::expected<table::Key, RpcError> make_key(SessionKeys& keys, const ClientKey& client) {
  if (const auto key = keys.make(client)) return *key;
  return tl::unexpected{rpc::pairs_full(
      fmt::format("{} pairs of link and VLAN have had sessions since the start, and no more can; "
                  "use fewer, or start gate511 again if some are not used any more",
                  SessionKeys::kMaxPairs))};
}

void read_filter(Params& params, const SessionKeys& keys, SessionFilter& filter) {
  filter.vlan = read_vlan(params, "vlan", keys);
  filter.link = read_key_link(params, "link", keys);
  if (filter.vlan || filter.link) filter.keys = &keys;
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
