// SPDX-License-Identifier: BSD-3-Clause
//
// Accounting, by a thread of its own, so that neither a disk nor a server that is slow holds a
// guest up: what happens to sessions is followed and written to a spool, and what is there is sent,
// each whether the other can be done or not.
#pragma once

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "radius/accounting/directory.hpp"
#include "radius/accounting/follower.hpp"
#include "radius/accounting/sender.hpp"
#include "radius/accounting/spool.hpp"
#include "radius/accounting/spool_lock.hpp"
#include "radius/client/exchange.hpp"
#include "radius/config.hpp"

namespace gate511::radius {

class Accounting {
 public:
  /// References outlive this. Without servers nothing is written, and sessions are followed for the
  /// directory alone.
  Accounting(const Config& config, const std::vector<Server>& servers, Directory& directory);
  ~Accounting();

  /// Opens the spool and the sockets. Gives what was wrong with the spool; empty: nothing.
  [[nodiscard]] tl::expected<std::string, Error> open();
  void start();
  /// Any thread; of a short time ago.
  [[nodiscard]] nlohmann::json status() const;

 private:
  using Time = std::chrono::steady_clock::time_point;

  void run();
  void turn();
  /// One part of a turn. Where the spool cannot be written it is done again after a while.
  void attempt(Time& not_before, const std::function<void(Spool&)>& part);
  /// Anew, where it was damaged while it was in use: it is set aside.
  void open_spool();
  void tell_of_room();
  void publish();

  const Config& config_;
  Directory& directory_;
  Exchange exchange_;
  const bool keeps_records_;
  Sender sender_;
  Follower follower_;
  std::optional<SpoolLock> lock_;
  std::optional<Spool> spool_;
  Time next_drop_{}, next_send_{}, next_follow_{}, next_open_{}, next_publish_{};
  bool is_doubtful_ = false;  ///< the last change of the spool has failed
  bool is_tight_ = false;     ///< it was told that the spool is nearly full
  std::uint64_t dropped_ = 0;
  mutable std::mutex mutex_;
  nlohmann::json status_ = nlohmann::json::object();
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

}  // namespace gate511::radius
