// SPDX-License-Identifier: BSD-3-Clause
//
// The one error type of gate511: where it went wrong, what is wrong, and what to do about it.
#pragma once

#include <string>

namespace gate511 {

/// Printed by every program as one line: `PROGRAM: WHERE: what is wrong; what to do`.
struct Error {
  std::string where;  ///< a file and line, a config key, a port, a socket
  std::string what;   ///< what is wrong, with the offending value
  std::string hint;   ///< what to do; never empty

  /// `WHERE: what; hint`, to which a program prepends its name.
  [[nodiscard]] std::string text() const { return where + ": " + what + "; " + hint; }
};

}  // namespace gate511
