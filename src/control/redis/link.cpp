// SPDX-License-Identifier: BSD-3-Clause
#include "control/redis/link.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "control/redis/link_parts.hpp"
#include "control/redis/scripts.hpp"
#include "logging/log.hpp"

namespace gate511::control::redis {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{1'500};    // for an answer, and for a connection
constexpr milliseconds kMinPause{100};      // between attempts to connect
constexpr milliseconds kMaxPause{5'000};    //
constexpr milliseconds kTellEvery{60'000};  // what is wrong, if it is something else
constexpr milliseconds kGoodbye{300};       // for what waits at the end

void signal(const Fd& event) {
  const std::uint64_t one = 1;
  static_cast<void>(::write(event.get(), &one, sizeof one));
}
void clear(const Fd& event) {
  std::uint64_t count = 0;
  static_cast<void>(::read(event.get(), &count, sizeof count));
}

/// For an answer that is "OK", or else ends the connection with `what` and the answer's first word:
/// what stands behind that may be what the server was told.
Connection::OnReply expect_ok(Connection& connection, const char* what) {
  return [&connection, what](const Reply& reply) {
    const std::string said = printable(reply.text);
    if (!reply.is_text() || reply.text != "OK")
      connection.fail(fmt::format("{}: {}", what, said.substr(0, said.find(' '))));
  };
}

}  // namespace

tl::expected<std::unique_ptr<Link>, Error> Link::open(LinkOptions options) {
  Fd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  Fd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!event || !wake) {
    return tl::unexpected{Error{"control", fmt::format("eventfd failed: {}", std::strerror(errno)),
                                "raise the limit of open files"}};
  }
  return std::unique_ptr<Link>{new Link{std::move(options), std::move(event), std::move(wake)}};
}

Link::Link(LinkOptions options, Fd event, Fd wake)
    : options_{std::move(options)},
      session_prefix_{options_.prefix + "s:"},
      event_{std::move(event)},
      wake_{std::move(wake)},
      contact_{SteadyClock::now()} {
  const auto now_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
  const std::uint64_t away_ms = now_ms - std::min(now_ms, options_.known_ms);
  contact_ -= milliseconds{std::min(away_ms, 2 * kEndsStay_ms)};
  status_.problem = fmt::format("{} is not connected yet", options_.url.shown());
  keep_owed();
  thread_ = std::thread{[this] { loop(); }};
}

Link::~Link() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  signal(wake_);
  thread_.join();
}

// --- Control thread

void Link::submit(std::uint64_t number, std::vector<Op> ops, Mode mode) {
  const bool is_ready = is_ready_;
  {
    const std::lock_guard lock{mutex_};
    if (!is_ready && number != 0) outcomes_.push_back({number, Verdict::kFailed});
    if (is_ready || mode == Mode::kEach)
      waiting_.push_back({is_ready ? number : 0, std::move(ops), mode});
  }
  if (is_ready) {
    signal(wake_);
  } else {
    signal(event_);
  }
}

void Link::take(std::vector<Outcome>& outcomes, std::vector<Told>& told,
                std::deque<Remote>& remotes) {
  clear(event_);
  bool was_full = false;
  {
    const std::lock_guard lock{mutex_};
    was_full = remotes_.size() >= kUntaken;
    outcomes.insert(outcomes.end(), outcomes_.begin(), outcomes_.end());
    outcomes_.clear();
    std::ranges::move(told_, std::back_inserter(told));
    told_.clear();
    if (remotes.empty()) {
      remotes.swap(remotes_);
    } else {
      std::ranges::move(remotes_, std::back_inserter(remotes));
      remotes_.clear();
    }
  }
  if (was_full) signal(wake_);
}

LinkStatus Link::status() const {
  const std::lock_guard lock{mutex_};
  return status_;
}

// --- The link's thread

void Link::loop() {
  ::pthread_setname_np(::pthread_self(), "gate511-link");
  std::optional<SteadyClock::time_point> goodbye;
  for (;;) {
    const auto now = SteadyClock::now();
    if (state_ == State::kAway && now >= next_attempt_ && !goodbye) connect();
    wait();
    if (named_) connect_to(*std::exchange(named_, std::nullopt));
    check(SteadyClock::now());
    take_batches();
    if (state_ == State::kReady) {
      send_kept();
      if (wants_page_ && may_push()) ask_for_page();
    }
    if (std::exchange(has_news_, false)) signal(event_);
    const std::lock_guard lock{mutex_};
    status_.waiting = kept_.size();
    if (!stopping_) continue;
    if (!goodbye) goodbye = SteadyClock::now() + kGoodbye;
    const bool is_done =
        waiting_.empty() && in_flight_.empty() && (kept_.empty() || state_ != State::kReady);
    if (SteadyClock::now() >= *goodbye || (is_done && state_ != State::kReady)) return;
    if (!is_done) continue;
    if (!has_said_goodbye_) {
      say_goodbye();
    } else if (commands_->owed() == 0) {
      return;
    }
  }
}

void Link::wait() {
  // What was asked for meanwhile goes out at once.
  if (commands_ && !commands_->is_connecting()) commands_->work(commands_->wanted() & POLLOUT);
  std::array<pollfd, 3> fds{pollfd{wake_.get(), POLLIN, 0}, {}, {}};
  nfds_t count = 1;
  for (const Connection* one : {commands_.get(), stream_.get()}) {
    if (one != nullptr && one->problem().empty()) fds.at(count++) = {one->fd(), one->wanted(), 0};
  }
  milliseconds timeout{100};
  if (state_ == State::kAway) {
    const auto left = std::chrono::ceil<milliseconds>(next_attempt_ - SteadyClock::now());
    timeout = std::clamp(left, milliseconds{1}, milliseconds{100});
  }
  static_cast<void>(::poll(fds.data(), count, static_cast<int>(timeout.count())));
  if ((fds[0].revents & POLLIN) != 0) clear(wake_);
  for (const pollfd& one : std::span{fds}.subspan(1, count - 1)) {
    for (Connection* const it : {commands_.get(), stream_.get()}) {
      if (it != nullptr && it->fd() == one.fd) it->work(one.revents);
    }
  }
}

void Link::connect() {
  if (options_.url.master.empty()) {
    connect_to(options_.url);
  } else {
    ask_sentinel();
  }
  ++attempts_;
}

/// Who the server is now, of those that a sentinel watches. What it says is not trusted further
/// than that: the server must know the password, and take changes.
void Link::ask_sentinel() {
  Url sentinel = options_.url;
  const Url::Place& place = sentinel.sentinels[attempts_ % sentinel.sentinels.size()];
  sentinel.host = place.host;
  sentinel.port = place.port;
  server_ = sentinel;
  commands_ = std::make_unique<Connection>(sentinel, options_.trust, attempts_);
  if (!commands_->problem().empty()) return lose(commands_->problem());
  state_ = State::kAsking;
  ask_for_master(false);
}

/// A sentinel that wants a password gets the server's, which it needs in any case. `is_known`: it
/// has got it.
void Link::ask_for_master(bool is_known) {
  send(
      *commands_, {"SENTINEL", "get-master-addr-by-name", options_.url.master},
      [this, is_known](const Reply& reply) {
        if (reply.is_error() && reply.text.starts_with("NOAUTH")) {
          if (is_known || options_.url.password.empty())
            return commands_->fail("is a sentinel that wants a password, which the URL is to have");
          authenticate(*commands_);
          return ask_for_master(true);
        }
        if (reply.is_error())
          return commands_->fail(
              fmt::format("is a sentinel that does not answer: {}", printable(reply.text)));
        if (!reply.is_array() || reply.elements.size() != 2 || !reply.elements[0].is_text())
          return commands_->fail(
              fmt::format("is a sentinel that knows no {}", options_.url.master));
        const auto place = named_place(reply.elements[0].text, reply.elements[1].number());
        if (!place) return commands_->fail("is a sentinel that answers nonsense");
        named_ = options_.url;
        named_->host = place->host;
        named_->port = place->port;
      });
}

void Link::connect_to(Url server) {
  server_ = std::move(server);
  commands_ = std::make_unique<Connection>(server_, options_.trust, attempts_);
  if (!commands_->problem().empty()) return lose(commands_->problem());
  stream_ = std::make_unique<Connection>(server_, options_.trust, attempts_);
  state_ = State::kGreeting;
  greet(*commands_);
  greet(*stream_);
  for (auto [script, digest] :
       {std::pair{kApply, &apply_}, std::pair{kRead, &read_}, std::pair{kHello, &hello_}}) {
    send(*commands_, {"SCRIPT", "LOAD", script}, [this, digest = digest](const Reply& reply) {
      if (reply.is_text()) {
        *digest = reply.text;
      } else {
        commands_->fail(fmt::format("takes no script: {}", printable(reply.text)));
      }
      if (digest == &hello_ && commands_->problem().empty()) say_hello();
    });
  }
}

void Link::greet(Connection& connection) {
  authenticate(connection);
  const Url& url = options_.url;
  if (url.database == 0) return;
  send(connection, {"SELECT", std::to_string(url.database)},
       expect_ok(connection, "does not have the database"));
}

void Link::authenticate(Connection& connection) {
  const Url& url = options_.url;
  if (!url.password.empty() && url.user.empty()) {
    send(connection, {"AUTH", url.password}, expect_ok(connection, "does not take the password"));
  } else if (!url.password.empty()) {
    send(connection, {"AUTH", url.user, url.password},
         expect_ok(connection, "does not take the user and password"));
  }
}

// --- What goes wrong

void Link::check(SteadyClock::time_point now) {
  for (const auto& one : {&commands_, &stream_}) {
    Connection* const connection = one->get();
    if (connection == nullptr) continue;
    if (connection->is_connecting() && now - connection->began() > kPatience)
      connection->fail("cannot be reached: no answer for 1.5 s");
    if (connection->owed() > 0 && now > connection->waits_since() &&
        now - connection->waits_since() > kPatience)
      connection->fail("has not answered for 1.5 s");
    if (!connection->problem().empty()) return lose(connection->problem());
  }
  if (state_ != State::kReady) return;
  if (now >= next_hello_ && !has_said_goodbye_) say_hello();
  if (stream_->owed() == 0 && may_push()) follow();
}

void Link::refuse(const std::string& refusal) {
  // Another may be the one to write to by now.
  if (!options_.url.master.empty() && refusal.starts_with("READONLY"))
    return commands_->fail(fmt::format("takes no changes: {}", refusal));
  const std::lock_guard lock{mutex_};
  status_.refusal = fmt::format("{} takes no changes: {}", server_.shown(), refusal);
}

void Link::lose(const std::string& problem) {
  const std::string told = fmt::format("{} {}", server_.shown(), problem);
  is_ready_ = false;
  // Of what may have gone by unseen, a part is known in any case.
  if (state_ == State::kReady && !is_syncing_) complete_ = position_;
  std::vector<std::shared_ptr<Batch>> failed;
  for (auto& [number, batch] : in_flight_) failed.push_back(std::move(batch));
  in_flight_.clear();
  state_ = State::kAway;
  commands_.reset();
  stream_.reset();
  named_.reset();
  wants_page_ = is_syncing_ = false;
  kept_in_flight_ = 0;
  for (const auto& batch : failed) {
    settle(batch->number, Verdict::kFailed);
    if (batch->mode == Mode::kEach) {
      keep(batch->ops);
    } else {
      for (const Op& op : batch->ops) doubtful_.insert(op.id);
    }
  }
  // At once the first time, as what was lost may be there again.
  next_attempt_ = SteadyClock::now() + pause_;
  pause_ = std::clamp(pause_ * 2, kMinPause, kMaxPause);
  {
    const std::lock_guard lock{mutex_};
    ++status_.failures;
    status_.problem = told;
    status_.refusal.clear();
    status_.is_synced = false;
  }
  // Causes may come in turn for as long as it is away: `health` tells the last one.
  const auto now = SteadyClock::now();
  if (!problem_told_.empty() && (problem_told_ == told || now < next_problem_)) return;
  problem_told_ = told;
  next_problem_ = now + kTellEvery;
  logging::say(logging::Level::kError, "shared_store", told);
}

}  // namespace gate511::control::redis
