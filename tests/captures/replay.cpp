// SPDX-License-Identifier: BSD-3-Clause
//
// replay DIRECTORY: puts every capture below it to the whole gateway without ports: as a guest and
// as a session, from the access side and from the uplink, in a network as venues have it and in one
// that is as open as can be; and variants of each frame (vary.hpp). What comes out is held against
// tests/captures/oracle.hpp.
//
// Exit status: 0 nothing found, 1 a finding or no frame at all, 2 usage.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "captures/trial.hpp"
#include "captures/vary.hpp"

namespace {

namespace fs = std::filesystem;
using namespace gate511::captures;
using gate511::pipeline::Direction;

constexpr int kUsage = 2;
constexpr std::size_t kLongestFill = 9018;
constexpr std::size_t kVariants = 4;  ///< of each frame

struct Way {
  Client client;
  Direction direction;
  const char* name;
};
constexpr std::array kWays{Way{Client::kGuest, Direction::kFromAccess, "guest, access"},
                           Way{Client::kGuest, Direction::kFromUplink, "guest, uplink"},
                           Way{Client::kSession, Direction::kFromAccess, "session, access"},
                           Way{Client::kSession, Direction::kFromUplink, "session, uplink"}};

struct Totals {
  std::size_t captures = 0, refused = 0, damaged = 0, frames = 0, filled = 0, varied = 0,
              findings = 0;
};

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator{directory}) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Behind the frames as they were kept, those that were cut by the snap length once more, with
/// zeros in place of what is missing.
std::size_t fill_up(std::vector<CapturedFrame>& frames) {
  const std::size_t kept = frames.size();
  for (std::size_t i = 0; i < kept; ++i) {
    if (frames[i].wire_bytes <= frames[i].bytes.size() || frames[i].wire_bytes > kLongestFill)
      continue;
    CapturedFrame whole = frames[i];
    whole.bytes.resize(whole.wire_bytes);
    frames.push_back(std::move(whole));
  }
  return frames.size() - kept;
}

void replay(const fs::path& file, std::array<Trial, 2>& trials, Totals& totals) {
  ++totals.captures;
  Capture capture = read_capture(file);
  if (!capture.refused.empty()) {
    ++totals.refused;
    fmt::print(stderr, "replay: {}: {}; only Ethernet captures are replayed\n", file.string(),
               capture.refused);
    return;
  }
  if (!capture.damage.empty()) {
    ++totals.damaged;
    fmt::print(stderr, "replay: {}: damaged behind frame {}: {}; what stands before is replayed\n",
               file.string(), capture.frames.size(), capture.damage);
  }
  totals.frames += capture.frames.size();
  totals.filled += fill_up(capture.frames);
  const std::vector<CapturedFrame> varied = vary(capture.frames, kVariants);
  totals.varied += varied.size();
  capture.frames.insert(capture.frames.end(), varied.begin(), varied.end());
  for (Trial& trial : trials) {
    for (const Way& way : kWays) {
      trial.run(capture.frames, way.client, way.direction,
                [&](std::size_t frame, const std::string& what) {
                  ++totals.findings;
                  fmt::print(stderr, "replay: {}: finding: frame {}, {}, {}: {}\n", file.string(),
                             frame + 1, &trial == trials.data() ? "venue" : "open", way.name, what);
                });
    }
  }
}

void report(const std::array<Trial, 2>& trials, const Totals& totals) {
  fmt::print(
      "{} captures, {} of them refused, {} damaged: {} frames; {} more filled up to the length "
      "that they had, "
      "{} changed a little\n",
      totals.captures, totals.refused, totals.damaged, totals.frames, totals.filled, totals.varied);
  for (std::size_t i = 0; i < trials.size(); ++i) {
    for (const Way& way : kWays) {
      const Tally& tally = trials[i].tally(way.client, way.direction);
      fmt::print(
          "{:<6}{:<16} in {:>7} = forwarded {:>7} ({} held before) + answered {:>6} + held {} + "
          "dropped {:>7}\n",
          i == 0 ? "venue" : "open", way.name, tally.in, tally.forwarded, tally.waited,
          tally.answered, tally.held, tally.dropped);
    }
  }
  fmt::print("{} findings\n", totals.findings);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || std::string_view{argv[1]}.starts_with('-')) {
    fmt::print(stderr, "usage: replay DIRECTORY\n");
    return kUsage;
  }
  const fs::path directory = argv[1];
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    fmt::print(stderr, "replay: {}: no such directory; name one with captures\n",
               directory.string());
    return kUsage;
  }
  std::array<Trial, 2> trials{Trial{Trial::Kind::kVenue}, Trial{Trial::Kind::kOpen}};
  Totals totals;
  for (const fs::path& file : files_below(directory)) replay(file, trials, totals);
  report(trials, totals);
  if (totals.frames == 0) {
    fmt::print(stderr, "replay: {}: there is no Ethernet frame in it; name another directory\n",
               directory.string());
    return EXIT_FAILURE;
  }
  return totals.findings == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
