// SPDX-License-Identifier: BSD-3-Clause
//
// How the keeping of records goes, as plain numbers.
#pragma once

#include <cstdint>
#include <string>

namespace gate511::control::records {

/// For `stats.get` and `health`.
struct RecordsStatus {
  std::string problem;           ///< empty: none
  std::string gone;              ///< not empty: the file is not there any more
  std::string note;              ///< what was wrong when it was opened, and what was done about it
  std::uint64_t written = 0;     ///< notes
  std::uint64_t lost = 0;        ///< notes for which there was no room
  std::uint64_t failures = 0;    ///< writes that did not succeed
  std::uint64_t waiting = 0;     ///< notes, now
  std::uint64_t purged = 0;      ///< rows that were too old
  std::uint64_t longest_us = 0;  ///< of the writes
};

}  // namespace gate511::control::records
