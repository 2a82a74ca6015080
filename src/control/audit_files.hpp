// SPDX-License-Identifier: BSD-3-Clause
//
// The audit log's file and those that were rotated away from it (`audit.jsonl.1`,
// `audit.jsonl-20261224`): what they hold of a MAC. The lines stay, since they are of what
// operators did; the MAC in them is overwritten where it stands, so that who writes behind them is
// not disturbed. Any thread; takes as long as the files are large.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/mac.hpp"

namespace gate511::control {

struct AuditTraces {
  std::uint64_t places = 0;        ///< where it stood
  std::vector<std::string> lines;  ///< in which it stands, the first kMaxLines
  std::vector<std::string> left;   ///< files that could not be looked into: compressed, or not ours
  std::vector<std::string> kept;   ///< files in which it stands that could not be written
  static constexpr std::size_t kMaxLines = 500;
};
/// What is there.
[[nodiscard]] AuditTraces find_in_audit(const std::string& path, net::MacAddress mac);
/// Overwrites its digits with 0, in the form that it stood in; durable when it returns.
[[nodiscard]] AuditTraces forget_in_audit(const std::string& path, net::MacAddress mac);

}  // namespace gate511::control
