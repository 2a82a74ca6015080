// SPDX-License-Identifier: BSD-3-Clause
//
// Bulk look-ups of 64 keys, the most that rte_hash takes, in the session table and in an rte_hash
// in its lock-free mode: the same keys in the same order, in turns.
#include <fmt/format.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>

#include <algorithm>
#include <array>
#include <memory>

#include "dataplane/session_memory.hpp"
#include "programs/bench/bench.hpp"
#include "programs/bench/frames.hpp"
#include "programs/random.hpp"

namespace gate511::bench {
namespace {

using table::Hit;
using table::Key;
using table::SessionTable;

constexpr std::size_t kBulk = SessionTable::kMaxBulk;
constexpr std::size_t kStream = std::size_t{1} << 20;  ///< keys that are looked up, in their order
constexpr std::size_t kSliceKeys = 32 * kBulk;
constexpr std::size_t kRoundKeys = std::size_t{1} << 15;

struct Free {
  void operator()(rte_hash* hash) const { rte_hash_free(hash); }
};
using Hash = std::unique_ptr<rte_hash, Free>;

Key key_of(std::uint64_t n) {
  return {client_mac(n), 0};
}

tl::expected<Hash, Error> make_hash(std::uint64_t entries) {
  rte_hash_parameters parameters{};
  parameters.name = "bench-yardstick";
  parameters.entries = static_cast<std::uint32_t>(std::max<std::uint64_t>(entries, 1024));
  parameters.key_len = sizeof(Key);
  parameters.hash_func = rte_hash_crc;
  parameters.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF | RTE_HASH_EXTRA_FLAGS_EXT_TABLE;
  Hash hash{rte_hash_create(&parameters)};
  if (!hash) {
    return tl::unexpected{Error{"rte_hash", fmt::format("no room for {} entries", entries),
                                "give more huge pages (vm.nr_hugepages)"}};
  }
  for (std::uint64_t n = 0; n < entries; ++n) {
    const Key key = key_of(n);
    if (rte_hash_add_key(hash.get(), &key) < 0) {
      return tl::unexpected{Error{"rte_hash", fmt::format("refuses entry {} of {}", n, entries),
                                  "this is a fault of the bench"}};
    }
  }
  return hash;
}

/// Which keys are asked for.
struct Pattern {
  bool hit;
  bool random;
};

std::vector<Key> make_stream(const Pattern& pattern, std::uint64_t entries) {
  std::vector<Key> stream;
  std::uint64_t state = entries;
  for (std::size_t i = 0; i < kStream; ++i) {
    const std::uint64_t n = pattern.random ? next_below(state, entries) : i % entries;
    stream.push_back(key_of(pattern.hit ? n : n + entries));
  }
  return stream;
}

/// Takes the next part of the stream in each round, and checks that all of it was found, or none.
class Rounds {
 public:
  Rounds(std::span<const Key> stream, bool hit) : stream_{stream}, hit_{hit} {}

  template <typename LookUp>
  double run(LookUp look_up) {
    const auto keys = stream_.subspan(at_, kRoundKeys);
    at_ = (at_ + kRoundKeys) % kStream;
    std::size_t found = 0;
    const double cycles =
        median_slice(kRoundKeys / kSliceKeys, kSliceKeys, [&, at = std::size_t{0}]() mutable {
          for (const std::size_t end = at + kSliceKeys; at < end; at += kBulk)
            found += look_up(keys.subspan(at, kBulk));
        });
    if (found != (hit_ ? kRoundKeys : 0)) throw std::logic_error{"a look-up found something else"};
    return cycles;
  }

 private:
  std::span<const Key> stream_;
  bool hit_;
  std::size_t at_ = 0;
};

std::size_t look_up_table(const SessionTable& table, std::span<const Key> keys) {
  std::array<Hit, kBulk> hits;
  table.look_up(keys, hits);
  std::size_t found = 0;
  for (const Hit& hit : hits) found += hit.found() ? 1U : 0U;
  return found;
}

std::size_t look_up_hash(const rte_hash* hash, std::span<const Key> keys) {
  std::array<const void*, kBulk> pointers;
  for (std::size_t i = 0; i < kBulk; ++i) pointers[i] = &keys[i];
  std::array<std::int32_t, kBulk> positions;
  rte_hash_lookup_bulk(hash, pointers.data(), kBulk, positions.data());
  std::size_t found = 0;
  for (const std::int32_t position : positions) found += position >= 0 ? 1U : 0U;
  return found;
}

void compare(const SessionTable& table, const rte_hash* hash, std::uint64_t entries,
             const Pattern& pattern, const Options& options, Report& report) {
  const std::vector<Key> stream = make_stream(pattern, entries);
  Rounds ours{stream, pattern.hit};
  Rounds theirs{stream, pattern.hit};
  const std::array<Contender, 2> contenders{
      [&] { return ours.run([&](auto keys) { return look_up_table(table, keys); }); },
      [&] { return theirs.run([&](auto keys) { return look_up_hash(hash, keys); }); }};
  const auto figures = take_turns(contenders, options.rounds);
  const char* const found = pattern.hit ? "hit" : "miss";
  const char* const order = pattern.random ? "random" : "sequential";
  report.add(
      {{"name", "table"},
       {"entries", entries},
       {"keys", found},
       {"order", order},
       {"cycles_per_lookup", rounded(figures[0].median)},
       {"spread", figures[0].spread},
       {"rte_hash", rounded(figures[1].median)},
       {"rte_hash_spread", figures[1].spread}},
      fmt::format("{:>8} {:>6} {:>11} {:>12} {:>12} {:>8.1f}x", show_count(entries), found, order,
                  show(figures[0]), show(figures[1]), figures[1].median / figures[0].median));
}

}  // namespace

Done bench_table(const Options& options, Report& report) {
  report.heading(
      "table: cycles a look-up, in bulks of 64\n"
      " entries   keys       order      gate511     rte_hash    faster");
  for (const std::uint64_t entries : options.entries) {
    auto memory = dataplane::SessionMemory::take(entries, 0);
    if (!memory) return tl::unexpected{memory.error()};
    SessionTable table{memory->buckets(), entries, random_value<table::HashSeed>(), options.isa};
    for (std::uint64_t n = 0; n < entries; ++n) {
      if (!table.insert(key_of(n), table::State::kAuthenticated)) std::abort();
    }
    const auto hash = make_hash(entries);
    if (!hash) return tl::unexpected{hash.error()};
    for (const bool hit : {true, false}) {
      for (const bool random : {true, false}) {
        if (options.quick && !(hit && random)) continue;
        compare(table, hash->get(), entries, {hit, random}, options, report);
      }
    }
  }
  return {};
}

}  // namespace gate511::bench
