// SPDX-License-Identifier: BSD-3-Clause
//
// The follower: what becomes of one session.
#include <algorithm>
#include <utility>

#include "radius/accounting/follower.hpp"
#include "radius/accounting/records.hpp"
#include "radius/terms.hpp"
#include "radius/unix_time.hpp"

namespace gate511::radius {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kInterimsAtOnce = 100;  // requests in a line of the gateway's
constexpr milliseconds kBetweenInterims{1'000};
// Most sessions begin sooner, and what they were accepted with need not be written.
constexpr milliseconds kKeptAfter{50};
constexpr milliseconds kBetweenSweeps{60'000};

/// As servers know it, and name it to change it.
Known with(Known known, const Accepted& accepted) {
  known.told = accepted.place;
  known.full_user = accepted.user;
  return known;
}

}  // namespace

bool Follower::is_own(const Json& session) const {
  return text_of(session, "tag") == config_.tag;
}

/// Of sessions that others have opened, those that were accepted here: logins at a portal.
std::optional<Accepted> Follower::accepted_for(Spool& spool, const Json& session) {
  auto accepted = directory_.take_accepted(place_of(session), steady_clock::now(),
                                           number_of(session, "created_at"));
  if (!accepted) return std::nullopt;
  used_.push_back(*accepted);
  if (accepted->is_kept) spool.forget_accepted(accepted->place.mac);
  return accepted;
}

AccountedSession Follower::session_of(const Json& session, const Place& place,
                                      std::optional<Accepted> accepted) const {
  AccountedSession made{number_of(session, "id"), number_of(session, "created_at"), {}, 0, 0};
  made.accepted = accepted ? std::move(*accepted) : Accepted{place, {}, {}, 0};
  made.interim_s = made.accepted.interim_s > 0 ? made.accepted.interim_s : config_.interim_s;
  made.next_interim = unix_s() + made.interim_s;
  return made;
}

/// A session that is there; it may be known. Of gateways that share sessions, each is accounted for
/// where it was accepted: the others are told of it as well.
void Follower::begin(Spool& spool, const Json& session, std::uint64_t at) {
  const Place place = place_of(session);
  const SessionId key{number_of(session, "id"), number_of(session, "created_at")};
  const Known known{key.id, place, text_of(session, "user"), key.created_at};
  if (const auto before = keeps_records_ ? spool.find(key) : std::nullopt) {
    if (before->accepted.place.mac != place.mac) spool.set_mac(key, place.mac);
    return directory_.put(with(known, before->accepted));
  }
  auto accepted = accepted_for(spool, session);
  if (!accepted && (!is_own(session) || is_shared_)) return;
  if (!keeps_records_) return directory_.put(accepted ? with(known, *accepted) : known);
  const AccountedSession made = session_of(session, place, std::move(accepted));
  if (!spool.add(made)) return;  // its end was told of before
  directory_.put(with(known, made.accepted));
  spool.put(RecordKind::kStart, record_of(config_, RecordKind::kStart, made, session, at));
  ++counts_.starts;
}

/// It may have moved, or have another user.
void Follower::changed(Spool& spool, const Json& session) {
  const SessionId key{number_of(session, "id"), number_of(session, "created_at")};
  const auto known = directory_.find(key.id);
  if (!known || known->key() != key) return;
  const Place place = place_of(session);
  if (keeps_records_ && known->place.mac != place.mac) spool.set_mac(key, place.mac);
  directory_.put(
      {key.id, place, text_of(session, "user"), key.created_at, known->told, known->full_user});
}

void Follower::end(Spool& spool, const Json& session, std::uint64_t at, const std::string& reason) {
  const SessionId key{number_of(session, "id"), number_of(session, "created_at")};
  const auto in_directory = directory_.find(key.id);
  if (in_directory && in_directory->key() == key) directory_.drop(key.id);
  if (!keeps_records_) return;
  auto known = spool.find(key);
  if (!known) {
    // It began and ended while nobody looked.
    auto accepted = accepted_for(spool, session);
    if (!accepted && (!is_own(session) || is_shared_)) return;
    known = session_of(session, place_of(session), std::move(accepted));
  }
  if (!spool.end(key, unix_s())) return;
  spool.put(RecordKind::kStop, record_of(config_, RecordKind::kStop, *known, session, at, reason));
  ++counts_.stops;
}

bool Follower::write_interims(Spool& spool) {
  const auto now = steady_clock::now();
  if (now < next_interims_) return true;
  next_interims_ = now + kBetweenInterims;
  const auto due = spool.due(unix_s(), kInterimsAtOnce);
  if (due.empty()) return true;
  if (due.size() == kInterimsAtOnce) next_interims_ = now;
  std::vector<Client::Request> requests;
  std::vector<const AccountedSession*> asked;
  for (const AccountedSession& session : due) {
    const auto known = directory_.find(session.id);
    if (!known || known->key() != session.key()) continue;  // it is not there any more
    requests.push_back({"session.get", key_.key(known->place)});
    asked.push_back(&session);
  }
  std::vector<Client::Result> results;
  if (!requests.empty()) {
    auto answered = client_->batch(requests);
    if (!answered) {
      disconnect(answered.error().message);
      return false;
    }
    results = std::move(*answered);
  }
  auto transaction = spool.begin();
  for (const AccountedSession& session : due)
    spool.set_next_interim(session.key(), unix_s() + session.interim_s);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) continue;
    const Json session = results[i]->value("session", Json::object());
    const AccountedSession& known = *asked[i];
    if (SessionId{number_of(session, "id"), number_of(session, "created_at")} != known.key())
      continue;
    spool.put(RecordKind::kInterim,
              record_of(config_, RecordKind::kInterim, known, session, unix_s()));
    spool.set_counters(known.key(), counters_of(session, known.last), unix_s());
    ++counts_.interims;
  }
  commit(transaction);
  return true;
}

/// So that a session that begins after a restart has its user and Class.
void Follower::keep_accepted(Spool& spool) {
  const auto now = steady_clock::now();
  if (now < next_keep_) return;
  next_keep_ = now + kKeptAfter;
  const auto wanted = directory_.unkept(now - kKeptAfter);
  const bool must_sweep = now >= next_sweep_;
  if (wanted.empty() && !must_sweep) return;
  auto transaction = spool.begin();
  for (const Accepted& accepted : wanted) spool.keep(accepted);
  if (must_sweep) {
    next_sweep_ = now + kBetweenSweeps;
    spool.forget_accepted_before(unix_s() -
                                 static_cast<std::uint64_t>(Directory::kPatience.count()));
  }
  commit(transaction);
  directory_.kept(wanted);
}

void Follower::load_accepted(Spool& spool) {
  const std::uint64_t now = unix_s();
  for (Accepted& accepted : spool.accepted()) {
    const std::uint64_t age = now - std::min(now, accepted.unix_s);
    accepted.at = steady_clock::now() - std::chrono::seconds{age};
    directory_.give_back(std::move(accepted));
  }
  is_loaded_ = true;
}

}  // namespace gate511::radius
