// SPDX-License-Identifier: BSD-3-Clause
#include "logging/log.hpp"

// Of where it is called: ours is not of use to anyone.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#include "logging/escape.hpp"

namespace gate511::logging {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMaxText = 3'000;
/// A pipe that takes anything takes so much without waiting (PIPE_BUF).
constexpr std::size_t kMaxLine = 4'096;

struct Kind {
  SteadyClock::time_point until{};
  std::uint32_t said = 0;
  std::uint64_t left_out = 0;
};

/// Read and written under its mutex.
struct State {
  std::mutex mutex;
  std::string program = "gate511";
  Format format = Format::kText;
  Level level = Level::kInfo;
  std::map<std::string, Kind, std::less<>> kinds;
  std::uint64_t unread = 0;  ///< lines that nobody took
};

State& state() {
  static State one;
  return one;
}

/// sd_journal_stream_fd(3): JOURNAL_STREAM names the device and inode of the journal's own stream.
bool is_journal(int fd) {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat given {};
  if (stream == nullptr || ::fstat(fd, &given) != 0) return false;
  return fmt::format("{}:{}", given.st_dev, given.st_ino) == stream;
}

struct Line {
  Level level;
  std::string_view kind;
  std::string_view text;
  std::initializer_list<Field> fields;
  std::uint64_t left_out;
  std::uint64_t unread;
};

std::string text_of(const std::string& program, const Line& line) {
  std::string text = escaped(line.text.substr(0, kMaxText));
  if (line.left_out > 0) text += fmt::format(" ({} such lines were left out)", line.left_out);
  if (line.unread > 0)
    text += fmt::format(" ({} lines before it could not be printed)", line.unread);
  return fmt::format("{}: {}\n", program, text);
}

std::string json_of(const std::string& program, const Line& line) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  nlohmann::ordered_json object{
      {"time_ms", std::chrono::duration_cast<std::chrono::milliseconds>(now).count()},
      {"program", program},
      {"level", kLevelNames.at(static_cast<std::size_t>(line.level))},
      {"kind", line.kind},
      {"text", line.text.substr(0, kMaxText)}};
  for (const Field& field : line.fields) object[std::string{field.name}] = field.value;
  if (line.left_out > 0) object["left_out"] = line.left_out;
  if (line.unread > 0) object["unread"] = line.unread;
  // In ASCII, so that nothing in it can be taken for the end of a line or turn it.
  const auto dump = [&object] {
    return object.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  };
  std::string made = dump();
  for (std::size_t size = kMaxText / 2; made.size() > kMaxLine && size > 0; size /= 2) {
    object["text"] = line.text.substr(0, size);
    made = dump();
  }
  return made;
}

/// Whole and at once. False: nobody reads, and nobody is to wait for who does not.
bool print(int file, std::string_view line) {
  pollfd ready{file, POLLOUT, 0};
  if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
  return ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

/// False: the journal does not take it.
bool send_to_journal(const std::string& program, const Line& line) {
  constexpr std::array<int, 3> kPriorities{LOG_ERR, LOG_WARNING, LOG_INFO};
  std::vector<std::string> fields{
      fmt::format("MESSAGE={}", escaped(line.text)),
      fmt::format("PRIORITY={}", kPriorities.at(static_cast<std::size_t>(line.level))),
      fmt::format("SYSLOG_IDENTIFIER={}", program), fmt::format("GATE511_KIND={}", line.kind)};
  for (const Field& field : line.fields) {
    std::string name{"GATE511_"};
    for (const char c : field.name)
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    fields.push_back(name + "=" + escaped(field.value));
  }
  if (line.left_out > 0) fields.push_back(fmt::format("GATE511_LEFT_OUT={}", line.left_out));
  std::vector<iovec> parts;
  parts.reserve(fields.size());
  for (std::string& field : fields) parts.push_back({field.data(), field.size()});
  return ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

}  // namespace

void configure(std::string_view program, Options options) {
  if (options.format == Format::kAuto)
    options.format = is_journal(STDERR_FILENO) ? Format::kJournal : Format::kText;
  State& all = state();
  const std::lock_guard lock{all.mutex};
  all.program = program;
  all.format = options.format;
  all.level = options.level;
}

void say(Level level, std::string_view kind, std::string_view text,
         std::initializer_list<Field> fields) {
  State& all = state();
  const std::lock_guard lock{all.mutex};
  if (level > all.level) return;
  const auto now = SteadyClock::now();
  Kind& one = all.kinds[std::string{kind}];
  std::uint64_t left_out = 0;
  if (one.until <= now) {
    left_out = one.left_out;
    one = {now + std::chrono::minutes{1}, 0, 0};
  }
  if (one.said == kPerMinute) {
    ++one.left_out;
    return;
  }
  ++one.said;
  const Line line{level, kind, text, fields, left_out, all.unread};
  const bool is_json = all.format == Format::kJson;
  const bool is_printed = (all.format == Format::kJournal && send_to_journal(all.program, line)) ||
                          print(is_json || level != Level::kInfo ? STDERR_FILENO : STDOUT_FILENO,
                                is_json ? json_of(all.program, line) : text_of(all.program, line));
  all.unread = is_printed ? 0 : all.unread + 1;
}

}  // namespace gate511::logging
