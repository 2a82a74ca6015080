// SPDX-License-Identifier: BSD-3-Clause
//
// How far long work has come, on standard error, where that is a terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace gate511::ctl {

/// `[=====>     ]  43 %  430,000 sessions  98.0 k/s  ETA 0m 6s`, in at most `width` columns.
/// `part`: 0 to 1, or less than 0 where the whole is not known.
[[nodiscard]] std::string progress_line(double part, std::uint64_t done, const char* what,
                                        double elapsed_s, std::size_t width);

class Progress {
 public:
  explicit Progress(const char* what);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Draws it anew, ten times a second at most.
  void show(double part, std::uint64_t done);
  /// Takes the bar away, so that something else can be said.
  void clear();
  [[nodiscard]] double elapsed_s() const;

 private:
  using Clock = std::chrono::steady_clock;
  const char* what_;
  bool is_on_;
  bool is_drawn_ = false;
  Clock::time_point began_ = Clock::now();
  Clock::time_point next_ = began_;
};

}  // namespace gate511::ctl
