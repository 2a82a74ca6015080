// SPDX-License-Identifier: BSD-3-Clause
//
// Accounting, by a thread of its own, so that neither a disk nor a server that is slow holds a
// guest up. It follows the gateway's sessions as a consumer whose ends are kept, writes records to
// the spool before it acknowledges, and sends them as servers take them, however long that takes.
#pragma once

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gate511/client.hpp"
#include "radius/accounting/directory.hpp"
#include "radius/accounting/spool.hpp"
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
  using Json = nlohmann::json;
  using Time = std::chrono::steady_clock::time_point;

  void run();
  void turn();
  /// Over a new connection: subscribes, and lists what there is.
  [[nodiscard]] bool connect();
  [[nodiscard]] bool list_sessions();
  /// False: the connection is over.
  [[nodiscard]] bool take_events();
  void take(const Json& event);
  void begin(const Json& session, std::uint64_t at);
  void end(const Json& session, std::uint64_t at, const std::string& reason);
  [[nodiscard]] bool is_own(const Json& session) const;
  [[nodiscard]] bool send_interims();
  void send_records();
  void send(const Record& record);
  void sent(const Record& record, bool is_taken);
  void drop_taken();
  void publish();

  const Config& config_;
  Directory& directory_;
  Exchange exchange_;
  const bool keeps_records_;
  std::optional<Spool> spool_;
  std::optional<Client> client_;
  KeyParts key_;  ///< as the gateway there knows sessions
  Time next_connect_{}, next_interims_{}, next_records_{}, next_publish_{};
  std::set<std::uint64_t> in_flight_;           ///< records, by their numbers
  std::set<std::uint64_t> sessions_in_flight_;  ///< one record of a session at a time
  std::vector<std::uint64_t> taken_;            ///< by a server, and to be deleted
  bool is_doubtful_ = false;                    ///< the last change of the spool has failed
  bool is_silent_ = false;                      ///< the last one was not answered
  std::uint64_t starts_ = 0, interims_ = 0, stops_ = 0, delivered_ = 0;
  mutable std::mutex mutex_;
  Json status_ = Json::object();
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

}  // namespace gate511::radius
