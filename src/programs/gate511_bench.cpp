// SPDX-License-Identifier: BSD-3-Clause
//
// gate511-bench: cycles per packet of the real pipeline, without a NIC. Exit status: 0 measured,
// 1 an error, which is one line on stderr, 2 usage. docs/benchmarking.md tells how to read it.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <string>

#include "dataplane/eal.hpp"
#include "programs/bench/bench.hpp"
#include "programs/bench/gateway.hpp"

namespace {

using namespace gate511;

constexpr int kUsage = 2;

int fail(const Error& error) {
  fmt::print(stderr, "gate511-bench: {}\n", error.text());
  return EXIT_FAILURE;
}

struct CommandLine {
  std::vector<std::string> benches;
  std::string lcores = "0-1";
  std::vector<std::string> eal;
  bench::Options options;
  unsigned simd_bits = 512;
  bool json = false;
};

const std::vector<std::string> kBenches{"table",  "pass", "deny",  "answer",
                                        "attack", "add",  "revoke"};

bool wanted(const CommandLine& line, std::string_view name) {
  return line.benches.empty() ||
         std::find(line.benches.begin(), line.benches.end(), name) != line.benches.end();
}

/// Of DPDK's heap: what the largest of the benches takes.
std::size_t memory_mib(const CommandLine& line) {
  constexpr std::size_t kRteHashBytes = 64;  // an entry: key, bucket, free list; rounded up
  constexpr std::size_t kMib = std::size_t{1} << 20, kOtherMib = 64;
  std::size_t most = 0;
  if (wanted(line, "table")) {
    const std::uint64_t entries = *std::ranges::max_element(line.options.entries);
    most = dataplane::SessionMemory::mib(entries, 0) + entries * kRteHashBytes / kMib;
  }
  if (wanted(line, "pass") && line.options.laps == 0)
    most = std::max(most, bench::gateway_mib(*std::ranges::max_element(line.options.sessions)));
  return most + dataplane::Mempool::mib(bench::kMbufs, bench::kMbufBytes) + kOtherMib;
}

bench::Done run_all(const CommandLine& line, bench::Report& report) {
  const bench::Options& options = line.options;
  bench::Done done;
  // Before the buffers are taken: rte_hash wants much memory.
  if (wanted(line, "table")) done = bench::bench_table(options, report);
  if (done && wanted(line, "add")) done = bench::bench_add(options, report);
  if (!done) return done;
  const unsigned mbufs = options.laps > 0 ? bench::kMbufsForLaps : bench::kMbufs;
  const auto pool = dataplane::Mempool::create(mbufs, bench::kMbufBytes);
  if (!pool) return tl::unexpected{pool.error()};
  auto round = bench::Loop::create(*pool, "bench", /*open=*/false);
  if (!round) return tl::unexpected{round.error()};
  auto open = bench::Loop::create(*pool, "open", /*open=*/true);
  if (!open) return tl::unexpected{open.error()};
  if (options.laps > 0) return bench::run_laps(options, line.benches.front(), *pool, *open);
  if (wanted(line, "pass")) done = bench::bench_pass(options, *pool, *round, report);
  if (done && wanted(line, "deny")) done = bench::bench_deny(options, *pool, *open, report);
  if (done && wanted(line, "answer")) done = bench::bench_answer(options, *pool, *open, report);
  if (done && wanted(line, "attack")) done = bench::bench_attack(options, *pool, *open, report);
  if (done && wanted(line, "revoke")) done = bench::bench_revoke(options, *pool, *open, report);
  return done;
}

bench::Done run(CommandLine line) {
  const auto eal = dataplane::Eal::start(
      {.args = line.eal, .lcores = line.lcores, .memory_mib = memory_mib(line)});
  if (!eal) return tl::unexpected{eal.error()};
  line.options.isa = table::widest_isa(line.simd_bits);
  bench::Report report{line.json};
  report.machine(eal->huge_pages(), line.options.isa);
  if (!eal->notice().empty()) fmt::print(stderr, "gate511-bench: {}\n", eal->notice());
  auto done = run_all(line, report);
  if (done) report.end();
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    CLI::App app{
        "Cycles per packet of the gateway's own pipeline, table and worker, without a NIC.",
        "gate511-bench"};
    CommandLine line;
    app.add_option("BENCH", line.benches,
                   "table, pass, deny, answer, attack, add, revoke; all of them without")
        ->check(CLI::IsMember(kBenches));
    app.add_option("--sessions", line.options.sessions, "how many, for pass and add")
        ->delimiter(',')
        ->check(CLI::Range(1, 16'777'216));
    app.add_option("--entries", line.options.entries, "how many, for table")
        ->delimiter(',')
        ->check(CLI::Range(1, 16'777'216));
    app.add_option("--rounds", line.options.rounds, "turns that each contender has")
        ->check(CLI::Range(3, 1000));
    app.add_option("--lcores", line.lcores, "as `dpdk.lcores`: the first measures, the next helps");
    app.add_option("--eal", line.eal, "an argument for EAL, as in `dpdk.args`; may be repeated");
    app.add_option("--simd", line.simd_bits, "bits of the widest registers used: 64, 256 or 512")
        ->check(CLI::IsMember({64U, 256U, 512U}));
    app.add_option("--laps", line.options.laps,
                   "run so many slices of one bench (pass, deny, answer) and time nothing");
    app.add_flag("--quick", line.options.quick, "fewer sizes");
    app.add_flag("--json", line.json, "one JSON document at the end");
    app.set_version_flag("--version", "gate511-bench " GATE511_VERSION);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
      if (wrong.get_exit_code() == 0) return app.exit(wrong);
      fail({"command line", wrong.what(), "see gate511-bench --help"});
      return kUsage;
    }
    if (line.options.laps > 0 &&
        (line.benches.size() != 1 || line.benches[0] == "table" || line.benches[0] == "add" ||
         line.benches[0] == "attack" || line.benches[0] == "revoke")) {
      fail({"command line", "--laps is given without one of pass, deny and answer", "name one"});
      return kUsage;
    }
    const auto done = run(line);
    return done ? EXIT_SUCCESS : fail(done.error());
  } catch (const std::exception& error) {
    return fail(
        {"gate511-bench", error.what(), "this is a fault of the program or of the machine"});
  }
}
