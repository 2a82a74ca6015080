// SPDX-License-Identifier: BSD-3-Clause
#include "control/audit_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "control/fd.hpp"
#include "control/mac_text.hpp"

namespace gate511::control {
namespace {

constexpr std::size_t kFileChunk = 1 << 20;
constexpr std::size_t kMaxToldLine = 4'096;  // of what is told

/// Files of the log, and of its former ones. Those that are compressed go into `left`.
std::vector<std::string> files_of(const std::string& path, std::vector<std::string>& left) {
  constexpr std::array<std::string_view, 5> kPacked{".gz", ".xz", ".zst", ".bz2", ".lz4"};
  std::vector<std::string> files;
  const std::filesystem::path log{path};
  const std::string name = log.filename().string();
  std::error_code failed;
  for (const auto& one : std::filesystem::directory_iterator{log.parent_path(), failed}) {
    const std::string found = one.path().filename().string();
    const bool is_former = found.size() > name.size() && found.starts_with(name) &&
                           (found[name.size()] == '.' || found[name.size()] == '-');
    if ((found != name && !is_former) || !one.is_regular_file(failed)) continue;
    const bool is_packed =
        std::ranges::any_of(kPacked, [&](std::string_view end) { return found.ends_with(end); });
    (is_packed ? left : files).push_back(one.path().string());
  }
  std::ranges::sort(files);
  return files;
}

/// The line around `at` as far as it is in `text`.
std::string line_at(std::string_view text, std::size_t at) {
  const std::size_t before = text.rfind('\n', at);
  const std::size_t begin = before == text.npos ? 0 : before + 1;
  const std::size_t end = std::min(text.find('\n', at), text.size());
  return std::string{text.substr(begin, std::min(end - begin, kMaxToldLine))};
}

bool overwrite(int file, std::uint64_t at, std::string_view bytes) {
  return ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at)) ==
         static_cast<ssize_t>(bytes.size());
}

/// What `text` holds, which stands at `begin` in the file.
bool look_into(int file, std::uint64_t begin, std::string_view text, net::MacAddress mac,
               bool forget, AuditTraces& traces) {
  std::size_t size = 0, told = 0;  // up to where lines were told
  for (std::size_t at = find_mac(text, mac, 0, size); at != text.npos;
       at = find_mac(text, mac, at + size, size)) {
    ++traces.places;
    if (forget) {
      if (!overwrite(file, begin + at, without_digits(text.substr(at, size)))) return false;
    } else if (at >= told && traces.lines.size() < AuditTraces::kMaxLines) {
      traces.lines.push_back(line_at(text, at));
      told = std::min(text.find('\n', at), text.size());
    }
  }
  return true;
}

/// Line by line as far as they are whole. False: the file could not be read or written to its end.
bool look_into(const std::string& path, net::MacAddress mac, bool forget, AuditTraces& traces) {
  const Fd file{::open(path.c_str(), (forget ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW)};
  if (!file) return false;
  std::string text;
  std::uint64_t begin = 0;  // of it, in the file
  for (bool is_end = false; !is_end;) {
    const std::size_t had = text.size();
    text.resize(had + kFileChunk);
    const ssize_t got =
        ::pread(file.get(), text.data() + had, kFileChunk, static_cast<off_t>(begin + had));
    if (got < 0) return false;
    text.resize(had + static_cast<std::size_t>(got));
    is_end = got == 0;
    const std::size_t newline = text.rfind('\n');
    std::size_t whole = newline == text.npos ? 0 : newline + 1;
    if (is_end) whole = text.size();
    if (whole == 0 && text.size() >= kFileChunk) whole = text.size() - kLongestMac + 1;
    if (!look_into(file.get(), begin, std::string_view{text}.substr(0, whole), mac, forget, traces))
      return false;
    begin += whole;
    text.erase(0, whole);
  }
  return !forget || ::fdatasync(file.get()) == 0;
}

AuditTraces look(const std::string& path, net::MacAddress mac, bool forget) {
  AuditTraces traces;
  for (const std::string& file : files_of(path, traces.left)) {
    if (look_into(file, mac, forget, traces)) continue;
    AuditTraces seen;
    if (!forget || !look_into(file, mac, false, seen)) {
      traces.left.push_back(file);
    } else if (seen.places > 0) {
      traces.kept.push_back(file);
    }
  }
  return traces;
}

}  // namespace

AuditTraces find_in_audit(const std::string& path, net::MacAddress mac) {
  return look(path, mac, false);
}

AuditTraces forget_in_audit(const std::string& path, net::MacAddress mac) {
  return look(path, mac, true);
}

}  // namespace gate511::control
