// SPDX-License-Identifier: BSD-3-Clause
//
// The link: what it says to the server at first and every two seconds, and what that tells.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/redis/link.hpp"
#include "control/redis/link_parts.hpp"
#include "control/redis/scripts.hpp"
#include "logging/log.hpp"

namespace gate511::control::redis {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kHelloEvery{2'000};  // and how soon lost data is found out
/// For which a number stays taken by who does not say hello any more. A machine that was reset is
/// another until then, which is less than a start waits for the server.
constexpr std::size_t kClaim_ms = 10'000;
constexpr std::uint64_t kAhead_us = 5'000'000;  // that versions may be of what was told last

/// Of an epoch: the same for as long as the server keeps its data.
std::string_view base_of(std::string_view epoch) {
  return epoch.substr(0, epoch.find('/'));
}

}  // namespace

void Link::say_hello() {
  next_hello_ = SteadyClock::now() + kHelloEvery;
  const std::string meta = key("meta"), seq = key("seq"), stream = key("stream");
  const std::string gateway = key(fmt::format("gateway:{}", options_.gateway));
  const std::string epoch = fmt::format(
      "{}-{}", options_.gateway, std::chrono::system_clock::now().time_since_epoch().count());
  const std::string claim = std::to_string(kClaim_ms), known = std::to_string(complete_);
  send(*commands_,
       {"EVALSHA", hello_, "4", meta, gateway, seq, stream, options_.keyed_by, options_.instance,
        claim, epoch, known, state_ == State::kReady ? "0" : "1"},
       [this, asked = SteadyClock::now()](const Reply& reply) { take_hello(reply, asked); });
}

/// Its number is free for whoever is to have it next.
void Link::say_goodbye() {
  has_said_goodbye_ = true;
  send(*commands_, {"DEL", key(fmt::format("gateway:{}", options_.gateway))}, {});
}

void Link::take_hello(const Reply& reply, SteadyClock::time_point asked) {
  if (reply.is_error()) {
    {
      const std::lock_guard lock{mutex_};
      ++status_.errors;
    }
    const std::string text = printable(reply.text);
    if (state_ == State::kGreeting || text.starts_with("NOSCRIPT"))
      return commands_->fail(fmt::format("refuses: {}", text));
    return refuse(text);
  }
  const auto is_text = [](const Reply& one) { return one.is_text(); };
  if (!reply.is_array() || reply.elements.size() != 8 ||
      !std::ranges::all_of(reply.elements, is_text) || !reply.elements[3].number() ||
      !reply.elements[4].number())
    return commands_->fail("answers nonsense");
  if (reply.elements[0].text != options_.keyed_by) {
    return commands_->fail(
        fmt::format("holds sessions that are known by \"{}\", and `sessions.key` is \"{}\"",
                    printable(reply.elements[0].text), options_.keyed_by));
  }
  if (reply.elements[1].text != options_.instance) {
    return commands_->fail(fmt::format("knows another gateway as number {}: {}", options_.gateway,
                                       printable(reply.elements[1].text)));
  }
  const std::string former = std::exchange(epoch_, reply.elements[2].text);
  const bool is_other = !former.empty() && former != epoch_;
  const std::string problem = printable(reply.elements[6].text);
  if (!options_.url.master.empty() && problem.starts_with("READONLY"))
    return commands_->fail(fmt::format("takes no changes: {}", problem));
  const bool is_lost = is_other && base_of(former) != base_of(epoch_);
  const std::uint64_t last = *reply.elements[3].number();
  newest_possible_ = std::max(last, *reply.elements[4].number()) + kAhead_us;
  told_time_ = SteadyClock::now();
  connection_ = reply.elements[7].text;
  const std::lock_guard lock{mutex_};
  status_.server_ms = *reply.elements[4].number() / 1'000;
  status_.told = asked + (told_time_ - asked) / 2;
  status_.refusal.clear();
  if (!problem.empty())
    status_.refusal = fmt::format("{} takes no changes: {}", server_.shown(), problem);
  if (state_ == State::kReady && !is_other) {
    if (own_until_ == ~std::uint64_t{0} && !is_syncing_) own_until_ = last;
    return;
  }
  if (is_lost) {
    ++status_.gaps;
    logging::say(logging::Level::kError, "shared_store_emptied",
                 fmt::format("{} has lost its data; what this gateway knows is put there again",
                             options_.url.shown()));
  } else if (is_other) {
    ++status_.gaps;
    ++status_.forged;
    logging::say(logging::Level::kError, "shared_store_forged",
                 fmt::format("{} had changes that no gateway has written, behind which none could "
                             "be told; they are gone, and all is read again: see who else may "
                             "write to it",
                             options_.url.shown()));
  }
  may_restore_ = is_lost || asked - contact_ < milliseconds{kEndsStay_ms};
  if (state_ == State::kGreeting) {
    ++status_.connects;
    logging::say(logging::Level::kInfo, "shared_store",
                 fmt::format("{}: connected", server_.shown()));
  }
  state_ = State::kReady;
  position_ = last;
  status_.problem.clear();
  is_ready_ = true;
  begin_sync(!is_other && reply.elements[5].text == "1" ? complete_ : 0);
}

}  // namespace gate511::control::redis
