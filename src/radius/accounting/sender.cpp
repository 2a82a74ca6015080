// SPDX-License-Identifier: BSD-3-Clause
#include "radius/accounting/sender.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "logging/escape.hpp"
#include "logging/log.hpp"
#include "radius/unix_time.hpp"

namespace gate511::radius {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kRecordsAtOnce = 256;
constexpr std::size_t kDeletedAtOnce = 512;
constexpr unsigned kMaxDoublings = 16;
constexpr milliseconds kPrune{10'000};

}  // namespace

int Sender::wait_ms() const {
  if (taken_.empty()) return -1;
  const auto left = taken_since_ + waits_.gather - steady_clock::now();
  return static_cast<int>(
      std::max<std::int64_t>(0, std::chrono::duration_cast<milliseconds>(left).count() + 1));
}

void Sender::drop_taken(Spool& spool) {
  const auto now = steady_clock::now();
  if (taken_.empty() || (taken_.size() < kDeletedAtOnce && now - taken_since_ < waits_.gather))
    return;
  taken_since_ = now + waits_.silent;  // where it throws
  auto transaction = spool.begin();
  for (const auto& [seq, session] : taken_) spool.done(seq);
  // A Start that came behind its Stop would open the session again.
  for (const auto& [seq, session] : stops_) spool.drop_before(session, seq);
  transaction.commit();
  delivered_ += taken_.size();
  if (!tried_.empty() && now >= next_prune_) {
    next_prune_ = now + kPrune;
    prune(spool);
  }
  taken_.clear();
  stops_.clear();
}

void Sender::send(Spool& spool) {
  const auto now = steady_clock::now();
  size_ = spool.size();
  const std::size_t room = is_silent() ? 1 : kMaxInFlight;
  if (size_ <= in_flight_.size() + taken_.size() || in_flight_.size() >= room) return;
  if (is_silent() ? now < next_probe_ : room - in_flight_.size() < kMaxInFlight / 4) return;
  // What of a session comes later waits for what came before.
  std::map<SessionId, std::uint64_t> held;
  for (const auto& [seq, tried] : tried_) {
    if (tried.strikes == 0) held.emplace(tried.session, seq);
  }
  const auto may_go = [&](const Record& record) {
    if (in_flight_.contains(record.seq) || taken_.contains(record.seq) ||
        busy_.contains(record.session))
      return false;
    const auto before = held.find(record.session);
    if (before != held.end() && before->second < record.seq) {
      if (spool.has(before->second)) return false;
      forget(before->second);  // an Interim that has given way
    }
    const auto tried = tried_.find(record.seq);
    return tried == tried_.end() || now >= tried->second.not_before;
  };
  // Past the one that was tried last, and from the beginning again.
  std::uint64_t after = is_silent() ? probed_ : 0;
  bool is_last_round = after == 0;
  for (;;) {
    const std::vector<Record> records = spool.records(after, kRecordsAtOnce);
    for (const Record& record : records) {
      if (in_flight_.size() >= room) return;
      if (may_go(record)) send_one(record);
    }
    if (records.size() == kRecordsAtOnce) {
      after = records.back().seq;
    } else if (std::exchange(is_last_round, true)) {
      return;
    } else {
      after = 0;
    }
  }
}

void Sender::send_one(const Record& record) {
  Request request;
  request.code = Code::kAccountingRequest;
  request.attributes.add_encoded(record.attributes);
  const std::uint64_t now = unix_s();
  request.attributes.add(attribute::kAcctDelayTime,
                         static_cast<std::uint32_t>(now - std::min(now, record.at)));
  in_flight_.insert(record.seq);
  busy_.insert(record.session);
  const Sent sent{record.seq, record.session, record.kind, steady_clock::now(), spool_};
  exchange_.send(std::move(request), [this, sent](const Exchange::Result& result) {
    if (sent.spool != spool_) return;
    in_flight_.erase(sent.seq);
    busy_.erase(sent.session);
    result ? taken(sent) : failed(sent, size_);
  });
}

void Sender::taken(const Sent& sent) {
  if (taken_.empty()) taken_since_ = steady_clock::now();
  taken_.emplace(sent.seq, sent.session);
  if (sent.kind == RecordKind::kStop) stops_.emplace(sent.seq, sent.session);
  forget(sent.seq);
  unanswered_.clear();
  if (!std::exchange(must_wake_, false)) return;
  for (auto& [seq, one] : tried_) {
    if (one.strikes == 0) one.not_before = {};
  }
}

void Sender::forget(std::uint64_t seq) {
  const auto tried = tried_.find(seq);
  if (tried == tried_.end()) return;
  if (tried->second.strikes > 0) --refused_;
  tried_.erase(tried);
}

void Sender::prune(Spool& spool) {
  std::vector<std::uint64_t> gone;
  for (const auto& [seq, tried] : tried_) {
    if (!spool.has(seq)) gone.push_back(seq);
  }
  for (const std::uint64_t seq : gone) forget(seq);
}

void Sender::failed(const Sent& sent, std::uint64_t waiting) {
  const auto now = steady_clock::now();
  Tried& tried = tried_[sent.seq];
  tried.session = sent.session;
  const Time answered = exchange_.last_answer();
  const bool others_were = answered >= sent.at || (tried.times > 0 && answered > tried.failed_at);
  ++tried.times;
  tried.failed_at = now;
  if (others_were || tried.strikes > 0) {  // nor does it tell whether a server is there
    const milliseconds::rep times = milliseconds::rep{1} << std::min(tried.strikes, kMaxDoublings);
    const auto wait = std::min(waits_.most, waits_.refused * times);
    if (tried.strikes++ == 0) ++refused_;
    tried.not_before = now + wait;
    logging::say(
        logging::Level::kWarning, "record_refused",
        fmt::format("accounting: a record of session {} has no answer, while others have; it is "
                    "sent again in {} s, and holds up none; see why the server does not take it",
                    acct_session_id(sent.session),
                    std::chrono::duration_cast<std::chrono::seconds>(wait).count()));
    return;
  }
  tried.not_before = now + waits_.silent;
  unanswered_.insert(sent.seq);
  must_wake_ = true;
  probed_ = sent.seq;
  next_probe_ = now + waits_.silent;
  logging::say(
      logging::Level::kWarning, "accounting_waits",
      fmt::format("accounting: no server answers; {} records wait in {}; see to [[server]]",
                  waiting, logging::escaped(spool_name_)));
}

void Sender::begin_anew() {
  ++spool_;
  in_flight_.clear();
  busy_.clear();
  taken_.clear();
  stops_.clear();
  tried_.clear();
  unanswered_.clear();
  refused_ = 0;
  probed_ = 0;
}

}  // namespace gate511::radius
