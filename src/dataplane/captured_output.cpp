// SPDX-License-Identifier: BSD-3-Clause
//
// File descriptors 1 and 2 are swapped for a memory file and back: DPDK writes by stdio and by its
// own log stream alike.
#include "dataplane/captured_output.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string_view>

namespace gate511::dataplane {
namespace {

/// True for lines that tell where EAL gave up, but not why.
bool is_general(std::string_view line) {
  return line.find("FATAL") != std::string_view::npos ||
         line.find("Failed to attach device") != std::string_view::npos ||
         line.find("Driver cannot attach") != std::string_view::npos ||
         line.find("Invalid 'command line'") != std::string_view::npos;
}

/// Without `EAL: ` or `eth_af_packet_x(): ` before it.
std::string_view without_prefix(std::string_view line) {
  for (std::size_t at = line.find(": "); at != std::string_view::npos; at = line.find(": ")) {
    if (line.substr(0, at).find(' ') != std::string_view::npos) break;
    line.remove_prefix(at + 2);
  }
  return line;
}

}  // namespace

CapturedOutput::CapturedOutput(bool enabled) {
  if (!enabled) return;
  std::fflush(nullptr);
  file_ = memfd_create("gate511-eal-output", MFD_CLOEXEC);
  if (file_ < 0) return;
  stdout_ = dup(STDOUT_FILENO);
  stderr_ = dup(STDERR_FILENO);
  dup2(file_, STDOUT_FILENO);
  dup2(file_, STDERR_FILENO);
}

void CapturedOutput::restore() {
  if (file_ < 0) return;
  std::fflush(nullptr);
  for (auto [saved, standard] : {std::pair{&stdout_, STDOUT_FILENO}, {&stderr_, STDERR_FILENO}}) {
    if (*saved < 0) continue;
    dup2(*saved, standard);
    close(*saved);
    *saved = -1;
  }
  close(file_);
  file_ = -1;
}

std::string CapturedOutput::reason() {
  if (file_ < 0) return {};
  std::fflush(nullptr);
  std::array<char, 8192> text{};
  const off_t end = lseek(file_, 0, SEEK_END);
  const off_t from = end > off_t{text.size()} ? end - off_t{text.size()} : 0;
  const ssize_t got = pread(file_, text.data(), text.size(), from);
  restore();
  std::string found;
  std::string_view rest{text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  while (!rest.empty()) {
    const std::size_t newline = rest.find('\n');
    const std::string_view line = rest.substr(0, newline);
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    // The usage text, which follows a bad option, is indented.
    if (line.starts_with("Usage:") || line.starts_with("\nUsage:")) break;
    if (line.empty() || line.front() == ' ' || is_general(line)) continue;
    found = without_prefix(line);
  }
  return found;
}

}  // namespace gate511::dataplane
