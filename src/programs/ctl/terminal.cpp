// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace gate511::ctl {
namespace {

std::size_t from_environment(const char* name, std::size_t otherwise) {
  const char* const text = std::getenv(name);
  const long value = text == nullptr ? 0 : std::strtol(text, nullptr, 10);
  return value > 0 && value < 10'000 ? static_cast<std::size_t>(value) : otherwise;
}

}  // namespace

bool is_terminal(int fd) {
  return ::isatty(fd) == 1;
}

Size terminal_size(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
    return {size.ws_col, size.ws_row};
  const Size usual;
  return {from_environment("COLUMNS", usual.columns), from_environment("LINES", usual.rows)};
}

std::size_t output_width() {
  return is_terminal(STDOUT_FILENO) ? terminal_size(STDOUT_FILENO).columns : 0;
}

bool has_colour(int fd) {
  const char* const refused = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  if (refused != nullptr && *refused != '\0') return false;
  return is_terminal(fd) && term != nullptr && std::string_view{term} != "dumb";
}

std::string coloured(std::string_view text, const char* sgr, bool on) {
  if (!on) return std::string{text};
  return std::string{"\x1b["} + sgr + "m" + std::string{text} + "\x1b[0m";
}

}  // namespace gate511::ctl
