// SPDX-License-Identifier: BSD-3-Clause
#include "portal/log.hpp"

#include <fmt/format.h>

namespace gate511::portal {

void Log::say(std::string_view kind, const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock{mutex_};
  Kind& one = kinds_[std::string{kind}];
  std::string left_out;
  if (one.until <= now) {
    if (one.left_out > 0) left_out = fmt::format(" ({} such lines were left out)", one.left_out);
    one = {now + std::chrono::minutes{1}, 0, 0};
  }
  if (one.said == kPerMinute) {
    ++one.left_out;
    return;
  }
  ++one.said;
  fmt::print(stderr, "gate511-portal: {}: {}{}\n", kind, text, left_out);
}

}  // namespace gate511::portal
