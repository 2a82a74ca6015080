// SPDX-License-Identifier: BSD-3-Clause
#include "control/shared_sessions.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace gate511::control {
namespace {

constexpr std::uint64_t kAttempts = 4;  // before its copy has to do
constexpr std::chrono::microseconds kSlice{120};
constexpr std::size_t kTakesALook = 8;  // at the clock
constexpr std::chrono::seconds kTryAgain{1};
constexpr std::size_t kTriesAtOnce = 1'024;

}  // namespace

SharedSessions::SharedSessions(store::SharedStore& store, Sessions& sessions, SessionKeys& keys,
                               std::uint8_t gateway)
    : store_{store}, sessions_{sessions}, keys_{keys}, gateway_{gateway} {
  sessions_.set_claimed([this](const SessionRecord& record) {
    const ClientKey client = keys_.client_of(record.key);
    store_.claim(record.id, {{client.mac, client.vlan},
                             keys_.has_link() ? keys_.links()[client.link] : std::string{}});
  });
}

bool SharedSessions::is_settled() const {
  const redis::LinkStatus status = store_.link_status();
  if (status.is_synced) return store_.remotes().empty() && sessions_.is_in_sync();
  // One attempt may fail while it starts, or by another address or sentinel than the right one.
  return status.failures >= kAttempts;
}

void SharedSessions::work() {
  using SteadyClock = std::chrono::steady_clock;
  is_waiting_ = false;
  try_missing();
  auto& remotes = store_.remotes();
  if (remotes.empty()) return;
  const auto until = SteadyClock::now() + kSlice;
  sessions_.gather();
  do {
    for (std::size_t i = 0; i < kTakesALook && !remotes.empty() && !is_waiting_; ++i) {
      is_waiting_ = !take(remotes.front());
      if (is_waiting_) break;
      store_.have_seen(remotes.front().version);
      remotes.pop_front();
    }
  } while (!remotes.empty() && !is_waiting_ && SteadyClock::now() < until);
  sessions_.flush();
}

void SharedSessions::take_same(const redis::Remote& remote) {
  for (const auto& [place, id] : remote.same) {
    const auto key = key_of(place);
    if (key && !sessions_.is_same(*key, id) && !sessions_.is_settling(*key))
      store_.ask_again(place);
  }
}

std::optional<table::Key> SharedSessions::key_of(const store::Place& place) {
  ClientKey client{place.key.mac(), place.key.number()};
  if (keys_.has_link()) {
    const auto link = keys_.link_named(place.link);
    if (!link) return std::nullopt;
    client.link = *link;
  }
  return keys_.make(client);
}

bool SharedSessions::put(const redis::Remote& remote, table::Key key) {
  store::Counted ours;
  for (const auto& [gateway, counts] : remote.counts) {
    if (gateway == gateway_) {
      ours = counts;
    } else {
      sessions_.elsewhere().set_counts(remote.id, gateway, counts);
    }
  }
  if (sessions_.adopt(remote.session, key, remote.owner != gateway_, ours)) {
    if (!missing_.empty()) missing_.erase(redis::client_text(remote.place));
  } else if (missing_.size() < kMissing) {
    missing_.emplace(redis::client_text(remote.place), remote.place);
  }
  store_.set_missing(missing_.size());
  return true;
}

/// Some at a time: what is there of them now comes as if it were new. One that is over by then is
/// not to be had.
void SharedSessions::try_missing() {
  const table::SessionTable& table = sessions_.table();
  const auto now = std::chrono::steady_clock::now();
  const std::size_t taken = table.size() + table.in_limbo();
  if (missing_.empty() || now < next_try_ || taken >= table.capacity()) return;
  next_try_ = now + kTryAgain;
  const std::size_t room = std::min(table.capacity() - taken, kTriesAtOnce);
  for (std::size_t i = 0; i < room && !missing_.empty(); ++i) {
    store_.ask_again(missing_.begin()->second);
    missing_.erase(missing_.begin());
  }
  store_.set_missing(missing_.size());
}

bool SharedSessions::take(const redis::Remote& remote) {
  using Kind = redis::Remote::Kind;
  if (remote.kind == Kind::kSyncBegins) {
    sessions_.begin_sync();
    return true;
  }
  if (remote.kind == Kind::kSyncEnds) {
    sessions_.end_sync(remote.may_restore);
    return true;
  }
  if (remote.kind == Kind::kSeen) return true;
  if (remote.kind == Kind::kSame) {
    take_same(remote);
    return true;
  }
  const auto key = key_of(remote.place);
  if (!key) return true;
  switch (remote.kind) {
    case Kind::kPut:
      // A server that has lost data may be told of it again by a gateway that was away.
      if (sessions_.elsewhere().is_over(remote.id)) {
        sessions_.end_again(remote.id, remote.place);
        return true;
      }
      return !sessions_.is_settling(*key) && put(remote, *key);
    case Kind::kEnd:
      if (!missing_.empty() && missing_.erase(redis::client_text(remote.place)) != 0)
        store_.set_missing(missing_.size());
      if (sessions_.is_settling(*key)) return false;
      sessions_.end_as_told(*key, remote.id, static_cast<EndReason>(remote.reason));
      return true;
    case Kind::kOwned: {
      const bool was_ours = !sessions_.elsewhere().is_owner(remote.id);
      const auto counted = sessions_.counted_here(*key, remote.id);
      if (!counted) return true;
      sessions_.set_owner(*key, remote.id, remote.owner != gateway_);
      if (was_ours && remote.owner != gateway_)
        store_.tell_counts(remote.id, remote.place, *counted);
      return true;
    }
    default:
      for (const auto& [gateway, counts] : remote.counts) {
        if (gateway != gateway_ && sessions_.counted_here(*key, remote.id))
          sessions_.elsewhere().set_counts(remote.id, gateway, counts);
      }
      return true;
  }
}

}  // namespace gate511::control
