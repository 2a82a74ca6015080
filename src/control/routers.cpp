// SPDX-License-Identifier: BSD-3-Clause
#include "control/routers.hpp"
#include "logging/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gate511::control {
namespace {

using pipeline::Sighting;
using pipeline::SightingSource;

constexpr std::size_t kRoutersASlice = 128;

struct Deed {
  std::string_view kind;      ///< in the event
  std::string_view sentence;  ///< in the log
};

Deed deed_of(SightingSource source) {
  switch (source) {
    case SightingSource::kRogueServer:
      return {"dhcp_server", "sends what DHCP servers send"};
    case SightingSource::kRogueRouter:
      return {"router_message", "sends router advertisements or redirects"};
    case SightingSource::kStolenMac:
      return {"router_mac", "is a router's or resolver's MAC"};
    default:
      return {"router_claim", "claims the address of a router or resolver"};
  }
}

}  // namespace

std::string_view role_name(Routers::Role role) {
  constexpr std::array<std::string_view, 4> kNames{"pinned", "resolver", "router", "dhcp_server"};
  return kNames[static_cast<std::size_t>(role)];
}

void Routers::publish_to(Publish publish) {
  publish_ = std::move(publish);
  changed_ = true;
}

void Routers::configure(const Config& config) {
  std::vector<Known> before = std::move(known_);
  known_.clear();
  links_.clear();
  is_pinned_.clear();
  const auto add = [&](Known made) {
    const bool is_there = std::ranges::any_of(known_, [&](const Known& one) {
      return one.link == made.link && one.address == made.address && one.mac == made.mac;
    });
    if (!is_there) known_.push_back(made);
  };
  for (std::size_t i = 0; i < config.links.size(); ++i) {
    const auto link = static_cast<std::uint8_t>(i);
    links_.push_back(config.links[i].name);
    is_pinned_.push_back(!config.links[i].routers.empty());
    for (const RouterPin& pin : config.links[i].routers)
      add({.role = Role::kPinned, .link = link, .address = pin.address, .mac = pin.mac});
    for (const net::IpAddress& resolver : config.guest.resolvers)
      add({.role = Role::kResolver, .link = link, .address = resolver});
    for (const ZoneConfig& zone : config.zones) {
      if (zone.link != links_.back()) continue;
      for (const net::IpAddress& resolver : zone.guest.resolvers)
        add({.role = Role::kResolver, .link = link, .address = resolver});
    }
  }
  configured_ = known_.size();
  // What was found out of these stays, and what was learnt beside them where that is still done.
  for (Known& old : before) {
    const auto same = std::ranges::find_if(known_, [&](const Known& one) {
      return one.link == old.link && one.address == old.address && one.role == old.role;
    });
    if (same != known_.end() && same->mac.is_zero()) same->mac = old.mac;
    const bool learnt =
        old.role == Role::kDhcpServer || (old.role == Role::kRouter && !is_pinned_[old.link]);
    if (same == known_.end() && learnt) known_.push_back(old);
  }
  changed_ = true;
}

bool Routers::take(dataplane::SightingSource& source) {
  std::array<Sighting, kRoutersASlice> taken;
  std::size_t count = source.take_uplink(taken);
  for (const Sighting& seen : std::span{taken}.first(count)) saw(seen);
  bool more = count == taken.size();
  count = source.take_guarded(taken);
  for (const Sighting& seen : std::span{taken}.first(count)) guarded(seen);
  more = more || count == taken.size();
  if (changed_) publish();
  return more;
}

void Routers::saw(const Sighting& seen) {
  switch (seen.source) {
    case SightingSource::kRouterAdvert:
    case SightingSource::kDhcpRouter:
      if (!is_pinned_[seen.link]) learn(Role::kRouter, seen);
      return;
    case SightingSource::kDhcpServer:
      return learn(Role::kDhcpServer, seen);
    case SightingSource::kUplinkArp:
    case SightingSource::kUplinkNd:
      for (Known& known : known_) {
        const bool here =
            known.vlan == policy::ProtectedAddress::kAnyVlan || known.vlan == seen.vlan;
        if (known.link == seen.link && known.address == seen.address && here) set_mac(known, seen);
      }
      return;
    default:
      return;
  }
}

void Routers::learn(Role role, const Sighting& seen) {
  auto found = std::ranges::find_if(known_, [&](const Known& one) {
    return one.role == role && one.link == seen.link && one.vlan == seen.vlan &&
           one.address == seen.address;
  });
  const std::uint64_t now = std::max<std::uint64_t>(parts_.clock.boot_ns(), 1);
  if (found == known_.end()) {
    if (known_.size() - configured_ >= kMaxLearnt) {
      // Who was seen longest ago makes room.
      const auto oldest =
          std::min_element(known_.begin() + static_cast<std::ptrdiff_t>(configured_), known_.end(),
                           [](const Known& a, const Known& b) { return a.last_ns < b.last_ns; });
      if (is_active(*oldest)) tell("router.lost", *oldest);
      known_.erase(oldest);
    }
    known_.push_back({.role = role, .link = seen.link, .vlan = seen.vlan, .address = seen.address});
    found = std::prev(known_.end());
    changed_ = true;
  }
  found->last_ns = now;
  if (role == Role::kDhcpServer || seen.source == SightingSource::kDhcpRouter) {
    if (found->told_by != seen.client) changed_ = true;
    found->told_by = seen.client;
  }
  if (seen.source == SightingSource::kRouterAdvert) set_mac(*found, seen);
}

