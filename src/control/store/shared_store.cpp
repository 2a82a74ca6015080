// SPDX-License-Identifier: BSD-3-Clause
#include "control/store/shared_store.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "control/store/codec.hpp"

namespace gate511::control::store {
namespace {

using redis::Link;
using redis::Op;

bool is_for_all(Scope scope) {
  return scope == Scope::kAll || scope == Scope::kShared;
}

/// What is of one copy alone stays there.
std::string shared_bytes(const Session& session) {
  if (!session.is_owned_elsewhere) return encode_session(session);
  Session shared = session;
  shared.is_owned_elsewhere = false;
  return encode_session(shared);
}

bool is_for_copy(const Change& change) {
  return std::visit(
      [](const auto& one) {
        if constexpr (requires { one.scope; })
          return one.scope == Scope::kAll || one.scope == Scope::kCopy;
        return true;
      },
      change);
}

}  // namespace

tl::expected<std::unique_ptr<SharedStore>, Error> SharedStore::open(redis::LinkOptions options,
                                                                    std::unique_ptr<Store> copy,
                                                                    bool goes_on_alone) {
  std::set<std::pair<std::uint64_t, std::string>> owed;
  for (const Owed& one : options.owed) owed.emplace(one.id, redis::client_text(one.place));
  auto link = Link::open(std::move(options));
  if (!link) return tl::unexpected{link.error()};
  Fd both{::epoll_create1(EPOLL_CLOEXEC)};
  const auto watch = [&both](int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    return ::epoll_ctl(both.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  };
  if (!both || !watch((*link)->fd()) || !watch(copy->fd())) {
    return tl::unexpected{Error{"control", fmt::format("epoll failed: {}", std::strerror(errno)),
                                "raise the limit of open files"}};
  }
  std::unique_ptr<SharedStore> made{
      new SharedStore{std::move(*link), std::move(copy), std::move(both), goes_on_alone}};
  made->owed_ = std::move(owed);
  return made;
}

SharedStore::SharedStore(std::unique_ptr<Link> link, std::unique_ptr<Store> copy, Fd both,
                         bool goes_on_alone)
    : copy_{std::move(copy)},
      link_{std::move(link)},
      both_{std::move(both)},
      goes_on_alone_{goes_on_alone} {}

std::vector<Op> SharedStore::ops_of(const Changes& changes) const {
  std::vector<Op> ops;
  for (const Change& change : changes) {
    if (const auto* const put = std::get_if<Put>(&change)) {
      if (!is_for_all(put->scope)) continue;
      const Session& session = put->session;
      const char kind = put->scope == Scope::kShared ? 'S' : 'P';
      ops.push_back({kind, seen_, session.id, redis::client_text({session.key, session.link}),
                     std::to_string(session.expires_ms), shared_bytes(session)});
    } else if (const auto* const end = std::get_if<End>(&change)) {
      if (end->scope == Scope::kCopy) continue;
      ops.push_back({'E',
                     seen_,
                     end->id,
                     redis::client_text(end->place),
                     std::to_string(end->reason),
                     {},
                     end->scope == Scope::kNone});
    } else if (const auto* const count = std::get_if<Count>(&change)) {
      if (!is_for_all(count->scope)) continue;
      ops.push_back({'C', seen_, count->id, redis::client_text(count->place), "0",
                     encode_counts(count->id, count->counts)});
    }
  }
  return ops;
}

/// What must not be lost by a restart while the shared store is away.
void SharedStore::note_ends(const Changes& changes, Batch& batch) {
  for (const Change& change : changes) {
    if (const auto* const end = std::get_if<End>(&change)) {
      const bool must_hear =
          is_for_all(end->scope) || (end->scope == Scope::kNone && uncertain_.erase(end->id) != 0);
      if (must_hear) batch.ends.push_back({end->id, end->reason, end->place});
    } else if (const auto* const put = std::get_if<Put>(&change)) {
      if (batch.failing == Failing::kDrop && link_->is_ready())
        batch.uncertain.push_back(put->session.id);
    }
  }
}

void SharedStore::write(Changes changes, std::uint64_t unix_ms, Failing failing, Done done) {
  std::vector<Op> ops = ops_of(changes);
  Batch taken;
  taken.failing = failing;
  taken.goes_out = !ops.empty();
  if (taken.goes_out) note_ends(changes, taken);
  std::erase_if(changes, [](const Change& change) { return !is_for_copy(change); });
  const std::uint64_t number = next_batch_++;
  const std::size_t count = std::max(changes.size(), ops.size());
  owed_changes_ += count;
  taken.changes = std::move(changes);
  taken.unix_ms = unix_ms;
  taken.done = std::move(done);
  taken.count = count;
  taken.is_answered = ops.empty();
  batches_.emplace(number, std::move(taken));
  if (!ops.empty()) {
    const bool may_wait = failing == Failing::kKeep || (goes_on_alone_ && !link_->is_ready());
    if (goes_on_alone_ && !may_wait) batches_.at(number).again = ops;
    link_->submit(number, std::move(ops), may_wait ? Link::Mode::kEach : Link::Mode::kAll);
  }
  hand_on();
}

void SharedStore::scrub(Done done) {
  Batch batch;
  batch.done = std::move(done);
  batch.scrubs = true;
  batches_.emplace(next_batch_++, std::move(batch));
  hand_on();
}

void SharedStore::claim(std::uint64_t id, const Place& place) {
  link_->submit(0, {{'O', seen_, id, redis::client_text(place), {}, {}}}, Link::Mode::kEach);
}

void SharedStore::ask_again(const Place& place) {
  link_->submit(0, {{'R', 0, 0, redis::client_text(place), {}, {}}}, Link::Mode::kEach);
}

void SharedStore::tell_counts(std::uint64_t id, const Place& place, const Counted& counts) {
  link_->submit(0, {{'C', seen_, id, redis::client_text(place), "1", encode_counts(id, counts)}},
                Link::Mode::kEach);
}

void SharedStore::hand_on() {
  while (!batches_.empty() && batches_.begin()->second.is_answered) {
    Batch batch = std::move(batches_.begin()->second);
    batches_.erase(batches_.begin());
    owed_changes_ -= batch.count;
    if (batch.scrubs) {
      copy_->scrub(std::move(batch.done));
    } else {
      hand_on(std::move(batch));
    }
  }
}

void SharedStore::hand_on(Batch batch) {
  const bool is_done = batch.is_shared || (goes_on_alone_ && !batch.is_conflict);
  if (!is_done && batch.failing == Failing::kDrop) batch.changes.clear();
  // Until the server has taken it the copy alone knows of it: it must be there, whatever else goes
  // on in memory.
  const bool must_be_durable = !batch.is_shared && !batch.ends.empty();
  if (!batch.is_shared) {
    for (Owed& end : batch.ends) batch.changes.emplace_back(std::move(end));
  }
  // Once the others have it, it is done, whatever becomes of this copy.
  const bool is_with_others = batch.goes_out && batch.is_shared;
  const bool in_memory = (goes_on_alone_ && !must_be_durable) || is_with_others;
  copy_->write(std::move(batch.changes), batch.unix_ms,
               goes_on_alone_ || is_with_others ? Failing::kKeep : batch.failing,
               [done = std::move(batch.done), is_done = is_done && !batch.is_conflict,
                in_memory](bool durable) {
                 if (done) done(is_done && (durable || in_memory));
               });
}

void SharedStore::pay(const std::vector<Link::Told>& told) {
  Changes changes;
  for (const Link::Told& one : told) {
    const auto place = redis::parse_client(one.client);
    if (owed_.erase({one.id, one.client}) == 0 || !place) continue;
    changes.emplace_back(Paid{one.id, *place});
  }
  if (changes.empty()) return;
  // Behind what says that it is owed.
  Batch batch;
  batch.count = changes.size();
  batch.changes = std::move(changes);
  owed_changes_ += batch.count;
  batches_.emplace(next_batch_++, std::move(batch));
}

void SharedStore::finish() {
  std::vector<Link::Outcome> outcomes;
  std::vector<Link::Told> told;
  link_->take(outcomes, told, remotes_);
  for (const Link::Outcome& outcome : outcomes) {
    const auto found = batches_.find(outcome.number);
    if (found == batches_.end()) continue;
    Batch& batch = found->second;
    batch.is_answered = true;
    batch.is_shared = outcome.verdict == Link::Verdict::kDone;
    if (outcome.verdict == Link::Verdict::kFailed) {
      uncertain_.insert(batch.uncertain.begin(), batch.uncertain.end());
      // It is done here alone until the shared store can be given it.
      if (!batch.again.empty()) link_->submit(0, std::exchange(batch.again, {}), Link::Mode::kEach);
      for (const Owed& end : batch.ends) owed_.emplace(end.id, redis::client_text(end.place));
    }
    if (outcome.verdict != Link::Verdict::kConflict) continue;
    // What was not asked for but has happened stands, until what the other has done comes in.
    batch.is_conflict = true;
    batch.is_shared = batch.failing == Failing::kKeep;
  }
  pay(told);
  hand_on();
  copy_->finish();
}

Store::Status SharedStore::status() const {
  Status status = copy_->status();
  redis::LinkStatus link = link_->status();
  using std::chrono::steady_clock, std::chrono::milliseconds;
  const auto since = std::chrono::duration_cast<milliseconds>(steady_clock::now() - link.told);
  if (link.server_ms != 0) link.server_ms += static_cast<std::uint64_t>(since.count());
  link.missing = missing_;
  status.shared = link;
  status.away = link.problem.empty() ? link.refusal : link.problem;
  return status;
}

}  // namespace gate511::control::store
