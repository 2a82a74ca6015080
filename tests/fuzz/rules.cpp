// SPDX-License-Identifier: BSD-3-Clause
//
// Frames as a guest's and as a session's, from both sides, through the whole pipeline in bursts,
// held against the oracle of tests/captures: what passes and what comes back, lists and counters.
#include "captures/trial.hpp"
#include "captures/vary.hpp"
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"

namespace {

using gate511::captures::Trial;

/// One for many inputs, as making it takes as long as hundreds of them: what an input finds may
/// need those before it.
Trial& trial_of(Trial::Kind kind) {
  constexpr unsigned kInputs = 4096;
  static std::array<std::unique_ptr<Trial>, 2> trials;
  static unsigned inputs = 0;
  if (inputs++ % kInputs == 0) trials = {};
  std::unique_ptr<Trial>& trial = trials[static_cast<std::size_t>(kind)];
  if (!trial) trial = std::make_unique<Trial>(kind);
  return *trial;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate511;
  fuzz::Input input{data, size};
  const unsigned shape = input.u8();
  Trial& trial = trial_of((shape & 1) != 0 ? Trial::Kind::kOpen : Trial::Kind::kVenue);
  for (int runs = 0; !input.empty() && runs < 8; ++runs) {
    const unsigned way = input.u8();
    std::vector<captures::CapturedFrame> frames(1 + (way >> 4) % 4);
    for (captures::CapturedFrame& frame : frames) {
      frame.bytes = input.bytes(2048);
      if ((way & 4) != 0) captures::mend_ipv4(frame.bytes);
    }
    trial.run(
        frames, (way & 1) != 0 ? captures::Client::kSession : captures::Client::kGuest,
        (way & 2) != 0 ? pipeline::Direction::kFromUplink : pipeline::Direction::kFromAccess,
        [](std::size_t /*frame*/, const std::string& what) { fuzz::require(false, what.c_str()); });
  }
  return 0;
}