bool Routers::is_client(const Sighting& seen) const {
  const ClientKey key = parts_.clients.keys().client(seen.client, seen.vlan, seen.link);
  if (parts_.clients.has_session(key) || parts_.clients.find(key) != nullptr) return true;
  return !parts_.clients.claims(seen.address, {seen.vlan, seen.link}).empty();
}

void Routers::set_mac(Known& known, const Sighting& seen) {
  if (known.last_ns != 0) known.last_ns = std::max<std::uint64_t>(parts_.clock.boot_ns(), 1);
  if (known.role == Role::kDhcpServer && known.told_by != seen.client) return;
  if (known.mac == seen.client) return;
  // A MAC that was pinned with no address is never anyone else's.
  if (is_client(seen)) {
    if (std::exchange(known.refused, true)) return;
    Known refused = known;
    refused.mac = seen.client;
    return tell("router.refused", refused);
  }
  const bool is_new = known.mac.is_zero();
  known.mac = seen.client;
  known.refused = false;
  changed_ = true;
  tell(is_new ? "router.learnt" : "router.changed", known);
}

bool Routers::is_active(const Known& known) const {
  if (known.role == Role::kDhcpServer) return !known.mac.is_zero();
  if (known.told_by.is_zero()) return true;
  return std::ranges::any_of(known_, [&](const Known& server) {
    return server.role == Role::kDhcpServer && server.link == known.link &&
           server.mac == known.told_by;
  });
}

std::vector<Routers::Known> Routers::known() const {
  std::vector<Known> active;
  std::ranges::copy_if(known_, std::back_inserter(active),
                       [&](const Known& one) { return is_active(one); });
  return active;
}

void Routers::tell(std::string_view type, const Known& known) const {
  Json members{{"link", links_[known.link]},
               {"role", role_name(known.role)},
               {"address", net::to_string(known.address)},
               {"mac", known.mac.is_zero() ? Json(nullptr) : Json(net::to_string(known.mac))}};
  members["vlan"] =
      known.vlan == policy::ProtectedAddress::kAnyVlan ? Json(nullptr) : Json(known.vlan);
  parts_.events.emit(type, members);
}

/// A session that is bound to its addresses used another one.
void Routers::tell_of_foreign(const Sighting& seen) const {
  parts_.events.emit("session.foreign_address", {{"mac", net::to_string(seen.client)},
                                                 {"link", links_[seen.link]},
                                                 {"vlan", seen.vlan},
                                                 {"address", net::to_string(seen.address)}});
}

void Routers::guarded(const Sighting& seen) {
  if (seen.source == SightingSource::kForeignAddress) return tell_of_foreign(seen);
  ++reports_;
  const std::string mac = net::to_string(seen.client);
  last_report_ = fmt::format("{} on link {}, VLAN {}, {}", mac, links_[seen.link], seen.vlan,
                             deed_of(seen.source).sentence);
  parts_.events.emit(
      "guard.dropped",
      {{"kind", deed_of(seen.source).kind},
       {"mac", mac},
       {"link", links_[seen.link]},
       {"vlan", seen.vlan},
       {"address", seen.has_address() ? Json(net::to_string(seen.address)) : Json(nullptr)}});
}

void Routers::publish() {
  changed_ = false;
  std::vector<policy::ProtectedMac> macs;
  std::vector<policy::ProtectedAddress> addresses, wanted;
  std::vector<Known> servers;
  for (const Known& one : known_) {
    const policy::ProtectedAddress address{one.address, one.link, one.vlan};
    const bool has_address = one.address != net::IpAddress{};
    if (has_address) wanted.push_back(address);
    if (!is_active(one)) continue;
    if (!one.mac.is_zero()) macs.push_back({one.mac, one.link});
    if (one.role == Role::kDhcpServer) servers.push_back(one);
    // A client may have had the address before: then its own ARP must go on.
    const bool is_ours = one.last_ns == 0 || !one.mac.is_zero();
    if (has_address && is_ours) addresses.push_back(address);
  }
  if (publish_) {
    publish_(std::make_shared<const policy::Infrastructure>(std::move(macs), std::move(addresses),
                                                            std::move(wanted)),
             servers);
  }
}

void Routers::tick() {
  const std::uint64_t now = parts_.clock.boot_ns();
  for (std::size_t i = known_.size(); i-- > configured_;) {
    if (now - std::min(now, known_[i].last_ns) < kAge_ns) continue;
    if (is_active(known_[i])) tell("router.lost", known_[i]);
    known_.erase(known_.begin() + static_cast<std::ptrdiff_t>(i));
    changed_ = true;
  }
  if (changed_) publish();
  if (reports_ == 0 || (logged_ns_ != 0 && now - logged_ns_ < kLog_ns)) return;
  logged_ns_ = now;
  logging::say(logging::Level::kWarning, "guards",
               fmt::format("guards: {} reported, the last: {}; find that device",
                           std::exchange(reports_, 0), last_report_));
}

}  // namespace gate511::control
