// SPDX-License-Identifier: BSD-3-Clause
#include "control/store/shared_store.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
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
  return std::unique_ptr<SharedStore>{
      new SharedStore{std::move(*link), std::move(copy), std::move(both), goes_on_alone}};
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
      ops.push_back({'P', seen_, session.id, redis::client_text({session.key, session.link}),
                     std::to_string(session.expires_ms), encode_session(session)});
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

void SharedStore::write(Changes changes, std::uint64_t unix_ms, Failing failing, Done done) {
  std::vector<Op> ops = ops_of(changes);
  std::erase_if(changes, [](const Change& change) { return !is_for_copy(change); });
  const std::uint64_t number = next_batch_++;
  const std::size_t count = std::max(changes.size(), ops.size());
  owed_changes_ += count;
  Batch& batch = batches_[number];
  batch = {.changes = std::move(changes),
           .unix_ms = unix_ms,
           .failing = failing,
           .done = std::move(done),
           .count = count,
           .is_answered = ops.empty()};
  if (!ops.empty()) {
    const bool may_wait = failing == Failing::kKeep || (goes_on_alone_ && !link_->is_ready());
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
      continue;
    }
    const bool is_done = batch.is_shared || (goes_on_alone_ && !batch.is_conflict);
    if (!is_done && batch.failing == Failing::kDrop) batch.changes.clear();
    const auto failing = goes_on_alone_ ? Failing::kKeep : batch.failing;
    copy_->write(std::move(batch.changes), batch.unix_ms, failing,
                 [done = std::move(batch.done), is_done, alone = goes_on_alone_](bool durable) {
                   if (done) done(is_done && (durable || alone));
                 });
  }
}

void SharedStore::finish() {
  std::vector<Link::Outcome> outcomes;
  link_->take(outcomes, remotes_);
  for (const Link::Outcome& outcome : outcomes) {
    const auto found = batches_.find(outcome.number);
    if (found == batches_.end()) continue;
    Batch& batch = found->second;
    batch.is_answered = true;
    batch.is_shared = outcome.verdict == Link::Verdict::kDone;
    if (outcome.verdict != Link::Verdict::kConflict) continue;
    // What was not asked for but has happened stands, until what the other has done comes in.
    if (batch.failing == Failing::kKeep) {
      batch.is_shared = true;
    } else {
      batch.is_conflict = true;
    }
  }
  hand_on();
  copy_->finish();
}

Store::Status SharedStore::status() const {
  Status status = copy_->status();
  const redis::LinkStatus link = link_->status();
  status.shared = link;
  status.away = link.problem.empty() ? link.refusal : link.problem;
  return status;
}

}  // namespace gate511::control::store
