// SPDX-License-Identifier: BSD-3-Clause
//
// capture: one client's frames to a file, with what became of each.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "policy/verdict.hpp"
#include "programs/ctl/base64.hpp"
#include "programs/ctl/command.hpp"
#include "programs/ctl/given.hpp"
#include "programs/ctl/pcapng.hpp"
#include "programs/ctl/show.hpp"
#include "programs/ctl/table.hpp"

namespace gate511::ctl {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kWholeFrames = 65'535;
constexpr auto kPause = 20ms;  // between looks for more

struct Given {
  std::string mac;
  std::optional<std::string> seconds;  ///< with a unit
  std::string out;
  std::optional<std::uint64_t> snap;
  std::optional<std::string> max_bytes;  ///< with a unit
};

volatile std::sig_atomic_t interrupted = 0;

/// Ctrl-C ends the capture, not the program, so that the file is whole.
void end_at_interrupt() {
  struct sigaction action {};
  action.sa_handler = [](int /*signal*/) { interrupted = 1; };
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

/// A new file, for its owner alone: what is in it is somebody's traffic.
class Output {
 public:
  explicit Output(const std::string& path)
      : path_{path},
        fd_{path == "-" ? STDOUT_FILENO
                        : ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)} {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
    if (is_open() && !is_kept_ && path_ != "-") ::unlink(path_.c_str());
  }

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return cut();
      bytes.remove_prefix(static_cast<std::size_t>(written));
      size_ += written;
    }
    whole_ = size_;
    is_kept_ = true;
    return true;
  }
  [[nodiscard]] Failure failure() const {
    const int code = errno;
    return {Exit::kRefused,
            {"--out " + path_, fmt::format("cannot be written: {}", std::strerror(code)),
             code == EEXIST ? "it is there already: give another name, or remove it"
                            : "give another file"}};
  }

 private:
  /// A file ends with a whole block. False.
  [[nodiscard]] bool cut() const {
    const int code = errno;
    if (path_ != "-") static_cast<void>(!::ftruncate(fd_, whole_));
    errno = code;
    return false;
  }

  std::string path_;
  int fd_;
  off_t size_ = 0, whole_ = 0;  ///< what was written; of it, what ended a call
  bool is_kept_ = false;        ///< there is something in it
};

std::string sentence_of(const std::string& verdict) {
  for (const policy::VerdictInfo& info : policy::kVerdicts) {
    if (info.name == verdict) return fmt::format("{}: {}", info.name, info.sentence);
  }
  return verdict;
}

std::string comment_of(const Json& frame) {
  const std::string verdict = sentence_of(cell(frame, "verdict"));
  const std::string would_have = cell(frame, "would_have");
  const std::string text =
      would_have == "-" ? verdict : verdict + "; it would have been " + sentence_of(would_have);
  return harmless(
      cell(frame, "direction") == "out" ? "from the gateway; of a frame that was " + text : text);
}

std::string header(const Json& started, const Given& given) {
  std::string text = pcapng::section("gate511ctl");
  for (const Json& port : inside(started, "interfaces")) {
    const std::string link = cell(port, "link"), role = cell(port, "role");
    text += pcapng::interface(
        harmless(fmt::format("{}-{}", link, role)),
        harmless(fmt::format("{} port {} of link {}", role, cell(port, "name"), link)),
        static_cast<std::uint32_t>(given.snap.value_or(kWholeFrames)));
  }
  return text;
}

struct Sum {
  std::uint64_t frames = 0;
  std::uint64_t dropped = 0;
  bool is_done = false;
};

/// Frames of one answer; nullopt: what the daemon said cannot be read.
std::optional<std::string> packets(const Json& read, Sum& sum) {
  std::string text;
  for (const Json& frame : inside(read, "frames")) {
    const auto data = from_base64(cell(frame, "data"));
    if (!data) return std::nullopt;
    text += pcapng::packet({.interface = static_cast<std::uint32_t>(number(frame, "interface")),
                            .time_ns = number(frame, "time_ns"),
                            .bytes = static_cast<std::uint32_t>(number(frame, "bytes")),
                            .data = *data,
                            .is_outbound = cell(frame, "direction") == "out",
                            .comment = comment_of(frame)});
    ++sum.frames;
  }
  sum.dropped = number(read, "dropped");
  sum.is_done = read.value("done", true);
  return text;
}

std::uint64_t unix_ns() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

int capture(const Command& command, const Given& given) {
  Json params{{"mac", given.mac}};
  std::optional<Failure> wrong;
  put_time_span(params, "seconds", "--seconds", given.seconds, wrong);
  put(params, "snap", given.snap);
  put_size(params, "max_bytes", "--max-bytes", given.max_bytes, wrong);
  if (wrong) return fail(*wrong);
  auto client = command.connect();
  if (!client) return fail(client.error());
  // First, as nobody is to be watched for nothing.
  Output out{given.out};
  if (!out.is_open()) return fail(out.failure());
  const auto started = command.call(*client, "capture.start", params);
  if (!started) return fail(started.error());
  if (!out.write(header(*started, given))) return fail(out.failure());
  end_at_interrupt();
  Sum sum;
  const auto broken = [&sum](const Failure& failure) {
    fmt::print(stderr, "{} frames are in the file\n", sum.frames);
    return fail(failure);
  };
  for (bool is_stopped = false; !sum.is_done;) {
    if (interrupted != 0 && !std::exchange(is_stopped, true)) {
      const auto stopped = command.call(*client, "capture.stop", Json::object());
      if (!stopped) return broken(stopped.error());
    }
    const auto read = command.call(*client, "capture.read", Json::object());
    if (!read) return broken(read.error());
    const auto text = packets(*read, sum);
    if (!text)
      return fail({Exit::kNoDaemon, {"capture.read", "no base64", "compare the versions"}});
    if (!out.write(*text)) return broken(out.failure());
    if (text->empty() && !sum.is_done) std::this_thread::sleep_for(kPause);
  }
  if (sum.dropped > 0 && !out.write(pcapng::statistics(0, unix_ns(), sum.dropped)))
    return fail(out.failure());
  fmt::print(
      stderr, "{} frames{}\n", sum.frames,
      sum.dropped == 0 ? "" : fmt::format(", and {} for which there was no room", sum.dropped));
  return static_cast<int>(Exit::kOk);
}

}  // namespace

void add_capture_verb(CLI::App& app, Command& command) {
  const auto given = std::make_shared<Given>();
  CLI::App* verb = add_verb(command, &app, "capture", "one client's frames to a pcapng file",
                            [&command, given] { return capture(command, *given); });
  verb->add_option("MAC", given->mac, "the client")->required();
  verb->add_option("--seconds", given->seconds, "for so long, an hour at most: 30s, 5m")
      ->required();
  verb->add_option("--out", given->out, "a new file, or - for standard output")->required();
  verb->add_option("--snap", given->snap, "keep so many bytes of a frame")
      ->check(CLI::Range(14, 65'535));
  verb->add_option("--max-bytes", given->max_bytes, "end when so many bytes were kept: 10M");
}

}  // namespace gate511::ctl
