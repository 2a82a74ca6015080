// SPDX-License-Identifier: BSD-3-Clause
//
// Lines for the operator, by the logging of all daemons: of a kind a few a minute.
#pragma once

#include <string>
#include <string_view>

namespace gate511::portal {

/// Any number of threads may use one at once.
class Log {
 public:
  /// `kind` is one of a few literals. `text` has nothing of a guest's that for_log() has not seen.
  void say(std::string_view kind, const std::string& text);
};

}  // namespace gate511::portal
