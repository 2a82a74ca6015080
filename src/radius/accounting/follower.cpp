// SPDX-License-Identifier: BSD-3-Clause
#include "radius/accounting/follower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "logging/escape.hpp"
#include "logging/log.hpp"
#include "radius/accounting/records.hpp"
#include "radius/unix_time.hpp"

namespace gate511::radius {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kEventsAtOnce = 512;
constexpr std::size_t kPage = 500;
constexpr std::size_t kMaxNotifications = 262'144;  // several times the ends that are kept
constexpr milliseconds kBetweenTries{1'000};
constexpr milliseconds kEndsComeIn{60'000};
constexpr std::size_t kMaxConsumer = 64;  // bytes, as the gateway takes them

void say(logging::Level level, const std::string& text) {
  logging::say(level, "accounting", "accounting: " + text);
}

}  // namespace

std::string consumer_of(const std::string& tag) {
  std::string name = "gate511-radius." + tag;
  if (name.size() <= kMaxConsumer) return name;
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;  // FNV-1a
  for (const char c : tag) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3;
  // Cut between characters.
  std::size_t size = kMaxConsumer - 17;
  while ((static_cast<unsigned char>(name[size]) & 0xc0U) == 0x80) --size;
  return fmt::format("{}-{:016x}", name.substr(0, size), hash);
}

Follower::Follower(const Config& config, Directory& directory, bool keeps_records)
    : config_{config},
      directory_{directory},
      keeps_records_{keeps_records},
      consumer_{consumer_of(config.tag)} {}

void Follower::work(Spool& spool) {
  try {
    if (keeps_records_ && !is_loaded_) load_accepted(spool);
    const auto now = steady_clock::now();
    if (!client_ && now >= next_connect_) {
      next_connect_ = now + kBetweenTries;
      if (!connect(spool)) client_.reset();
    }
    if (client_ && take_events(spool) && client_ && compare(spool) && keeps_records_)
      static_cast<void>(write_interims(spool));
    if (keeps_records_) keep_accepted(spool);
  } catch (...) {
    for (Accepted& accepted : used_) directory_.give_back(std::move(accepted));
    used_.clear();
    counts_ = committed_;
    client_.reset();
    comparison_.reset();
    next_connect_ = steady_clock::now() + kBetweenTries;
    throw;
  }
}

void Follower::commit(sql::Transaction& transaction) {
  transaction.commit();
  used_.clear();
  committed_ = counts_;
}

void Follower::begin_anew() {
  client_.reset();
  comparison_.reset();
}

void Follower::disconnect(const std::string& why) {
  client_.reset();
  comparison_.reset();
  next_connect_ = steady_clock::now() + kBetweenTries;
  say(logging::Level::kWarning,
      fmt::format("the gateway has ended the connection: {}; it is tried again each second; see "
                  "that nobody else follows as {}",
                  logging::escaped(why), logging::escaped(consumer_)));
}

bool Follower::connect(Spool& spool) {
  ClientOptions options;
  options.timeout = milliseconds{4'000};
  options.max_notifications = kMaxNotifications;
  auto connected = Client::connect(config_.socket, options);
  const auto fails = [](const ClientError& error) {
    say(logging::Level::kWarning,
        fmt::format(
            "sessions are not told of: {}; see to the gateway, it is tried again each second",
            logging::escaped(error.message)));
    return false;
  };
  if (!connected) return fails(connected.error());
  client_.emplace(std::move(*connected));
  const auto hello = client_->call("hello");
  if (!hello) return fails(hello.error());
  key_ = KeyParts::of(*hello);
  is_shared_ = hello->contains("gateway");
  Comparison made;
  if (keeps_records_) {
    for (const SessionId session : spool.sessions()) made.missing.insert(session);
    spool.bring_interims_back(unix_s());
  }
  for (const SessionId session : directory_.sessions()) made.missing.insert(session);
  Json wanted{{"types", {"session.added", "session.changed", "session.ended"}}};
  if (keeps_records_) wanted["consumer"] = consumer_;
  const auto subscribed = client_->call("events.subscribe", wanted);
  if (!subscribed) return fails(subscribed.error());
  if (const std::uint64_t dropped = number_of(*subscribed, "dropped"); dropped > 0) {
    say(logging::Level::kError, fmt::format("{} ends of sessions were never told: it was away for "
                                            "too long; let it run",
                                            dropped));
  }
  made.ends = number_of(*subscribed, "kept");
  made.seq = number_of(*subscribed, "seq");
  made.until = steady_clock::now() + kEndsComeIn;
  comparison_ = std::move(made);
  return true;
}

bool Follower::take_events(Spool& spool) {
  std::vector<Json> events;
  while (events.size() < kEventsAtOnce) {
    auto came = client_->next_notification(milliseconds{0});
    if (!came) {
      disconnect(came.error().message);
      return false;
    }
    if (!came->has_value()) break;
    events.push_back(std::move((*came)->params));
  }
  is_caught_up_ = events.size() < kEventsAtOnce;
  // What was dropped is told again, as nothing behind it is acknowledged.
  if (client_->dropped_notifications() > 0) {
    disconnect("more came at once than can be held");
    return false;
  }
  if (events.empty()) return true;
  std::uint64_t last_end = 0;
  auto transaction = spool.begin();
  for (const Json& event : events) {
    take(spool, event);
    if (text_of(event, "type") == "session.ended") last_end = number_of(event, "seq");
  }
  commit(transaction);
  if (last_end == 0 || !keeps_records_) return true;
  const auto done =
      client_->call("events.acknowledge", {{"consumer", consumer_}, {"seq", last_end}});
  if (!done) disconnect(done.error().message);
  return done.has_value();
}

void Follower::take(Spool& spool, const Json& event) {
  const Json session = event.value("session", Json::object());
  const SessionId key{number_of(session, "id"), number_of(session, "created_at")};
  const std::string type = text_of(event, "type");
  const std::uint64_t at = number_of(event, "time");
  const std::string reason = text_of(event, "reason");
  if (comparison_) {
    comparison_->missing.erase(key);
    if (type == "session.ended" && reason != "moved" && comparison_->ends > 0 &&
        number_of(event, "seq") <= comparison_->seq)
      --comparison_->ends;
  }
  if (type == "session.added") return begin(spool, session, at);
  if (type == "session.changed") return changed(spool, session);
  if (reason != "moved") end(spool, session, at, reason);
}

bool Follower::compare(Spool& spool) {
  if (!comparison_) return true;
  if (comparison_->is_listed) {
    const bool is_whole = comparison_->ends == 0 || steady_clock::now() > comparison_->until;
    if (is_whole && is_caught_up_) lose_missing(spool);
    return true;
  }
  Json params{{"limit", kPage}, {"cursor", comparison_->cursor}};
  // Without records there is nothing that those of others are compared with.
  if (!keeps_records_) params["tag"] = config_.tag;
  const auto page = client_->call("session.list", params);
  if (!page) {
    disconnect(page.error().message);
    return false;
  }
  auto transaction = spool.begin();
  for (const Json& session : page->value("sessions", Json::array())) {
    comparison_->missing.erase({number_of(session, "id"), number_of(session, "created_at")});
    begin(spool, session, number_of(session, "created_at"));
  }
  commit(transaction);
  comparison_->cursor = number_of(*page, "next_cursor");
  comparison_->is_listed = comparison_->cursor == 0;
  return true;
}

/// The gateway has them no more, and tells no end of them.
void Follower::lose_missing(Spool& spool) {
  std::uint64_t lost = 0;
  auto transaction = spool.begin();
  for (const SessionId key : comparison_->missing) {
    const auto in_directory = directory_.find(key.id);
    if (in_directory && in_directory->key() == key) directory_.drop(key.id);
    const auto known = keeps_records_ ? spool.find(key) : std::nullopt;
    if (!known || !spool.end(key, unix_s())) continue;
    const std::uint64_t at = std::max(known->last_at, known->created_at);
    spool.put(RecordKind::kStop, record_of(config_, RecordKind::kStop, *known,
                                           {{"mac", known->accepted.place.mac}}, at, kLost));
    ++lost;
  }
  counts_.stops += lost;
  counts_.lost += lost;
  commit(transaction);
  comparison_.reset();
  if (lost == 0) return;
  say(logging::Level::kError,
      fmt::format("{} sessions are not at the gateway any more, and no end of them was told: their "
                  "Stops have what was counted at their last Interim; see that it keeps a store",
                  lost));
}

}  // namespace gate511::radius
