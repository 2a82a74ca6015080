// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "programs/ctl/table.hpp"
#include "programs/ctl/terminal.hpp"
#include "programs/ctl/units.hpp"

namespace gate511::ctl {
namespace {

constexpr std::chrono::milliseconds kTurn{100};
constexpr std::size_t kLeastBar = 10;
constexpr std::size_t kMostBar = 40;

}  // namespace

std::string progress_line(double part, std::uint64_t done, const char* what, double elapsed_s,
                          std::size_t width) {
  const double rate = elapsed_s > 0 ? static_cast<double>(done) / elapsed_s : 0;
  std::string text = fmt::format("{} {}  {}", show_count(done), what, show_per_s(rate));
  if (part < 0) return clipped(text, width);
  part = std::min(part, 1.0);
  if (part > 0 && elapsed_s >= 0.5) {
    const double left_s = std::ceil(elapsed_s / part * (1 - part));
    text += "  ETA " + show_duration(static_cast<std::uint64_t>(left_s));
  }
  text = fmt::format("{:3.0f} %  {}", std::floor(part * 100), text);
  const std::size_t used = display_width(text) + 4;
  if (width < used + kLeastBar) return clipped(text, width);
  const std::size_t room = std::min(width - used, kMostBar);
  const auto full = static_cast<std::size_t>(part * static_cast<double>(room));
  std::string bar(full, '=');
  if (full < room) bar += ">" + std::string(room - full - 1, ' ');
  return "[" + bar + "] " + text;
}

Progress::Progress(const char* what) : what_{what}, is_on_{is_terminal(STDERR_FILENO)} {}

double Progress::elapsed_s() const {
  return std::chrono::duration<double>(Clock::now() - began_).count();
}

void Progress::show(double part, std::uint64_t done) {
  if (!is_on_ || Clock::now() < next_) return;
  next_ = Clock::now() + kTurn;
  is_drawn_ = true;
  const std::size_t columns = terminal_size(STDERR_FILENO).columns;
  const std::string line = progress_line(part, done, what_, elapsed_s(), columns - 1);
  std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
  std::fflush(stderr);
}

void Progress::clear() {
  if (!is_drawn_) return;
  is_drawn_ = false;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

}  // namespace gate511::ctl
