// SPDX-License-Identifier: BSD-3-Clause
//
// The walk of a session's frame, which is what the gateway does nearly all of the time: decided in
// one pass over the burst, counted in another. A frame that is anything else than simply a
// session's goes to the burst's `rest`, and pipeline.cpp.
#include "pipeline/pipeline.hpp"
#include "policy/guest_rules.hpp"

namespace gate511::pipeline {

using policy::Verdict;

void Pipeline::pass_sessions(Burst& burst) noexcept {
  burst.rest.clear();
  for (std::size_t i = 0; i < burst.count; ++i) {
    const table::Hit session = burst.session[i];
    const net::Ethernet& ethernet = burst.ethernet[i];
    // A frame with a flaw has no key, and so no session. No branch but one.
    const bool passes = (session.state == table::State::kAuthenticated) &
                        (burst.zone[i].enforce == policy::Enforce::kOn) &
                        (burst.frame[i].size() <= burst.max_frame_out) & !burst.may_break[i] &
                        !policy::may_be_reserved(ethernet);
    if (!passes) [[unlikely]] {
      burst.rest.add(i);
      if (table::is_policed(session.state)) __builtin_prefetch(&shared_.policers[session.index], 1);
      if (table::is_bound(session.state)) __builtin_prefetch(&shared_.bindings[session.index]);
      if (table::is_authenticated(session.state)) __builtin_prefetch(&sessions_[session.index], 1);
      continue;
    }
    __builtin_prefetch(&sessions_[session.index], 1);
    burst.verdict[i] = Verdict::kSession;
    // Read now: once a frame is handed to a port, its bytes are not ours any more.
    burst.session_bytes[i] =
        static_cast<std::uint32_t>(net::counted_bytes(burst.frame[i], ethernet));
  }
}

/// A session that is not simply passed on: it was let in lately, it has a rate, or its zone is
/// monitored.
Verdict Pipeline::judge_session(Burst& burst, std::size_t i, Now now) noexcept {
  const table::Hit session = burst.session[i];
  if (table::is_fresh(session.state) && burst.direction == Direction::kFromAccess) {
    if (const auto ours = judge_begun(burst, i, now)) return *ours;
  }
  if (!table::is_policed(session.state)) return Verdict::kSession;
  const std::size_t bytes = net::counted_bytes(burst.frame[i], burst.ethernet[i]);
  table::Policer& policer = shared_.policers[session.index];
  const bool within = burst.direction == Direction::kFromAccess ? policer.take_up(bytes, now.ns)
                                                                : policer.take_down(bytes, now.ns);
  return within ? Verdict::kSession : Verdict::kOverRate;
}

template <Direction direction>
void Pipeline::count_frames(const Burst& burst) noexcept {
  // Frames of one zone and verdict are counted at once: their counter is read and written back over
  // and over else, each time waiting for the last. Sessions' frames apart from all others, so that
  // those between them change nothing.
  std::uint8_t session_zone = burst.zone[0].number, zone = session_zone;
  Verdict verdict = burst.verdict[0];
  std::size_t of_sessions = 0, others = 0;
  for (std::size_t i = 0; i < burst.count; ++i) {
    if (burst.verdict[i] == Verdict::kSession) [[likely]] {
      if (burst.zone[i].number != session_zone) [[unlikely]] {
        counters_.count(burst.link, session_zone, Verdict::kSession, of_sessions);
        of_sessions = 0;
        session_zone = burst.zone[i].number;
      }
      ++of_sessions;
      table::SessionCounters& session = sessions_[burst.session[i].index];
      if constexpr (direction == Direction::kFromAccess) {
        session.count_up(burst.session_bytes[i]);
      } else {
        session.count_down(burst.session_bytes[i]);
      }
      continue;
    }
    if ((burst.verdict[i] != verdict) | (burst.zone[i].number != zone)) {
      counters_.count(burst.link, zone, verdict, others);
      others = 0;
      zone = burst.zone[i].number;
      verdict = burst.verdict[i];
    }
    ++others;
  }
  counters_.count(burst.link, session_zone, Verdict::kSession, of_sessions);
  counters_.count(burst.link, zone, verdict, others);
}

void Pipeline::account(const Burst& burst) noexcept {
  if (burst.count == 0) return;
  if (burst.direction == Direction::kFromAccess) {
    count_frames<Direction::kFromAccess>(burst);
  } else {
    count_frames<Direction::kFromUplink>(burst);
  }
  for (const std::uint8_t i : burst.rest) {
    if (burst.zone[i].enforce == policy::Enforce::kMonitor)
      counters_.count_would_have(burst.link, burst.zone[i].number, burst.would_have[i]);
  }
}

void Pipeline::account_released(const Released& released, Verdict verdict) noexcept {
  counters_.count(released.link, released.zone, Verdict::kDnsHeld, ~std::uint64_t{0});  // one less
  counters_.count(released.link, released.zone, verdict, 1);
}

}  // namespace gate511::pipeline
