// SPDX-License-Identifier: BSD-3-Clause
//
// How fast the one writer adds and takes out sessions while a reader on another lcore looks up all
// the time, in the table alone.
#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_launch.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <vector>

#include "dataplane/eal.hpp"
#include "dataplane/session_memory.hpp"
#include "programs/bench/bench.hpp"
#include "programs/bench/frames.hpp"
#include "programs/random.hpp"

namespace gate511::bench {
namespace {

using table::SessionTable;

struct Reader {
  const SessionTable& table;
  std::uint64_t entries;
  std::atomic<bool> stop{false};

  static int run(void* self) {
    auto& reader = *static_cast<Reader*>(self);
    std::array<table::Key, SessionTable::kMaxBulk> keys;
    std::array<table::Hit, SessionTable::kMaxBulk> hits;
    std::uint64_t state = 7;
    while (!reader.stop.load(std::memory_order_relaxed)) {
      for (table::Key& key : keys) key = {client_mac(next_below(state, reader.entries)), 0};
      reader.table.look_up(keys, hits);
    }
    return 0;
  }
};

}  // namespace

Done bench_add(const Options& options, Report& report) {
  report.heading(
      "add: cycles a session, by the one writer beside a reader\n"
      "sessions           add      take out");
  constexpr std::size_t kSlice = 2'048;
  for (const std::uint64_t entries : options.sessions) {
    auto memory = dataplane::SessionMemory::take(entries, 0);
    if (!memory) return tl::unexpected{memory.error()};
    SessionTable table{memory->buckets(), entries, random_value<table::HashSeed>()};
    // Filled but for a slice, which comes and goes.
    const std::uint64_t staying = entries - std::min<std::uint64_t>(entries, kSlice);
    for (std::uint64_t n = 0; n < staying; ++n) {
      if (!table.insert({client_mac(n), 0}, table::State::kAuthenticated)) std::abort();
    }
    Reader reader{table, entries};
    const unsigned lcore = dataplane::Eal::worker_lcores().front();
    if (rte_eal_remote_launch(Reader::run, &reader, lcore) != 0) std::abort();
    std::vector<std::uint32_t> indices(entries - staying);
    std::uint64_t next = entries;
    const auto count = static_cast<double>(indices.size());
    const std::array<Contender, 2> contenders{
        [&] {
          const std::uint64_t begin = rte_rdtsc_precise();
          for (std::uint32_t& index : indices)
            index = *table.insert({client_mac(next++), 0}, table::State::kAuthenticated);
          return static_cast<double>(rte_rdtsc_precise() - begin) / count;
        },
        [&] {
          const std::uint64_t begin = rte_rdtsc_precise();
          for (const std::uint32_t index : indices) {
            table.erase(index);
            table.release(index);
          }
          return static_cast<double>(rte_rdtsc_precise() - begin) / count;
        }};
    const auto figures = take_turns(contenders, options.rounds);
    reader.stop = true;
    rte_eal_wait_lcore(lcore);
    report.add({{"name", "add"},
                {"sessions", entries},
                {"readers", 1},
                {"cycles_per_add", rounded(figures[0].median)},
                {"spread", figures[0].spread},
                {"cycles_per_removal", rounded(figures[1].median)}},
               fmt::format("{:>8} {:>13} {:>13}", show_count(entries), show(figures[0]),
                           show(figures[1])));
  }
  return {};
}

}  // namespace gate511::bench
