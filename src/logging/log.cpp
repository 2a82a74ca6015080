// SPDX-License-Identifier: BSD-3-Clause
#include "logging/log.hpp"

// Of where it is called: ours is not of use to anyone.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <fmt/format.h>
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
};

void print_text(const std::string& program, const Line& line) {
  std::string text = escaped(line.text);
  if (line.left_out > 0) text += fmt::format(" ({} such lines were left out)", line.left_out);
  FILE* const out = line.level == Level::kInfo ? stdout : stderr;
  fmt::print(out, "{}: {}\n", program, text);
  std::fflush(out);
}

void print_json(const std::string& program, const Line& line) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  nlohmann::ordered_json object{
      {"time_ms", std::chrono::duration_cast<std::chrono::milliseconds>(now).count()},
      {"program", program},
      {"level", kLevelNames.at(static_cast<std::size_t>(line.level))},
      {"kind", line.kind},
      {"text", line.text}};
  for (const Field& field : line.fields) object[std::string{field.name}] = field.value;
  if (line.left_out > 0) object["left_out"] = line.left_out;
  // In ASCII, so that nothing in it can be taken for the end of a line or turn it.
  fmt::print(stderr, "{}\n",
             object.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace));
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

void configure(std::string_view program, Format format, Level level) {
  if (format == Format::kAuto)
    format = is_journal(STDERR_FILENO) ? Format::kJournal : Format::kText;
  State& all = state();
  const std::lock_guard lock{all.mutex};
  all.program = program;
  all.format = format;
  all.level = level;
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
  const Line line{level, kind, text, fields, left_out};
  if (all.format == Format::kJson) return print_json(all.program, line);
  if (all.format == Format::kJournal && send_to_journal(all.program, line)) return;
  print_text(all.program, line);
}

}  // namespace gate511::logging
