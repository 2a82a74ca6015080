// SPDX-License-Identifier: BSD-3-Clause
//
// The link: all that the server has, read in pages, and its stream.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/redis/link.hpp"
#include "control/redis/link_parts.hpp"
#include "logging/log.hpp"

namespace gate511::control::redis {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kStreamBlock_ms = 500;  // is kPatience less than this and a delay
using store::kIdsAMs;
constexpr std::size_t kPage = 500;        // sessions
constexpr std::size_t kSameAtOnce = 128;  // the same, that are told of together

}  // namespace

/// With mutex_.
void Link::begin_sync(std::uint64_t known) {
  status_.is_synced = false;
  is_syncing_ = true;
  wants_page_ = true;
  ++sync_;
  known_ = known;
  cursor_ = "0";
  newer_.clear();
  newest_ = 0;
  own_until_ = ~std::uint64_t{0};
  remotes_.push_back({.kind = Remote::Kind::kSyncBegins});
  has_news_ = true;
}

void Link::ask_for_page() {
  wants_page_ = false;
  const std::string pattern = session_prefix_ + "*", count = std::to_string(kPage);
  const std::string known = std::to_string(known_), skip = std::to_string(session_prefix_.size());
  send(*commands_, {"EVALSHA", read_, "0", cursor_, pattern, count, known, skip},
       [this, sync = sync_](const Reply& reply) {
         if (sync == sync_) take_page(reply);
       });
}

void Link::take_page(const Reply& reply) {
  if (reply.is_error())
    return commands_->fail(fmt::format("refuses to be read: {}", printable(reply.text)));
  if (!reply.is_array() || reply.elements.size() != 3 || !reply.elements[0].number() ||
      !reply.elements[1].is_array() || !reply.elements[2].is_array())
    return commands_->fail("answers nonsense");
  cursor_ = reply.elements[0].text;
  const bool is_last = cursor_ == "0";
  wants_page_ = !is_last;
  // So that it is on its way while this one is read.
  if (wants_page_ && may_push()) ask_for_page();
  take_unchanged(reply.elements[1]);
  const std::vector<Reply>& others = reply.elements[2].elements;
  for (std::size_t i = 0; i + 1 < others.size(); i += 2) {
    // One that has expired since has no fields.
    const bool is_gone = others[i + 1].is_array() && others[i + 1].elements.empty();
    if (!is_gone) take_entry(others[i].text, others[i + 1]);
  }
  if (is_last) end_sync();
}

void Link::take_unchanged(const Reply& list) {
  Remote some{.kind = Remote::Kind::kSame};
  for (std::size_t i = 0; i + 1 < list.elements.size(); i += 2) {
    const std::string& client = list.elements[i].text;
    auto place = parse_client(client);
    const auto id = list.elements[i + 1].number();
    if (!place || !id) continue;  // no gateway has it
    // Changed meanwhile, or about to be.
    if (newer_.contains(client) || is_end_kept(*id, client)) continue;
    some.same.emplace_back(std::move(*place), *id);
    if (some.same.size() < kSameAtOnce) continue;
    push(std::exchange(some, {.kind = Remote::Kind::kSame}));
  }
  if (!some.same.empty()) push(std::move(some));
}

void Link::read_one(const std::string& client) {
  const std::string name = session_prefix_ + client;
  send(*commands_, {"HGETALL", name}, [this, client](const Reply& hash) {
    if (!hash.is_array() || !hash.elements.empty()) take_entry(client, hash);
  });
}

void Link::end_sync() {
  is_syncing_ = false;
  {
    const std::lock_guard lock{mutex_};
    remotes_.push_back(
        {.kind = Remote::Kind::kSyncEnds, .version = position_, .may_restore = may_restore_});
    status_.is_synced = true;
    ++status_.syncs;
  }
  has_news_ = true;
  contact_ = SteadyClock::now();
  pause_ = milliseconds{0};
  problem_told_.clear();
  say_hello();
}

void Link::follow() {
  const std::string from = fmt::format("{}-0", position_), stream = key("stream");
  const std::string block = std::to_string(kStreamBlock_ms);
  send(*stream_, {"XREAD", "COUNT", "500", "BLOCK", block, "STREAMS", stream, from},
       [this](const Reply& reply) { take_stream(reply); });
}

void Link::take_stream(const Reply& reply) {
  if (reply.is_error())
    return stream_->fail(fmt::format("refuses to be read: {}", printable(reply.text)));
  if (!is_syncing_) contact_ = SteadyClock::now();
  if (reply.is_array()) {
    if (reply.elements.size() != 1 || !reply.elements[0].is_array() ||
        reply.elements[0].elements.size() != 2 || !reply.elements[0].elements[1].is_array())
      return stream_->fail("answers nonsense");
    for (const Reply& entry : reply.elements[0].elements[1].elements) {
      take_step(entry);
      if (!stream_->problem().empty()) return;
    }
  } else if (reply.type != Reply::Type::kNil) {
    return stream_->fail("answers nonsense");
  }
  if (!is_syncing_ && position_ >= newest_) newer_.clear();
  // Where the control thread does not keep up, it is asked again as soon as it does: check().
  if (may_push()) follow();
}

