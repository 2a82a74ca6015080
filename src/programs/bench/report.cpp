// SPDX-License-Identifier: BSD-3-Clause
#include "programs/bench/report.hpp"

#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_version.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

namespace gate511::bench {
namespace {

std::string processor() {
  std::ifstream file{"/proc/cpuinfo"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string compiler() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

constexpr bool kChecked =
#ifdef NDEBUG
    false;
#else
    true;
#endif

}  // namespace

void Report::machine(bool huge_pages, table::Isa isa) {
  machine_ = {{"processor", processor()},
              {"cpus", std::thread::hardware_concurrency()},
              {"tsc_mhz", rte_get_tsc_hz() / 1'000'000},
              {"huge_pages", huge_pages},
              {"look_up", table::name_of(isa)},
              {"dpdk", rte_version()},
              {"compiler", compiler()},
              {"assertions", kChecked}};
  if (json_) return;
  fmt::print("{}, {} CPUs, TSC {} MHz, {}, {}, {}, {}\n", processor(),
             std::thread::hardware_concurrency(), rte_get_tsc_hz() / 1'000'000, rte_version(),
             compiler(), huge_pages ? "huge pages" : "no huge pages", table::name_of(isa));
  if (kChecked)
    fmt::print("with assertions: for figures that count, configure with --buildtype=release\n");
  std::fflush(stdout);
}

void Report::heading(std::string_view text) const {
  if (json_) return;
  fmt::print("\n{}\n", text);
  std::fflush(stdout);
}

void Report::add(Json result, std::string_view line) {
  results_.push_back(std::move(result));
  if (json_) return;
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void Report::end() const {
  if (!json_) return;
  const Json all{{"machine", machine_}, {"results", results_}};
  fmt::print("{}\n", all.dump(2));
}

std::string show(const Figure& figure) {
  return fmt::format("{:.1f}{}", figure.median, figure.noisy() ? " noisy" : "");
}

double rounded(double value) {
  return std::round(value * 10) / 10;
}

std::string show_count(std::uint64_t count) {
  constexpr std::uint64_t kThousand = 1'000, kMillion = 1'000'000;
  if (count >= kMillion && count % kMillion == 0) return fmt::format("{} M", count / kMillion);
  if (count >= kThousand && count % kThousand == 0) return fmt::format("{} k", count / kThousand);
  return std::to_string(count);
}

}  // namespace gate511::bench
