// SPDX-License-Identifier: BSD-3-Clause
//
// The whole terminal for a while. Whatever ends the program in an orderly way, signals too, gives
// it back as it was.
#pragma once

#include <signal.h>
#include <termios.h>

#include <chrono>
#include <string>
#include <vector>

namespace gate511::ctl {

class Screen {
 public:
  /// Takes the terminal of standard output, and the signals that end, stop or resize. Once at a
  /// time.
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// Draws all lines over what was there.
  void draw(const std::vector<std::string>& lines);

  enum class Input { kNone, kQuit, kRedraw };
  /// Waits for `q`, a signal or the end of the time. A stop (Ctrl-Z) is done in here.
  [[nodiscard]] Input wait(std::chrono::milliseconds timeout);

  /// The signal that ended it, or 0.
  [[nodiscard]] int ended_by() const { return ended_by_; }

 private:
  void enter();
  void leave();
  Input take_signal();
  Input take_key();

  termios before_{};
  bool has_keys_ = false;
  int signals_ = -1;
  sigset_t mask_before_{};
  int ended_by_ = 0;
};

}  // namespace gate511::ctl
