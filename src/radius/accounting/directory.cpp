// SPDX-License-Identifier: BSD-3-Clause
#include "radius/accounting/directory.hpp"

#include <algorithm>
#include <utility>

#include "radius/unix_time.hpp"

namespace gate511::radius {
namespace {

/// VLAN and link of a session are told only where it is known by them.
bool is_of(const Place& session, const Place& accepted) {
  return session.mac == accepted.mac && (session.link.empty() || session.link == accepted.link) &&
         (session.vlan == 0 || session.vlan == accepted.vlan);
}

void erase(std::multimap<std::string, std::uint64_t>& from, const std::string& key,
           std::uint64_t id) {
  const auto [begin, end] = from.equal_range(key);
  const auto found = std::find_if(begin, end, [id](const auto& one) { return one.second == id; });
  if (found != end) from.erase(found);
}

}  // namespace

void Directory::forget_old(Time now) {
  while (!by_age_.empty() &&
         (by_age_.begin()->first + kPatience < now || by_age_.size() > kMaxAccepted)) {
    const auto [begin, end] = accepted_.equal_range(by_age_.begin()->second);
    const auto found = std::find_if(
        begin, end, [&](const auto& one) { return one.second.at == by_age_.begin()->first; });
    if (found != end) accepted_.erase(found);
    by_age_.erase(by_age_.begin());
  }
}

/// Those of a MAC stand in the order of their coming.
void Directory::insert(Accepted accepted) {
  const std::string mac = accepted.place.mac;
  by_age_.emplace(accepted.at, mac);
  auto [at, end] = accepted_.equal_range(mac);
  while (at != end && at->second.at <= accepted.at) ++at;
  accepted_.emplace_hint(at, mac, std::move(accepted));
}

void Directory::accepted(Accepted accepted, Time now) {
  const std::lock_guard lock{mutex_};
  forget_old(now);
  accepted.at = now;
  accepted.unix_s = unix_s();
  insert(std::move(accepted));
}

std::optional<Accepted> Directory::take_accepted(const Place& session, Time now,
                                                 std::uint64_t created_at) {
  const std::lock_guard lock{mutex_};
  forget_old(now);
  std::optional<Accepted> latest;
  bool is_kept = false;
  const auto [begin, end] = accepted_.equal_range(session.mac);
  for (auto it = begin; it != end;) {
    const auto at = it++;
    if (!is_of(session, at->second.place)) continue;
    // Times are whole seconds.
    if (created_at < at->second.unix_s - std::min<std::uint64_t>(at->second.unix_s, 1)) continue;
    is_kept = is_kept || at->second.is_kept;
    latest = std::move(at->second);
    accepted_.erase(at);
  }
  if (latest) latest->is_kept = is_kept;
  return latest;
}

void Directory::give_back(Accepted accepted) {
  const std::lock_guard lock{mutex_};
  insert(std::move(accepted));
}

std::vector<Accepted> Directory::unkept(Time before) const {
  const std::lock_guard lock{mutex_};
  std::vector<Accepted> all;
  for (const auto& [mac, accepted] : accepted_) {
    if (!accepted.is_kept && accepted.at < before) all.push_back(accepted);
  }
  return all;
}

void Directory::kept(const std::vector<Accepted>& written) {
  const std::lock_guard lock{mutex_};
  for (const Accepted& one : written) {
    const auto [begin, end] = accepted_.equal_range(one.place.mac);
    for (auto it = begin; it != end; ++it) {
      if (it->second.at == one.at) it->second.is_kept = true;
    }
  }
}

void Directory::put(const Known& session) {
  drop(session.id);
  const std::lock_guard lock{mutex_};
  sessions_[session.id] = session;
  by_mac_.emplace(session.place.mac, session.id);
  by_user_.emplace(session.user, session.id);
}

void Directory::drop(std::uint64_t id) {
  const std::lock_guard lock{mutex_};
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  erase(by_mac_, found->second.place.mac, id);
  erase(by_user_, found->second.user, id);
  sessions_.erase(found);
}

std::optional<Known> Directory::find(std::uint64_t id) const {
  const std::lock_guard lock{mutex_};
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return std::nullopt;
  return found->second;
}

std::vector<Known> Directory::of_mac(const std::string& mac) const {
  const std::lock_guard lock{mutex_};
  std::vector<Known> all;
  const auto [begin, end] = by_mac_.equal_range(mac);
  for (auto it = begin; it != end; ++it) all.push_back(sessions_.at(it->second));
  return all;
}

std::vector<Known> Directory::of_user(const std::string& user) const {
  const std::lock_guard lock{mutex_};
  std::vector<Known> all;
  const auto [begin, end] = by_user_.equal_range(user);
  for (auto it = begin; it != end; ++it) all.push_back(sessions_.at(it->second));
  return all;
}

std::size_t Directory::size() const {
  const std::lock_guard lock{mutex_};
  return sessions_.size();
}

std::vector<SessionId> Directory::sessions() const {
  const std::lock_guard lock{mutex_};
  std::vector<SessionId> all;
  for (const auto& [id, known] : sessions_) all.push_back(known.key());
  return all;
}

}  // namespace gate511::radius
