// SPDX-License-Identifier: BSD-3-Clause
//
// Lines for the operator, on stderr. What guests cause is held to a few lines of a kind a minute,
// and the next tells how many were left out.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace gate511::portal {

/// Any number of threads may use one at once.
class Log {
 public:
  static constexpr std::uint32_t kPerMinute = 10;  ///< of each kind

  /// `kind` is one of a few literals. `text` has nothing of a guest's that for_log() has not seen.
  void say(std::string_view kind, const std::string& text);

 private:
  struct Kind {
    std::chrono::steady_clock::time_point until{};
    std::uint32_t said = 0;
    std::uint64_t left_out = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Kind, std::less<>> kinds_;
};

}  // namespace gate511::portal
