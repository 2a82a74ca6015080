// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/ndjson.hpp"

#include <array>

namespace gate511::ctl {
namespace {

/// What defines a session, in the order of a line. The end and `ttl_s` are apart.
constexpr std::array kBefore{"mac", "vlan", "link", "state"};
constexpr std::array kAfter{"idle_s", "rate_up_bps", "rate_down_bps", "quota_bytes",
                            "tag",    "user",        "class",         "bind_ip"};

/// Zero, empty and null are what a session has without being told. A VLAN is told by its being
/// there.
bool is_said(const Json& session, const char* name) {
  const auto found = session.find(name);
  if (found == session.end() || found->is_null()) return false;
  if (std::string_view{name} == "vlan") return true;
  if (const auto* const text = found->get_ptr<const std::string*>()) return !text->empty();
  return *found != 0 && *found != false;
}

}  // namespace

std::string to_line(const Json& session) {
  std::string line = "{";
  const auto add = [&line](const char* name, const Json& value) {
    line += (line.size() == 1 ? "\"" : ",\"") + std::string{name} +
            "\":" + value.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  for (const char* name : kBefore) {
    if (is_said(session, name)) add(name, session.at(name));
  }
  if (is_said(session, "expires_at")) {
    add("expires_at", session.at("expires_at"));
  } else {
    add("ttl_s", 0);
  }
  for (const char* name : kAfter) {
    if (is_said(session, name)) add(name, session.at(name));
  }
  return line + "}";
}

tl::expected<Json, std::string> from_line(std::string_view line) {
  Json session = Json::parse(line, nullptr, false);
  if (session.is_discarded()) return tl::unexpected{std::string{"is no JSON"}};
  if (!session.is_object()) return tl::unexpected{std::string{"is no JSON object"}};
  const auto mac = session.find("mac");
  if (mac == session.end()) return tl::unexpected{std::string{"has no `mac`"}};
  if (!mac->is_string()) return tl::unexpected{"`mac` is " + mac->dump() + ", not text"};
  for (const auto& [name, value] : session.items()) {
    // Nothing of a session is deep, and what is might be deeper than our stack.
    for (const Json& inner : value) {
      if (value.is_structured() && inner.is_structured())
        return tl::unexpected{"`" + name + "` is no value"};
    }
  }
  if (session.contains("sessions")) return tl::unexpected{std::string{"is not one session"}};
  return session;
}

}  // namespace gate511::ctl
