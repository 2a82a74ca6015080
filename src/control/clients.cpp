// SPDX-License-Identifier: BSD-3-Clause
#include "control/clients.hpp"

#include <algorithm>
#include <array>

namespace gate511::control {
namespace {

using pipeline::Sighting;
using pipeline::SightingSource;

// Slices, measured in what they do: each is well under 200 us.
constexpr std::size_t kSightingsASlice = 256;
constexpr std::size_t kSessionsATick = 256;
constexpr std::size_t kAgedATick = 256;
// How many that have got a session since are set aside for one new client.
constexpr std::size_t kTriesForRoom = 64;

}  // namespace

Clients::Clients(const table::SessionTable& table, const SessionKeys& keys, const Clock& clock,
                 Options options)
    : table_{table}, keys_{keys}, clock_{clock}, options_{options} {}

bool Clients::take(dataplane::SightingSource& source) {
  std::array<Sighting, kSightingsASlice> taken;
  const std::size_t count = source.take_sightings(taken);
  for (const Sighting& seen : std::span{taken}.first(count)) add(seen);
  return count == taken.size();
}

void Clients::set_told(const At& at, net::CapportCarrier carrier, const Told& told) {
  const auto found = clients_.find(keys_.client(at.mac, at.vlan, at.link));
  if (found != clients_.end()) found->second.client.told[static_cast<std::size_t>(carrier)] = told;
}

void Clients::add(const Sighting& seen) {
  const ClientKey key = keys_.client(seen.client, seen.vlan, seen.link);
  auto found = clients_.find(key);
  const std::uint64_t now = clock_.boot_ns();
  if (found == clients_.end()) {
    if (clients_.size() >= options_.capacity) make_room();
    found = clients_.try_emplace(key).first;
    Entry& entry = found->second;
    entry.client.key = key;
    entry.client.first_ns = now;
    entry.place = guests_.insert(guests_.end(), key);
  }
  Entry& entry = found->second;
  entry.client.link = seen.link;
  entry.client.vlan = seen.vlan;
  entry.client.last_ns = now;
  settle(entry);
  if (on_guest_ && !entry.among_sessions) tell_of_guest(entry);
  if (!seen.has_address()) return;
  add_address(entry.client, seen);
  if (on_address_) on_address_(entry.client, entry.client.addresses.back());
}

void Clients::tell_of_guest(Entry& entry) {
  const std::uint64_t now = entry.client.last_ns;
  if (entry.told_ns != 0 && now - entry.told_ns < quiet_ns_) return;
  entry.told_ns = now;
  on_guest_(entry.client);
}

/// Puts a client among those it belongs to, as the one seen last.
void Clients::settle(Entry& entry) {
  Order& from = entry.among_sessions ? with_session_ : guests_;
  entry.among_sessions = has_session(entry.client.key);
  Order& to = entry.among_sessions ? with_session_ : guests_;
  to.splice(to.end(), from, entry.place);
}

void Clients::make_room() {
  ++displaced_;
  for (std::size_t tries = 0; tries < kTriesForRoom && !guests_.empty(); ++tries) {
    const auto oldest = clients_.find(guests_.front());
    if (!has_session(oldest->second.client.key)) return drop(oldest);
    settle(oldest->second);
  }
  // None but sessions' clients: what is known of one goes, not the session.
  drop(clients_.find(with_session_.empty() ? guests_.front() : with_session_.front()));
}

void Clients::drop(Entries::iterator entry) {
  SeenClient& client = entry->second.client;
  while (!client.addresses.empty()) forget_address(client, client.addresses.size() - 1);
  (entry->second.among_sessions ? with_session_ : guests_).erase(entry->second.place);
  clients_.erase(entry);
}

std::size_t Clients::forget(net::MacAddress mac) {
  std::size_t count = 0;
  for (auto it = clients_.lower_bound({mac}); it != clients_.end() && it->first.mac == mac;) {
    drop(it++);
    ++count;
  }
  return count;
}

std::vector<const SeenClient*> Clients::all_of(net::MacAddress mac) const {
  std::vector<const SeenClient*> all;
  for (auto it = clients_.lower_bound({mac}); it != clients_.end() && it->first.mac == mac; ++it)
    all.push_back(&it->second.client);
  return all;
}

/// Some on each tick, in the order of their keys. What a lease binds stays as long as that.
void Clients::forget_unheard() {
  const std::uint64_t now = clock_.boot_ns();
  const std::uint64_t age_ns = options_.forget_after_s * kNsPerSecond;
  const auto is_old = [&](std::uint64_t last_ns) { return now - last_ns >= age_ns; };
  auto it = clients_.lower_bound(looked_up_to_);
  for (std::size_t i = 0; i < kAgedATick && it != clients_.end(); ++i) {
    const auto entry = it++;
    SeenClient& client = entry->second.client;
    for (std::size_t at = client.addresses.size(); at-- > 0;) {
      const SeenAddress& address = client.addresses[at];
      if (is_old(address.last_ns) && !is_bound(address)) forget_address(client, at);
    }
    if (is_old(client.last_ns) && !has_session(client.key)) drop(entry);
  }
  looked_up_to_ = it == clients_.end() ? ClientKey{} : it->first;
}

void Clients::tick() {
  forget_unheard();
  const std::size_t count = std::min(kSessionsATick, with_session_.size());
  for (std::size_t i = 0; i < count; ++i) {
    Entry& entry = clients_.find(with_session_.front())->second;
    if (has_session(entry.client.key)) {
      with_session_.splice(with_session_.end(), with_session_, entry.place);
    } else {
      // Unseen since its session ended, so it goes before guests that were seen since.
      entry.among_sessions = false;
      guests_.splice(guests_.begin(), with_session_, entry.place);
    }
  }
}

void Clients::add_address(SeenClient& client, const Sighting& seen) {
  const std::uint64_t now = clock_.boot_ns();
  auto& addresses = client.addresses;
  const auto known =
      std::find_if(addresses.begin(), addresses.end(),
                   [&seen](const SeenAddress& address) { return address.address == seen.address; });
  SeenAddress its;
  if (known != addresses.end()) {
    its = *known;
    forget_address(client, static_cast<std::size_t>(known - addresses.begin()));
  } else if (addresses.size() == kMaxAddresses) {
    forget_address(client, 0);
  }
  if (its.first_ns == 0) its.first_ns = now;
  its.address = seen.address;
  its.link = seen.link;
  its.vlan = seen.vlan;
  its.last_ns = now;
  if (seen.source == SightingSource::kDhcp) {
    its.source = seen.source;
    its.bound_until_ns =
        seen.lease_s == 0 ? SeenAddress::kForever : now + seen.lease_s * kNsPerSecond;
    unbind_others(client, its);
  } else if (!is_bound(its)) {
    its.source = seen.source;
    its.bound_until_ns = 0;
  }
  addresses.push_back(its);
  by_address_.insert({its.address, its.bound_until_ns == 0, client.key});
}

void Clients::forget_address(SeenClient& client, std::size_t at) {
  const SeenAddress& its = client.addresses[at];
  by_address_.erase({its.address, its.bound_until_ns == 0, client.key});
  client.addresses.erase(client.addresses.begin() + static_cast<std::ptrdiff_t>(at));
}

/// A server gives an address to one client at a time: the binding that it had before is over.
void Clients::unbind_others(const SeenClient& owner, const SeenAddress& address) {
  std::vector<Claim> bound;
  collect(address.address, {address.vlan, address.link}, true, bound);
  for (const Claim& claim : bound) {
    if (claim.client == &owner) continue;
    SeenClient& other = clients_.find(claim.client->key)->second.client;
    forget_address(other, static_cast<std::size_t>(claim.address - other.addresses.data()));
  }
}

bool Clients::is_bound(const SeenAddress& address) const {
  return address.bound_until_ns > clock_.boot_ns();
}

bool Clients::stands(const SeenAddress& address) const {
  return is_bound(address) || clock_.boot_ns() - address.last_ns < kClaim_ns;
}

const SeenClient* Clients::find(const ClientKey& key) const {
  const auto found = clients_.find(key);
  return found == clients_.end() ? nullptr : &found->second.client;
}

std::uint32_t Clients::leased_v4(const ClientKey& key) const {
  const SeenClient* const client = find(key);
  if (client == nullptr) return 0;
  const auto latest =
      std::find_if(client->addresses.rbegin(), client->addresses.rend(),
                   [this](const SeenAddress& its) { return its.address.is_v4() && is_bound(its); });
  return latest == client->addresses.rend() ? 0 : latest->address.v4_value();
}

void Clients::collect(const net::IpAddress& address, const Place& place, bool bound,
                      std::vector<Claim>& claims) const {
  std::size_t looked = 0;
  for (auto it = by_address_.lower_bound({address, !bound, ClientKey{}});
       it != by_address_.end() && std::get<0>(*it) == address && std::get<1>(*it) == !bound &&
       looked < kMaxLook && claims.size() < kMaxClaims;
       ++it, ++looked) {
    const SeenClient& client = clients_.find(std::get<2>(*it))->second.client;
    for (const SeenAddress& its : client.addresses) {
      if (its.address == address && stands(its) && place.holds(its.vlan, its.link))
        claims.push_back({&client, &its});
    }
  }
}

std::vector<Clients::Claim> Clients::claims(const net::IpAddress& address,
                                            const Place& place) const {
  std::vector<Claim> claims;
  collect(address, place, true, claims);
  const auto bound = [this](const Claim& claim) { return is_bound(*claim.address); };
  if (std::any_of(claims.begin(), claims.end(), bound)) {
    std::erase_if(claims, [&bound](const Claim& claim) { return !bound(claim); });
  } else {
    collect(address, place, false, claims);
  }
  return claims;
}

std::vector<Clients::Claim> Clients::rivals(const SeenClient& own,
                                            const SeenAddress& address) const {
  std::vector<Claim> claims;
  for (const bool bound : {true, false})
    collect(address.address, {address.vlan, address.link}, bound, claims);
  std::erase_if(claims, [&own](const Claim& claim) { return claim.client == &own; });
  return claims;
}

Clients::Page Clients::list(const ClientFilter& filter, const ClientKey& cursor,
                            std::size_t limit) const {
  Page page;
  std::size_t looked = 0;
  for (auto it = clients_.lower_bound(cursor); it != clients_.end(); ++it, ++looked) {
    if (page.clients.size() == limit || looked == kMaxLook) {
      page.next = it->first;
      break;
    }
    const SeenClient& client = it->second.client;
    if (filter.place.holds(client.vlan, client.link) &&
        (!filter.has_session || *filter.has_session == has_session(client.key)))
      page.clients.push_back(&client);
  }
  return page;
}

}  // namespace gate511::control
