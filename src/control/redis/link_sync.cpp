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
constexpr std::size_t kPage = 1'000;          // sessions

}  // namespace

/// With mutex_.
void Link::begin_sync() {
  status_.is_synced = false;
  is_syncing_ = true;
  wants_page_ = true;
  is_last_page_ = false;
  entries_owed_ = 0;
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
  send(*commands_, {"SCAN", cursor_, "MATCH", pattern, "COUNT", count},
       [this](const Reply& reply) { take_page(reply); });
}

void Link::take_page(const Reply& reply) {
  if (!reply.is_array() || reply.elements.size() != 2 || !reply.elements[0].number() ||
      !reply.elements[1].is_array())
    return commands_->fail("answers nonsense");
  cursor_ = reply.elements[0].text;
  is_last_page_ = cursor_ == "0";
  for (const Reply& one : reply.elements[1].elements) {
    if (!one.is_text() || !one.text.starts_with(session_prefix_)) continue;
    ++entries_owed_;
    send(*commands_, {"HGETALL", one.text},
         [this, client = one.text.substr(session_prefix_.size())](const Reply& hash) {
           --entries_owed_;
           // One that has expired since has no fields.
           if (!hash.is_array() || !hash.elements.empty()) take_entry(client, hash);
           end_sync_if_done();
         });
  }
  wants_page_ = !is_last_page_;
  end_sync_if_done();
}

void Link::end_sync_if_done() {
  if (!is_syncing_ || !is_last_page_ || entries_owed_ > 0) return;
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
  send(*stream_, {"XREAD", "COUNT", "1000", "BLOCK", block, "STREAMS", stream, from},
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
      take_event(entry);
      if (!stream_->problem().empty()) return;
    }
  } else if (reply.type != Reply::Type::kNil) {
    return stream_->fail("answers nonsense");
  }
  if (!is_syncing_ && position_ >= newest_) newer_.clear();
  // Where the control thread does not keep up, it is asked again as soon as it does: check().
  if (may_push()) follow();
}

void Link::take_event(const Reply& entry) {
  const auto place = parse_position(entry);
  if (!place || place->first <= position_) return stream_->fail("answers nonsense");
  if (place->second != position_) {
    const std::lock_guard lock{mutex_};
    ++status_.gaps;
    return stream_->fail("its stream lacks changes that this gateway has not seen");
  }
  position_ = place->first;
  auto event = parse_event(entry);
  if (!event) {
    const std::lock_guard lock{mutex_};
    ++status_.unreadable;
    return;
  }
  if (event->gateway == options_.gateway && event->version > own_until_) return;
  if (event->kind == 'P' || event->kind == 'E') {
    const auto known = newer_.find(event->client);
    if (known != newer_.end() && known->second >= event->version) return;
    if (is_syncing_) newer_[event->client] = event->version;
  }
  Remote remote{.version = event->version,
                .gateway = event->gateway,
                .owner = event->owner,
                .reason = event->reason,
                .id = event->id,
                .place = std::move(event->place),
                .session = std::move(event->session)};
  switch (event->kind) {
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
      remote.counts.emplace_back(event->gateway, event->counts);
  }
  push(std::move(remote));
}

void Link::take_entry(const std::string& client, const Reply& hash) {
  auto entry = parse_entry(client, hash);
  if (!entry) {
    const std::lock_guard lock{mutex_};
    if (status_.unreadable++ == 0) {
      logging::say(logging::Level::kWarning, "shared_store",
                   fmt::format("{} has entries that no gateway has written, such as that of {}; "
                               "they are left alone",
                               options_.url.shown(), printable(client)));
    }
    return;
  }
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
