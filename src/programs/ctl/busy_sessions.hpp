// SPDX-License-Identifier: BSD-3-Clause
//
// Which sessions move most, from pages of `session.list` that come by again and again. Memory is
// bounded: no more than kFollowed sessions are followed.
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace gate511::ctl {

using Json = nlohmann::json;

struct BusySession {
  std::string mac, tag, user;
  double up_bps = 0;
  double down_bps = 0;
  [[nodiscard]] double sum() const { return up_bps + down_bps; }
};

class BusySessions {
 public:
  static constexpr std::size_t kFollowed = 100'000;
  static constexpr std::size_t kKept = 200;  ///< of the busiest of a round

  /// A page that was listed at `now_s`, on any clock that does not go back.
  void see(const Json& sessions, double now_s);
  /// All pages have come by: those that were not among them are forgotten.
  void end_round();
  /// The busiest first; none that does not move.
  [[nodiscard]] std::vector<BusySession> busiest(std::size_t count) const;
  /// True once more sessions have come by in a round than are followed.
  [[nodiscard]] bool is_sample() const { return is_sample_; }

 private:
  struct Seen {
    std::uint64_t up = 0, down = 0;  ///< bytes
    double at_s = 0;
    std::uint32_t round = 0;
  };
  void keep(BusySession session);

  std::unordered_map<std::uint64_t, Seen> seen_;  ///< by the session's id
  std::vector<BusySession> this_round_;
  std::vector<BusySession> last_round_;
  std::uint32_t round_ = 0;
  bool is_sample_ = false;
};

}  // namespace gate511::ctl
