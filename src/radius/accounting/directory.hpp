// SPDX-License-Identifier: BSD-3-Clause
//
// Who is who among the sessions that are accounted for, for the threads that need it: what was
// accepted and has no session yet, and sessions by id, MAC and user. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "radius/accounting/session_id.hpp"
#include "radius/gateway/place.hpp"

namespace gate511::radius {

/// What was told when a client was accepted.
struct Accepted {
  Place place;                  ///< whole, whatever sessions are known by
  std::string user;             ///< as the server has it
  std::string classes;          ///< attributes, encoded
  std::uint64_t interim_s = 0;  ///< 0: not told
  // Who is told of it sets these.
  std::chrono::steady_clock::time_point at{};
  std::uint64_t unix_s = 0;
  bool is_kept = false;  ///< on disk as well
};

struct Known {
  std::uint64_t id = 0;
  Place place;  ///< as the gateway knows the session
  std::string user;
  std::uint64_t created_at = 0;
  Place told{};             ///< whole, as servers were told; without a link: as above
  std::string full_user{};  ///< as the server has it; empty: as above

  [[nodiscard]] SessionId key() const { return {id, created_at}; }
};

class Directory {
 public:
  /// So long an acceptance waits for its session.
  static constexpr std::chrono::seconds kPatience{120};
  static constexpr std::size_t kMaxAccepted = 65'536;

  using Time = std::chrono::steady_clock::time_point;

  void accepted(Accepted accepted, Time now = std::chrono::steady_clock::now());
  /// And it is forgotten here. nullopt: none, or longer ago than kPatience, or after the session
  /// had begun.
  [[nodiscard]] std::optional<Accepted> take_accepted(const Place& session,
                                                      Time now = std::chrono::steady_clock::now(),
                                                      std::uint64_t created_at = UINT64_MAX);
  /// What was taken, or was kept on disk: it waits on, and no longer than it would have.
  void give_back(Accepted accepted);
  /// Those of before a time that are not on disk.
  [[nodiscard]] std::vector<Accepted> unkept(Time before) const;
  void kept(const std::vector<Accepted>& written);

  void put(const Known& session);
  void drop(std::uint64_t id);
  [[nodiscard]] std::optional<Known> find(std::uint64_t id) const;
  /// Of a MAC, or of a user.
  [[nodiscard]] std::vector<Known> of_mac(const std::string& mac) const;
  [[nodiscard]] std::vector<Known> of_user(const std::string& user) const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::vector<SessionId> sessions() const;

 private:
  void forget_old(Time now);
  void insert(Accepted accepted);

  mutable std::mutex mutex_;
  std::multimap<std::string, Accepted> accepted_;  ///< by MAC
  std::multimap<Time, std::string> by_age_;
  std::map<std::uint64_t, Known> sessions_;
  std::multimap<std::string, std::uint64_t> by_mac_, by_user_;
};

}  // namespace gate511::radius
