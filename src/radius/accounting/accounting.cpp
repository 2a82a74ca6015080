// SPDX-License-Identifier: BSD-3-Clause
#include "radius/accounting/accounting.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "logging/escape.hpp"
#include "logging/log.hpp"
#include "radius/status.hpp"

namespace gate511::radius {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kTurn_ms = 100;
constexpr milliseconds kBetweenTries{1'000};

void say(std::string_view kind, const std::string& text) {
  logging::say(logging::Level::kError, kind, "accounting: " + text);
}

}  // namespace

Accounting::Accounting(const Config& config, const std::vector<Server>& servers,
                       Directory& directory)
    : config_{config},
      directory_{directory},
      exchange_{"accounting", servers, config.exchange},
      keeps_records_{!servers.empty()},
      sender_{exchange_, config.spool, Sender::Waits{}},
      follower_{config, directory, keeps_records_} {}

Accounting::~Accounting() {
  is_over_ = true;
  if (thread_.joinable()) thread_.join();
}

tl::expected<std::string, Error> Accounting::open() {
  const auto failed = [this](const std::string& what, const std::string& hint) {
    return tl::unexpected{
        Error{config_.where("accounting.spool"),
              fmt::format("`accounting.spool` {} cannot be used: {}", config_.spool, what), hint}};
  };
  // Before anything of it is looked at.
  auto lock = SpoolLock::take(config_.spool);
  if (!lock) {
    return failed(lock.error(),
                  "let one run alone, or give each a spool, a `gateway.tag` and a `door.socket`; "
                  "see that the spool's folder is there and may be written");
  }
  lock_.emplace(std::move(*lock));
  try {
    spool_.emplace(config_.spool, config_.spool_max);
  } catch (const std::exception& error) {
    return failed(error.what(), "see that its folder is there and may be written");
  }
  if (auto opened = exchange_.open(); !opened) return tl::unexpected{opened.error()};
  publish();
  return spool_->note();
}

void Accounting::start() {
  thread_ = std::thread{[this] { run(); }};
}

void Accounting::run() {
  while (!is_over_) turn();
}

void Accounting::turn() {
  std::array<pollfd, 2> waits{{{exchange_.fd(), POLLIN, 0}, {follower_.fd(), POLLIN, 0}}};
  int wait = follower_.is_busy() ? 0 : kTurn_ms;
  for (const int other : {exchange_.wait_ms(), sender_.wait_ms()}) {
    if (other >= 0) wait = std::min(wait, other);
  }
  ::poll(waits.data(), waits.size(), wait);
  exchange_.work();
  if (!spool_) open_spool();
  attempt(next_drop_, [this](Spool& spool) { sender_.drop_taken(spool); });
  if (keeps_records_) attempt(next_send_, [this](Spool& spool) { sender_.send(spool); });
  attempt(next_follow_, [this](Spool& spool) { follower_.work(spool); });
  if (spool_) tell_of_room();
  if (steady_clock::now() >= next_publish_) publish();
}

void Accounting::attempt(Time& not_before, const std::function<void(Spool&)>& part) {
  const auto now = steady_clock::now();
  if (!spool_ || now < not_before) return;
  try {
    if (std::exchange(is_doubtful_, false)) spool_->recount();
    part(*spool_);
  } catch (const sql::SqlError& error) {
    is_doubtful_ = true;
    not_before = now + kBetweenTries;
    say("spool",
        fmt::format("{} cannot be written: {}; see to the disk; the gateway keeps ends of sessions "
                    "meanwhile",
                    config_.spool, logging::escaped(error.what())));
    if (error.is_corrupt()) spool_.reset();
  }
}

void Accounting::open_spool() {
  const auto now = steady_clock::now();
  if (now < next_open_) return;
  next_open_ = now + kBetweenTries;
  try {
    spool_.emplace(config_.spool, config_.spool_max);
  } catch (const std::exception& error) {
    return say("spool", fmt::format("{} cannot be used: {}; see to the disk", config_.spool,
                                    logging::escaped(error.what())));
  }
  is_doubtful_ = false;
  sender_.begin_anew();
  follower_.begin_anew();
  if (!spool_->note().empty())
    say("spool_damaged",
        fmt::format("{}: {}; what it held is not sent", config_.spool, spool_->note()));
}

/// Four fifths of what it may hold are soon the whole.
void Accounting::tell_of_room() {
  const std::uint64_t size = spool_->size(), max = spool_->max();
  const Spool::Dropped& gone = spool_->dropped();
  const std::uint64_t dropped = gone.interims + gone.starts + gone.stops;
  if (size < max / 5 * 4) {
    is_tight_ = false;
  } else if (!std::exchange(is_tight_, true)) {
    say("spool_room",
        fmt::format("{} holds {} records of {} that it may: past that the oldest Interims are "
                    "dropped, then Starts, then Stops; see to [[server]], or raise "
                    "`accounting.spool_max`",
                    config_.spool, size, max));
  }
  if (dropped > dropped_) {
    say("spool_full",
        fmt::format("{} is full: {} Interims, {} Starts and {} Stops were dropped so far; see to "
                    "[[server]]",
                    config_.spool, gone.interims, gone.starts, gone.stops));
  }
  dropped_ = dropped;
}

void Accounting::publish() {
  next_publish_ = steady_clock::now() + milliseconds{100};
  const Follower::Counts& counts = follower_.counts();
  nlohmann::json made = status_of(exchange_);
  made["is_connected"] = follower_.is_connected();
  made["sessions"] = directory_.size();
  made["starts"] = counts.starts;
  made["interims"] = counts.interims;
  made["stops"] = counts.stops;
  made["lost"] = counts.lost;
  made["delivered"] = sender_.delivered();
  made["refused"] = sender_.refused();
  made["is_spool_good"] = spool_.has_value() && !is_doubtful_;
  if (spool_) {
    made["spooled"] = spool_->size();
    made["spool_max"] = spool_->max();
    made["dropped"] = {{"interims", spool_->dropped().interims},
                       {"starts", spool_->dropped().starts},
                       {"stops", spool_->dropped().stops}};
  }
  const std::lock_guard lock{mutex_};
  status_ = std::move(made);
}

nlohmann::json Accounting::status() const {
  const std::lock_guard lock{mutex_};
  return status_;
}

}  // namespace gate511::radius
