// SPDX-License-Identifier: BSD-3-Clause
//
// What a name costs: a look-up in a set of 100,000, its loading, and a scan by expressions. Cycles
// are those of the time-stamp counter, the least of several runs.
#include <fmt/format.h>
#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "control/host_list.hpp"
#include "http/host_set.hpp"
#include "http/patterns.hpp"

namespace {

using namespace gate511;

constexpr unsigned kNames = 100'000;
constexpr std::size_t kAsked = 4096;

double seconds(auto&& work) {
  const auto since = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - since;
  return took.count();
}

/// Cycles a name, over `asked` in random order.
double cycles(const std::vector<std::string>& asked, auto&& look_up) {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::size_t found = 0;
  for (int run = 0; run < 50; ++run) {
    const std::uint64_t since = __rdtsc();
    for (const std::string& one : asked) found += look_up(one) ? 1U : 0U;
    least = std::min<std::uint64_t>(least, __rdtsc() - since);
  }
  if (found == std::numeric_limits<std::size_t>::max()) std::abort();
  return static_cast<double>(least) / static_cast<double>(asked.size());
}

/// Lists such as advertisers' or content networks': two to four labels.
std::string name(unsigned i) {
  static constexpr const char* kTops[] = {"example", "test", "invalid"};
  const unsigned mixed = i * 2'654'435'761U;
  return fmt::format("{}{:x}.net{}.{}", mixed % 3 == 0 ? "static." : "", mixed, i % 5000,
                     kTops[i % 3]);
}

void host_set() {
  std::string list;
  for (unsigned i = 0; i < kNames; ++i) list += (i % 4 == 0 ? "*." : "") + name(i) + '\n';
  http::HostSet set;
  const double load_s = seconds(
      [&] { set = std::move(*http::HostSet::build(*control::parse_host_list(list, "list"))); });
  std::mt19937 random{1};
  std::vector<std::string> held, below, others;
  for (std::size_t i = 0; i < kAsked; ++i) {
    const auto at = static_cast<unsigned>(random() % kNames);
    held.push_back(name(at - at % 4 + 1));
    below.push_back("www." + name(at - at % 4));
    others.push_back("www." + name(kNames + at * 7));
  }
  const auto look_up = [&](const std::string& asked) { return set.contains(asked); };
  fmt::print("host set of {} names: loaded in {:.3f} s, {:.1f} MB\n", set.size(), load_s,
             static_cast<double>(set.memory_bytes()) / 1e6);
  fmt::print("  a name that is in it        {:6.0f} cycles\n", cycles(held, look_up));
  fmt::print("  a name below one of its     {:6.0f}\n", cycles(below, look_up));
  fmt::print("  a name that is not in it    {:6.0f}\n", cycles(others, look_up));
}

void patterns() {
  for (const unsigned count : {20U, 200U, 500U}) {
    std::vector<http::Patterns::Expression> expressions;
    for (unsigned i = 0; i < count; ++i)
      expressions.push_back(
          {"bench", fmt::format("(.*\\.)?(www|cdn[0-9]+)\\.(name|net){}\\.example", i)});
    const auto made = http::Patterns::compile(expressions, http::Patterns::Case::kAny);
    if (!made) return fmt::print(stderr, "{}\n", made.error().text());
    fmt::print("patterns: {}\n", made->cost().text());
  }
}

}  // namespace

int main() {
  host_set();
  patterns();
}
