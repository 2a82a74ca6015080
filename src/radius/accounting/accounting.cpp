// SPDX-License-Identifier: BSD-3-Clause
#include "radius/accounting/accounting.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "logging/escape.hpp"
#include "logging/log.hpp"
#include "radius/accounting/records.hpp"
#include "radius/status.hpp"
#include "radius/terms.hpp"

namespace gate511::radius {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kConsumer = "gate511-radius";
constexpr int kTurn_ms = 100;
constexpr std::size_t kEventsATurn = 512;
constexpr std::size_t kRecordsATurn = 256;
constexpr std::size_t kMaxInFlight = 128;
constexpr std::size_t kInterimsAtOnce = 100;  // requests in a line of the gateway's
constexpr std::size_t kPage = 500;
constexpr milliseconds kBetweenTries{1'000};

std::uint64_t unix_s() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace

Accounting::Accounting(const Config& config, const std::vector<Server>& servers,
                       Directory& directory)
    : config_{config},
      directory_{directory},
      exchange_{"accounting", servers, config.exchange},
      keeps_records_{!servers.empty()} {}

Accounting::~Accounting() {
  is_over_ = true;
  if (thread_.joinable()) thread_.join();
}

tl::expected<std::string, Error> Accounting::open() {
  if (auto opened = exchange_.open(); !opened) return tl::unexpected{opened.error()};
  try {
    spool_.emplace(config_.spool);
  } catch (const std::exception& error) {
    return tl::unexpected{
        Error{config_.where("accounting.spool"),
              fmt::format("`accounting.spool` {} cannot be used: {}", config_.spool, error.what()),
              "see that its folder is there and may be written"}};
  }
  publish();
  return spool_->note();
}

void Accounting::start() {
  thread_ = std::thread{[this] { run(); }};
}

void Accounting::run() {
  while (!is_over_) {
    try {
      if (std::exchange(is_doubtful_, false)) spool_->recount();
      turn();
    } catch (const sql::SqlError& error) {
      logging::say(logging::Level::kError, "spool",
                   fmt::format("accounting: {} cannot be written: {}; see to the disk; the "
                               "gateway keeps ends of sessions meanwhile",
                               config_.spool, logging::escaped(error.what())));
      // What was not written is told of again, over a new connection.
      client_.reset();
      is_doubtful_ = true;
      next_connect_ = steady_clock::now() + kBetweenTries;
      std::this_thread::sleep_for(kBetweenTries);
    }
  }
}

void Accounting::turn() {
  std::array<pollfd, 2> waits{
      {{exchange_.fd(), POLLIN, 0}, {client_ ? client_->fd() : -1, POLLIN, 0}}};
  const int wait = exchange_.wait_ms();
  ::poll(waits.data(), waits.size(), wait < 0 ? kTurn_ms : std::min(wait, kTurn_ms));
  const auto now = steady_clock::now();
  if (!client_ && now >= next_connect_) {
    next_connect_ = now + kBetweenTries;
    if (!connect()) client_.reset();
  }
  if (client_ && !(take_events() && send_interims())) client_.reset();
  exchange_.work();
  drop_taken();
  send_records();
  if (now >= next_publish_) publish();
}

bool Accounting::connect() {
  ClientOptions options;
  options.timeout = milliseconds{4'000};
  auto connected = Client::connect(config_.socket, options);
  if (!connected) return false;
  client_.emplace(std::move(*connected));
  const auto hello = client_->call("hello");
  if (!hello) return false;
  key_ = KeyParts::of(*hello);
  Json wanted{{"types", {"session.added", "session.changed", "session.ended"}}};
  if (keeps_records_) wanted["consumer"] = kConsumer;
  const auto subscribed = client_->call("events.subscribe", wanted);
  if (!subscribed) {
    logging::say(logging::Level::kError, "accounting",
                 fmt::format("accounting: ends of sessions are not told: {}; see to the gateway",
                             logging::escaped(subscribed.error().message)));
    return false;
  }
  if (const std::uint64_t dropped = number_of(*subscribed, "dropped"); dropped > 0) {
    logging::say(logging::Level::kError, "accounting",
                 fmt::format("accounting: {} ends of sessions were never told: it was away for too "
                             "long; let it run",
                             dropped));
  }
  return list_sessions();
}

/// Those that began while nobody followed.
bool Accounting::list_sessions() {
  Json params{{"limit", kPage}, {"tag", config_.tag}};
  for (;;) {
    const auto page = client_->call("session.list", params);
    if (!page) return false;
    auto transaction = spool_->begin();
    for (const Json& session : page->value("sessions", Json::array()))
      begin(session, number_of(session, "created_at"));
    transaction.commit();
    const std::string cursor = text_of(*page, "next_cursor");
    if (cursor.empty()) break;
    params["cursor"] = cursor;
  }
  // Those of portals have other tags.
  for (const AccountedSession& session : spool_->all()) {
    if (!directory_.find(session.id))
      directory_.put({session.id, session.accepted.place, plain_name(session.accepted.user),
                      session.created_at});
  }
  return true;
}

bool Accounting::take_events() {
  std::vector<Json> events;
  while (events.size() < kEventsATurn) {
    auto came = client_->next_notification(milliseconds{0});
    if (!came) return false;
    if (!came->has_value()) break;
    events.push_back(std::move((*came)->params));
  }
  if (events.empty()) return true;
  auto transaction = spool_->begin();
  std::uint64_t last_end = 0;
  for (const Json& event : events) {
    take(event);
    if (text_of(event, "type") == "session.ended") last_end = number_of(event, "seq");
  }
  transaction.commit();
  if (last_end == 0 || !keeps_records_) return true;
  return client_->call("events.acknowledge", {{"consumer", kConsumer}, {"seq", last_end}})
      .has_value();
}

void Accounting::take(const Json& event) {
  const Json session = event.value("session", Json::object());
  const std::string type = text_of(event, "type");
  const std::uint64_t at = number_of(event, "time");
  if (type == "session.added") return begin(session, at);
  const std::uint64_t id = number_of(session, "id");
  if (type == "session.changed") {
    // It may have moved, or have another user.
    if (directory_.find(id))
      directory_.put(
          {id, place_of(session), text_of(session, "user"), number_of(session, "created_at")});
    return;
  }
  const std::string reason = text_of(event, "reason");
  if (reason != "moved") end(session, at, reason);
}

bool Accounting::is_own(const Json& session) const {
  return text_of(session, "tag") == config_.tag;
}

/// Of sessions that others have opened, those that were accepted here: logins at a portal.
void Accounting::begin(const Json& session, std::uint64_t at) {
  const Place place = place_of(session);
  auto accepted = directory_.take_accepted(place);
  if (!accepted && !is_own(session)) return;
  AccountedSession made{number_of(session, "id"), number_of(session, "created_at"), {}, 0, 0};
  directory_.put({made.id, place, text_of(session, "user"), made.created_at});
  if (!keeps_records_ || spool_->find(made.id, made.created_at)) return;
  made.accepted = accepted ? std::move(*accepted) : Accepted{place, {}, {}, 0};
  made.interim_s = made.accepted.interim_s > 0 ? made.accepted.interim_s : config_.interim_s;
  made.next_interim = unix_s() + made.interim_s;
  if (!spool_->add(made)) return;
  spool_->put(RecordKind::kStart, record_of(config_, RecordKind::kStart, made, session, at));
  ++starts_;
}

void Accounting::end(const Json& session, std::uint64_t at, const std::string& reason) {
  const std::uint64_t id = number_of(session, "id");
  const std::uint64_t created_at = number_of(session, "created_at");
  directory_.drop(id);
  if (!keeps_records_) return;
  auto known = spool_->find(id, created_at);
  if (!known && !is_own(session)) return;
  if (!known) known = AccountedSession{id, created_at, {place_of(session), {}, {}, 0}, 0, 0};
  if (!spool_->end(id, created_at, unix_s())) return;
  spool_->put(RecordKind::kStop,
              record_of(config_, RecordKind::kStop, *known, session, at, reason));
  ++stops_;
}

bool Accounting::send_interims() {
  const auto now = steady_clock::now();
  if (!keeps_records_ || now < next_interims_) return true;
  next_interims_ = now + kBetweenTries;
  const auto due = spool_->due(unix_s(), kInterimsAtOnce);
  std::vector<Client::Request> requests;
  std::vector<AccountedSession> asked;
  for (const AccountedSession& session : due) {
    const auto known = directory_.find(session.id);
    spool_->set_next_interim(session.id, unix_s() + session.interim_s);
    if (!known) continue;
    requests.push_back({"session.get", key_.key(known->place)});
    asked.push_back(session);
  }
  if (requests.empty()) return true;
  if (due.size() == kInterimsAtOnce) next_interims_ = now;
  const auto results = client_->batch(requests);
  if (!results) return false;
  auto transaction = spool_->begin();
  for (std::size_t i = 0; i < results->size(); ++i) {
    if (!(*results)[i]) continue;
    const Json session = (*results)[i]->value("session", Json::object());
    if (number_of(session, "id") != asked[i].id) continue;
    spool_->put(RecordKind::kInterim,
                record_of(config_, RecordKind::kInterim, asked[i], session, unix_s()));
    ++interims_;
  }
  transaction.commit();
  return true;
}

/// While no server answers, one record finds out whether one is back.
void Accounting::send_records() {
  const auto now = steady_clock::now();
  const std::size_t room = is_silent_ ? 1 : kMaxInFlight;
  if (!keeps_records_ || spool_->size() == 0 || in_flight_.size() >= room || now < next_records_)
    return;
  std::uint64_t after = 0;
  while (in_flight_.size() < room) {
    const auto records = spool_->records(after, kRecordsATurn);
    if (records.empty()) return;
    after = records.back().seq;
    for (const Record& record : records) {
      if (in_flight_.size() >= room) return;
      if (in_flight_.contains(record.seq)) continue;
      // What of a session comes later waits for what came before.
      if (sessions_in_flight_.insert(record.session).second) send(record);
    }
    if (records.size() < kRecordsATurn) return;
  }
}

void Accounting::send(const Record& record) {
  Request request;
  request.code = Code::kAccountingRequest;
  request.attributes.add_encoded(record.attributes);
  const std::uint64_t now = unix_s();
  request.attributes.add(attribute::kAcctDelayTime,
                         static_cast<std::uint32_t>(now - std::min(now, record.at)));
  in_flight_.insert(record.seq);
  exchange_.send(std::move(request), [this, record](const Exchange::Result& result) {
    sent(record, result.has_value());
  });
}

void Accounting::sent(const Record& record, bool is_taken) {
  is_silent_ = !is_taken;
  if (is_taken) {
    taken_.push_back(record.seq);
    sessions_in_flight_.erase(record.session);
    return;
  }
  in_flight_.erase(record.seq);
  sessions_in_flight_.erase(record.session);
  next_records_ = steady_clock::now() + kBetweenTries;
  logging::say(logging::Level::kWarning, "accounting_waits",
               fmt::format("accounting: no server takes records; {} wait in {}; see to [[server]]",
                           spool_->size(), config_.spool));
}

void Accounting::drop_taken() {
  if (taken_.empty()) return;
  auto transaction = spool_->begin();
  for (const std::uint64_t seq : taken_) spool_->done(seq);
  transaction.commit();
  delivered_ += taken_.size();
  for (const std::uint64_t seq : taken_) in_flight_.erase(seq);
  taken_.clear();
}

void Accounting::publish() {
  next_publish_ = steady_clock::now() + milliseconds{100};
  Json made = status_of(exchange_);
  made["is_connected"] = client_.has_value();
  made["sessions"] = directory_.size();
  made["starts"] = starts_;
  made["interims"] = interims_;
  made["stops"] = stops_;
  made["delivered"] = delivered_;
  made["spooled"] = spool_->size();
  const std::lock_guard lock{mutex_};
  status_ = std::move(made);
}

nlohmann::json Accounting::status() const {
  const std::lock_guard lock{mutex_};
  return status_;
}

}  // namespace gate511::radius
