// SPDX-License-Identifier: BSD-3-Clause
//
// Follows the gateway's sessions, as a consumer whose ends are kept, and writes their records to
// the spool before it acknowledges. After each time that it was away it compares what there is with
// what it knows. One thread.
#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gate511/client.hpp"
#include "radius/accounting/directory.hpp"
#include "radius/accounting/spool.hpp"
#include "radius/config.hpp"

namespace gate511::radius {

/// By which the gateway knows who follows it: who opens sessions of another tag is another.
[[nodiscard]] std::string consumer_of(const std::string& tag);

class Follower {
 public:
  struct Counts {
    std::uint64_t starts = 0, interims = 0, stops = 0;
    std::uint64_t lost = 0;  ///< of the stops: sessions that the gateway had no more
  };
  /// References outlive this. Without `keeps_records` nothing is written, and sessions are followed
  /// for the directory alone.
  Follower(const Config& config, Directory& directory, bool keeps_records);

  /// What there is to do. Where it throws, nothing of what was not written is forgotten: it is told
  /// of again over another connection.
  void work(Spool& spool);
  /// It is another spool from now on.
  void begin_anew();
  /// To be readable before work() has something to do; -1: none.
  [[nodiscard]] int fd() const { return client_ ? client_->fd() : -1; }
  /// There is more to do at once.
  [[nodiscard]] bool is_busy() const { return comparison_.has_value(); }
  [[nodiscard]] bool is_connected() const { return client_.has_value(); }
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  using Json = nlohmann::json;
  using Time = std::chrono::steady_clock::time_point;
  /// What was known when it was connected, less what has been told of since.
  struct Comparison {
    std::set<SessionId> missing;
    std::uint64_t ends = 0;    ///< that are still to be told again
    std::uint64_t seq = 0;     ///< those up to this number
    Time until{};              ///< no longer than that is waited for them
    std::uint64_t cursor = 0;  ///< of the list
    bool is_listed = false;
  };

  [[nodiscard]] bool connect(Spool& spool);
  void commit(sql::Transaction& transaction);
  void disconnect(const std::string& why);
  [[nodiscard]] bool take_events(Spool& spool);
  void take(Spool& spool, const Json& event);
  void begin(Spool& spool, const Json& session, std::uint64_t at);
  void changed(Spool& spool, const Json& session);
  void end(Spool& spool, const Json& session, std::uint64_t at, const std::string& reason);
  /// What was accepted here for that session, if anything.
  [[nodiscard]] std::optional<Accepted> accepted_for(Spool& spool, const Json& session);
  [[nodiscard]] bool is_own(const Json& session) const;
  [[nodiscard]] bool compare(Spool& spool);
  void lose_missing(Spool& spool);
  [[nodiscard]] bool write_interims(Spool& spool);
  void keep_accepted(Spool& spool);
  void load_accepted(Spool& spool);
  [[nodiscard]] AccountedSession session_of(const Json& session, const Place& place,
                                            std::optional<Accepted> accepted) const;

  const Config& config_;
  Directory& directory_;
  const bool keeps_records_;
  const std::string consumer_;
  std::optional<Client> client_;
  KeyParts key_;            ///< as the gateway there knows sessions
  bool is_shared_ = false;  ///< it shares them with other gateways
  std::optional<Comparison> comparison_;
  std::vector<Accepted> used_;  ///< since the last commit, to be given back if there is none
  bool is_loaded_ = false;
  bool is_caught_up_ = false;  ///< nothing that has come is left to be taken
  Time next_connect_{}, next_interims_{}, next_keep_{}, next_sweep_{};
  Counts counts_, committed_;
};

}  // namespace gate511::radius
