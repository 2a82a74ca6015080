// SPDX-License-Identifier: BSD-3-Clause
//
// Holds back what DPDK writes to stdout and stderr while it starts (its usage text, its alerts and
// its log), so that the operator reads one line of ours, with DPDK's own reason in it.
#pragma once

#include <string>

namespace gate511::dataplane {

/// Redirects the process's stdout and stderr as long as it lives. Only while no other thread of
/// ours writes to them.
class CapturedOutput {
 public:
  /// `enabled` false: redirects nothing, for operators who ask EAL for its log.
  explicit CapturedOutput(bool enabled);
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;
  ~CapturedOutput() { restore(); }

  /// Ends the capture and gives the last line that tells a reason, without its prefix; empty if
  /// there is none.
  [[nodiscard]] std::string reason();

 private:
  void restore();

  int file_ = -1;
  int stdout_ = -1;
  int stderr_ = -1;
};

}  // namespace gate511::dataplane
