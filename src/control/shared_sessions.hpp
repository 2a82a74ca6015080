// SPDX-License-Identifier: BSD-3-Clause
//
// What other gateways do to the sessions that are shared with them, done here, in slices; and what
// they are to know of this one's clients. Control thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "control/session_keys.hpp"
#include "control/sessions.hpp"
#include "control/store/shared_store.hpp"

namespace gate511::control {

class SharedSessions {
 public:
  /// All outlive this.
  SharedSessions(store::SharedStore& store, Sessions& sessions, SessionKeys& keys,
                 std::uint8_t gateway);
  SharedSessions(const SharedSessions&) = delete;
  SharedSessions& operator=(const SharedSessions&) = delete;

  /// One slice.
  void work();
  /// True while work() has more to do at once.
  [[nodiscard]] bool has_work() const { return !store_.remotes().empty() && !is_waiting_; }
  /// All that the store had at its start is here, or it cannot be had now.
  [[nodiscard]] bool is_settled() const;

  /// Clients of other gateways for which the table has no room, as far as they are kept.
  static constexpr std::size_t kMissing = 65'536;

 private:
  /// False: it must wait until a change of this gateway is settled.
  [[nodiscard]] bool take(const redis::Remote& remote);
  void take_same(const redis::Remote& remote);
  [[nodiscard]] bool put(const redis::Remote& remote, table::Key key);
  void try_missing();
  /// nullopt: it is on a link that is none here.
  [[nodiscard]] std::optional<table::Key> key_of(const store::Place& place);

  store::SharedStore& store_;
  Sessions& sessions_;
  SessionKeys& keys_;
  std::uint8_t gateway_;
  bool is_waiting_ = false;
  /// By client_text(); asked for again when there is room.
  std::map<std::string, store::Place> missing_;
  std::chrono::steady_clock::time_point next_try_{};
};

}  // namespace gate511::control
