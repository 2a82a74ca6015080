// SPDX-License-Identifier: BSD-3-Clause
#include "control/stored_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace gate511::control {
namespace {

constexpr const char* kCarryOver =
    "{} and start, `gate511ctl export` to a file, {}, and `gate511ctl import` it with another "
    "`sessions.store`";

/// What it says itself. A store of before it did is known by its sessions: by MAC and VLAN alike,
/// where none is on a VLAN.
std::string_view kind_of(const store::Restored& restored, const SessionKeys& keys) {
  if (!restored.keyed_by.empty()) return restored.keyed_by;
  const auto& all = restored.sessions;
  if (std::ranges::any_of(all, [](const auto& one) { return !one.session.link.empty(); }))
    return kKeyKinds[2];
  if (std::ranges::any_of(all, [](const auto& one) { return one.session.key.number() != 0; }))
    return kKeyKinds[1];
  return keys.has_link() ? kKeyKinds[0] : keys.kind_name();
}

/// Of an export's lines.
std::string_view what_to_edit(std::string_view from, std::string_view to) {
  const bool had_vlan = from != kKeyKinds[0], had_link = from == kKeyKinds[2];
  const bool has_vlan = to != kKeyKinds[0], has_link = to == kKeyKinds[2];
  if (has_link) {
    return had_vlan ? "give each line the `link` that it is to hold on"
                    : "give each line the `link` and the `vlan` that it is to hold on";
  }
  if (has_vlan) {
    return had_link ? "take `link` out of each line"
                    : "give each line the `vlan` that it is to hold on";
  }
  return had_link ? "take `vlan` and `link` out of each line" : "take `vlan` out of each line";
}

tl::expected<table::Key, Error> key_of(const store::Session& session, SessionKeys& keys) {
  ClientKey client{session.key.mac(), session.key.number()};
  const std::string who =
      fmt::format("session {} of {}{}", session.id, net::to_string(client.mac),
                  client.vlan == 0 ? std::string{} : fmt::format(" on VLAN {}", client.vlan));
  if (keys.has_link()) {
    const auto link = keys.link_named(session.link);
    if (!link) {
      return tl::unexpected{Error{
          {},
          fmt::format("the store holds {}, link {}, which is no link here", who, session.link),
          fmt::format(kCarryOver, "set [[link]] as it was",
                      fmt::format("give the lines of link {} another `link`, or take them out",
                                  session.link))}};
    }
    client.link = *link;
  }
  const auto key = keys.make(client);
  if (key) return *key;
  return tl::unexpected{
      Error{{},
            fmt::format("the store holds {}, and more pairs of link and VLAN than the {} that can "
                        "have sessions",
                        who, SessionKeys::kMaxPairs),
            "take another `sessions.store`"}};
}

}  // namespace

std::string use_of(const SessionsConfig& sessions) {
  if (!sessions.is_shared()) return {};
  return fmt::format("copy of \"{}\" at gateway {}", sessions.store_prefix, sessions.gateway);
}

tl::expected<void, Error> check_use(const store::Restored& restored,
                                    const SessionsConfig& sessions) {
  const std::string use = use_of(sessions), &known = restored.used_as;
  const auto refuse = [&](const std::string& what, const char* cure) {
    return tl::unexpected{Error{{}, fmt::format("{} {}", sessions.file(), what), cure}};
  };
  // Shared sessions have a gateway's number in their ids, which those of a store of its own have
  // not.
  const bool has_others = std::ranges::any_of(restored.sessions, [](const auto& one) {
    return one.session.id >> store::kGatewayShift != 0;
  });
  if (!sessions.is_shared() && (!known.empty() || has_others)) {
    return refuse(
        fmt::format("is no store but the {}", known.empty() ? "copy of a server" : known),
        "give another file; to go on without the server, `gate511ctl export` the sessions and "
        "`gate511ctl import` them into that");
  }
  if (known == use || !sessions.is_shared()) return {};
  constexpr const char* kOwnFile = "give each gateway a file of its own, for this alone";
  if (!known.empty()) return refuse(fmt::format("is the {}, not the {}", known, use), kOwnFile);
  if (!restored.sessions.empty() && !has_others)
    return refuse("is a store of sessions that are not shared", kOwnFile);
  return {};
}

tl::expected<void, Error> take_stored_keys(store::Restored& restored, SessionKeys& keys) {
  if (restored.sessions.empty()) return {};
  const std::string_view kind = kind_of(restored, keys);
  if (kind != keys.kind_name()) {
    return tl::unexpected{
        Error{{},
              fmt::format("the store holds sessions ({}) that are known by \"{}\", and "
                          "`sessions.key` is \"{}\"",
                          restored.sessions.size(), kind, keys.kind_name()),
              fmt::format(kCarryOver, fmt::format("set it to \"{}\" again", kind),
                          what_to_edit(kind, keys.kind_name()))}};
  }
  for (store::Restored::One& one : restored.sessions) {
    const auto key = key_of(one.session, keys);
    if (!key) return tl::unexpected{key.error()};
    one.session.key = *key;
  }
  return {};
}

}  // namespace gate511::control
