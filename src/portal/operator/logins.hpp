// SPDX-License-Identifier: BSD-3-Clause
//
// Who is logged in at the operator's page: by a cookie that the portal has drawn, never one that a
// browser brought.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace gate511::portal {

/// Any number of threads may use one at once.
class OperatorLogins {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMax = 16;  ///< of more the oldest ends
  static constexpr std::chrono::hours kAge{8};
  static constexpr std::chrono::minutes kIdle{30};

  /// A new cookie's value.
  [[nodiscard]] std::string begin(Clock::time_point now);
  /// What forms of this login carry; nothing: there is no such login, or no more.
  [[nodiscard]] std::optional<std::string> form_token(const std::string& cookie,
                                                      Clock::time_point now);
  void end(const std::string& cookie);

 private:
  struct Login {
    std::string form_token;
    Clock::time_point began;
    Clock::time_point last;
  };
  std::mutex mutex_;
  std::map<std::string, Login, std::less<>> logins_;  ///< by SHA-256 of the cookie
};

}  // namespace gate511::portal
