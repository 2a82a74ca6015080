// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/screen.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

namespace gate511::ctl {
namespace {

// xterm's control sequences: the other screen, the cursor, its home, to the end of line and screen.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kEndOfLine = "\x1b[K";
constexpr std::string_view kBelow = "\x1b[J";

void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(STDOUT_FILENO, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;  // the terminal has gone; a SIGHUP says so too
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

}  // namespace

Screen::Screen() {
  sigset_t taken;
  sigemptyset(&taken);
  for (const int one : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGWINCH})
    sigaddset(&taken, one);
  ::pthread_sigmask(SIG_BLOCK, &taken, &mask_before_);
  signals_ = ::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
  has_keys_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
  std::fflush(stdout);
  enter();
}

Screen::~Screen() {
  leave();
  if (signals_ >= 0) ::close(signals_);
  ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

void Screen::enter() {
  if (has_keys_) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // Ctrl-C and Ctrl-Z stay signals
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  put(kEnter);
}

void Screen::leave() {
  put(kLeave);
  if (has_keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

void Screen::draw(const std::vector<std::string>& lines) {
  std::string text{kHome};
  for (const std::string& line : lines) {
    if (&line != &lines.front()) text += "\r\n";
    text += line;
    text += kEndOfLine;
  }
  put(text += kBelow);
}

Screen::Input Screen::wait(std::chrono::milliseconds timeout) {
  std::array<pollfd, 2> polled{{{signals_, POLLIN, 0}, {has_keys_ ? STDIN_FILENO : -1, POLLIN, 0}}};
  if (::poll(polled.data(), polled.size(), static_cast<int>(timeout.count())) <= 0)
    return Input::kNone;
  if (polled[0].revents != 0) return take_signal();
  return take_key();
}

Screen::Input Screen::take_key() {
  char key = 0;
  const ssize_t got = ::read(STDIN_FILENO, &key, 1);
  if (got <= 0) {
    has_keys_ = false;  // nobody is there any more to press `q`
    return Input::kNone;
  }
  return key == 'q' || key == 'Q' ? Input::kQuit : Input::kRedraw;
}

Screen::Input Screen::take_signal() {
  signalfd_siginfo info{};
  if (::read(signals_, &info, sizeof info) != sizeof info) return Input::kNone;
  const auto number = static_cast<int>(info.ssi_signo);
  if (number == SIGWINCH) {
    put("\x1b[2J");
    return Input::kRedraw;
  }
  if (number == SIGTSTP) {
    leave();
    ::raise(SIGSTOP);
    enter();
    return Input::kRedraw;
  }
  ended_by_ = number;
  return Input::kQuit;
}

}  // namespace gate511::ctl
