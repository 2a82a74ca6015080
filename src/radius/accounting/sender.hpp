// SPDX-License-Identifier: BSD-3-Clause
//
// Sends what waits in the spool, as servers take it. Of a session one record after the other. One
// that no server answers while others are answered waits longer each time, and holds nothing up;
// where none is answered one at a time finds out whether a server is back. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "radius/accounting/spool.hpp"
#include "radius/client/exchange.hpp"

namespace gate511::radius {

class Sender {
 public:
  struct Waits {
    std::chrono::milliseconds silent{1'000};    ///< between tries where no server answers
    std::chrono::milliseconds refused{10'000};  ///< of a record that alone is not answered; doubles
    std::chrono::milliseconds most{3'600'000};
    std::chrono::milliseconds gather{50};  ///< records that were taken are deleted together
  };
  /// `exchange` outlives this. `spool_name` is for the log.
  Sender(Exchange& exchange, std::string spool_name, const Waits& waits)
      : exchange_{exchange}, spool_name_{std::move(spool_name)}, waits_{waits} {}

  /// What servers have taken is deleted. May throw: it is deleted later.
  void drop_taken(Spool& spool);
  /// Those that may be are sent. May throw.
  void send(Spool& spool);
  /// It is another spool from now on.
  void begin_anew();

  /// Milliseconds after which there is something to do, if nothing comes; -1: for ever.
  [[nodiscard]] int wait_ms() const;
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  /// Records that servers have not answered while they answered others.
  [[nodiscard]] std::size_t refused() const { return refused_; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  /// Of a record without an answer.
  struct Tried {
    SessionId session;
    Time not_before{}, failed_at{};
    unsigned times = 0;    ///< without an answer
    unsigned strikes = 0;  ///< of these, since others were answered meanwhile
  };
  struct Sent {
    std::uint64_t seq = 0;
    SessionId session;
    RecordKind kind{};
    Time at{};
    std::uint64_t spool = 0;
  };
  static constexpr std::size_t kMaxInFlight = 128;
  /// So many different ones without an answer, and none with: no server is there.
  static constexpr std::size_t kSilentAfter = 3;

  [[nodiscard]] bool is_silent() const { return unanswered_.size() >= kSilentAfter; }
  void send_one(const Record& record);
  void forget(std::uint64_t seq);
  /// Of what was tried, what is not in the spool any more.
  void prune(Spool& spool);
  void taken(const Sent& sent);
  void failed(const Sent& sent, std::uint64_t waiting);

  Exchange& exchange_;
  std::string spool_name_;
  Waits waits_;
  std::uint64_t spool_ = 0;                   ///< which one it is
  std::uint64_t size_ = 0;                    ///< of it, when it was last seen
  std::set<std::uint64_t> in_flight_;         ///< records, by their numbers
  std::set<SessionId> busy_;                  ///< with a record in flight
  std::map<std::uint64_t, SessionId> taken_;  ///< by a server, and to be deleted
  std::map<std::uint64_t, SessionId> stops_;  ///< of these
  std::map<std::uint64_t, Tried> tried_;
  std::set<std::uint64_t> unanswered_;  ///< since the last answer
  std::size_t refused_ = 0;             ///< of tried_, those with strikes
  bool must_wake_ = false;              ///< the next answer ends the waits of those without strikes
  std::uint64_t probed_ = 0;            ///< the record that was tried last while all were silent
  Time next_probe_{}, next_prune_{}, taken_since_{};
  std::uint64_t delivered_ = 0;
};

}  // namespace gate511::radius
