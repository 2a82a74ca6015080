// SPDX-License-Identifier: BSD-3-Clause
//
// The benches. Each prints as it goes, and ends with the first error.
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/mempool.hpp"
#include "gate511/error.hpp"
#include "programs/bench/loop.hpp"
#include "programs/bench/report.hpp"
#include "table/isa.hpp"

namespace gate511::bench {

struct Options {
  std::vector<std::uint64_t> sessions{10'000, 100'000, 1'000'000, 4'000'000};
  std::vector<std::uint64_t> entries{10'000, 100'000, 1'000'000, 4'000'000, 16'000'000};
  unsigned rounds = 41;
  bool quick = false;  ///< fewer sizes and rounds
  table::Isa isa = table::widest_isa();
  unsigned laps = 0;  ///< for run_laps()
};

/// Frames that are on their way at a time: more than the caches hold.
inline constexpr std::size_t kInFlight = 65'536;
/// Buffers, with room for the replies to a burst or two.
inline constexpr unsigned kMbufs = 2 * kInFlight;
inline constexpr unsigned kMbufsForLaps = 8'192;
inline constexpr std::uint16_t kMbufBytes = 2048;

using Done = tl::expected<void, Error>;

/// Look-ups in the session table, beside rte_hash's.
[[nodiscard]] Done bench_table(const Options& options, Report& report);
/// Frames of sessions, beside macswap on the same rings and buffers.
[[nodiscard]] Done bench_pass(const Options& options, const dataplane::Mempool& pool, Loop& loop,
                              Report& report);

/// Frames of guests that are dropped. `loop`: an open one, here and below.
[[nodiscard]] Done bench_deny(const Options& options, const dataplane::Mempool& pool, Loop& loop,
                              Report& report);
/// Guests' connections to the responder.
[[nodiscard]] Done bench_answer(const Options& options, const dataplane::Mempool& pool, Loop& loop,
                                Report& report);
/// What an attack's frames in the same bursts cost those of sessions.
[[nodiscard]] Done bench_attack(const Options& options, const dataplane::Mempool& pool, Loop& loop,
                                Report& report);
/// The writer's speed while a reader looks up.
[[nodiscard]] Done bench_add(const Options& options, Report& report);
/// Time to revoke at full load; an error if a frame of the session comes out afterwards.
[[nodiscard]] Done bench_revoke(const Options& options, const dataplane::Mempool& pool, Loop& loop,
                                Report& report);

/// `options.laps` slices of `what` (pass, deny or answer), untimed: for counting instructions.
[[nodiscard]] Done run_laps(const Options& options, std::string_view what,
                            const dataplane::Mempool& pool, Loop& loop);

}  // namespace gate511::bench
