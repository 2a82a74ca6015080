// SPDX-License-Identifier: BSD-3-Clause
//
// What is noted: sessions as they begin, change and end, and each address that a session's client
// is seen with. Of guests nothing is. It holds nothing of a session itself: what the file may have
// missed, at a start, after a loss or because records were off, is told by going round all sessions
// once more. Control thread.
#pragma once

#include <cstdint>
#include <string>

#include "control/clients.hpp"
#include "control/clock.hpp"
#include "control/records/keeper.hpp"
#include "control/session_listener.hpp"
#include "control/sessions.hpp"

namespace gate511::control::records {

class Recorder final : public SessionListener {
 public:
  /// All outlive it.
  struct Parts {
    Keeper& keeper;
    Sessions& sessions;
    Clients& clients;
    const SessionKeys& keys;
    const Clock& clock;
  };
  explicit Recorder(const Parts& parts);

  void session_added(const SessionRef& session) override { note_session(session.record); }
  void session_changed(const SessionRef& session) override { note_session(session.record); }
  void session_ended(const SessionRef& session, EndReason reason) override;
  void address_seen(const SeenClient& client, const SeenAddress& address);

  /// One slice of a round.
  void work();
  [[nodiscard]] bool has_work() const;
  /// A few times a second: looks for steps of the clock, and for what the workers could not tell.
  /// `dropped`: reports of clients seen that found their ring full, since the start.
  void tick(std::uint64_t dropped);

 private:
  [[nodiscard]] Note note_of(Note::Kind kind, const SessionRecord& record) const;
  void add(Note note);
  void note_session(const SessionRecord& record);
  void note_address(const SessionRecord& record, const SeenAddress& address);
  void tell_of_dropped(std::uint64_t dropped);
  [[nodiscard]] std::uint64_t unix_s() const { return parts_.clock.unix_ns() / kNsPerSecond; }

  Parts parts_;
  std::uint64_t apart_ns_;  ///< what the two clocks differ by
  /// Each round in turn; a loss means another.
  enum class Round : std::uint8_t { kDue, kUnderWay, kDone } round_ = Round::kDue;
  std::uint32_t next_ = 0;  ///< where the round goes on
  bool has_lost_ = false;   ///< since the round began
  std::uint64_t dropped_ = 0;
  Remark dropping_{};    ///< of reports, not told yet
  UnixTime ticked_ = 0;  ///< unix time of the tick before
};

/// Two, of which the second may be none.
class BothListeners final : public SessionListener {
 public:
  explicit BothListeners(SessionListener& first) : first_{first} {}
  void set_second(SessionListener* second) { second_ = second; }

  void session_added(const SessionRef& session) override {
    first_.session_added(session);
    if (second_ != nullptr) second_->session_added(session);
  }
  void session_changed(const SessionRef& session) override {
    first_.session_changed(session);
    if (second_ != nullptr) second_->session_changed(session);
  }
  void session_ended(const SessionRef& session, EndReason reason) override {
    first_.session_ended(session, reason);
    if (second_ != nullptr) second_->session_ended(session, reason);
  }

 private:
  SessionListener& first_;
  SessionListener* second_ = nullptr;
};

}  // namespace gate511::control::records