void Link::take_step(const Reply& entry) {
  const auto place = parse_position(entry);
  if (!place || place->version <= position_) return stream_->fail("answers nonsense");
  if (is_forged(place->version, 0)) {
    const std::lock_guard lock{mutex_};
    ++status_.forged;
    return stream_->fail("has a change of the future in its stream, that no gateway has written");
  }
  if (place->before != position_) {
    const std::lock_guard lock{mutex_};
    ++status_.gaps;
    return stream_->fail("its stream lacks changes that this gateway has not seen");
  }
  position_ = place->version;
  // What this gateway has done itself it knows.
  if (place->gateway == options_.gateway && place->before >= own_until_) return;
  for (auto& event : parse_events(entry, *place)) {
    if (event && !is_forged(0, event->id)) {
      take_event(*event);
    } else {
      const std::lock_guard lock{mutex_};
      ++status_.unreadable;
    }
  }
}

void Link::take_event(Event& event) {
  if (event.gateway == options_.gateway && event.version > own_until_) return;
  // The server is about to hear that it is over, and then it is so everywhere.
  if (event.kind == 'P' && is_end_kept(event.id, event.client)) return;
  if (event.kind == 'P' || event.kind == 'E') {
    const auto known = newer_.find(event.client);
    if (known != newer_.end() && known->second >= event.version)
      return push({.kind = Remote::Kind::kSeen, .version = event.version});
    if (is_syncing_) newer_[event.client] = event.version;
  }
  Remote remote{.version = event.version,
                .gateway = event.gateway,
                .owner = event.owner,
                .reason = event.reason,
                .id = event.id,
                .place = std::move(event.place),
                .session = std::move(event.session)};
  switch (event.kind) {
    case 'P':
      remote.kind = Remote::Kind::kPut;
      break;
    case 'E':
      remote.kind = Remote::Kind::kEnd;
      break;
    case 'O':
      remote.kind = Remote::Kind::kOwned;
      break;
    default:
      remote.kind = Remote::Kind::kCounted;
      remote.counts.emplace_back(event.gateway, event.counts);
  }
  push(std::move(remote));
}

void Link::take_entry(const std::string& client, const Reply& hash, bool is_answer) {
  auto entry = parse_entry(client, hash);
  if (!entry || is_forged(entry->version, entry->id)) {
    const std::lock_guard lock{mutex_};
    if (status_.unreadable++ == 0) {
      logging::say(logging::Level::kWarning, "shared_store_unreadable",
                   fmt::format("{} has entries that no gateway has written, such as that of {}; "
                               "they are left alone",
                               options_.url.shown(), printable(client)));
    }
    return;
  }
  if (!is_answer && entry->reason == 0 && is_end_kept(entry->id, client)) return;
  const auto known = newer_.find(client);
  if (known != newer_.end() && known->second >= entry->version) return;
  if (entry->version > position_) {
    newer_[client] = entry->version;
    newest_ = std::max(newest_, entry->version);
  }
  push({.kind = entry->reason == 0 ? Remote::Kind::kPut : Remote::Kind::kEnd,
        .gateway = entry->gateway,
        .owner = entry->owner,
        .reason = entry->reason,
        .id = entry->id,
        .place = {entry->session.key, entry->session.link},
        .session = std::move(entry->session),
        .counts = std::move(entry->counts)});
}

bool Link::is_forged(std::uint64_t version, std::uint64_t id) const {
  using std::chrono::duration_cast, std::chrono::microseconds;
  const auto since = duration_cast<microseconds>(SteadyClock::now() - told_time_);
  if (version > newest_possible_ + static_cast<std::uint64_t>(since.count())) return true;
  // Numbers of eight a millisecond, and as many again as are given out ahead of that in a year.
  constexpr std::uint64_t kYears_us = 365ULL * 86'400 * 1'000'000;
  const std::uint64_t number = id & ((std::uint64_t{1} << store::kGatewayShift) - 1);
  return id >> store::kGatewayShift > kMaxGateway ||
         number > (newest_possible_ + kYears_us) / 1'000 * kIdsAMs;
}

void Link::push(Remote remote) {
  const std::lock_guard lock{mutex_};
  if (remote.gateway != options_.gateway && remote.version != 0) ++status_.received;
  remotes_.push_back(std::move(remote));
  has_news_ = true;
}

bool Link::may_push() {
  const std::lock_guard lock{mutex_};
  return remotes_.size() < kUntaken;
}

}  // namespace gate511::control::redis
