// SPDX-License-Identifier: BSD-3-Clause
//
// A list of items, each a set of lcores and, behind an `@`, the set of CPUs that they run on.
#include "dataplane/lcores.hpp"

#include <fmt/format.h>
#include <rte_config.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace gate511::dataplane {
namespace {

constexpr std::string_view kWhere = "dpdk.lcores";
constexpr unsigned kMaxCpu = CPU_SETSIZE;

/// Splits off what stands before the next comma that is in no parenthesis.
std::string_view next_item(std::string_view& rest) {
  int depth = 0;
  std::size_t end = 0;
  for (; end < rest.size(); ++end) {
    if (rest[end] == '(') ++depth;
    if (rest[end] == ')') --depth;
    if (rest[end] == ',' && depth == 0) break;
  }
  const std::string_view item = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return item;
}

bool parse_number(std::string_view text, unsigned& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stopped == end && number < kMaxCpu;
}

/// `3`, `0-3` or `(0-3,7)`.
bool parse_set(std::string_view text, std::vector<unsigned>& set) {
  if (text.size() >= 2 && text.front() == '(' && text.back() == ')') {
    text = text.substr(1, text.size() - 2);
  }
  if (text.empty()) return false;
  while (!text.empty()) {
    const std::string_view range = next_item(text);
    const std::size_t dash = range.find('-');
    unsigned first = 0;
    unsigned last = 0;
    if (!parse_number(range.substr(0, dash), first)) return false;
    last = first;
    if (dash != std::string_view::npos && !parse_number(range.substr(dash + 1), last)) return false;
    if (last < first) return false;
    for (unsigned number = first; number <= last; ++number) set.push_back(number);
  }
  return true;
}

}  // namespace

tl::expected<Lcores, Error> parse_lcores(std::string_view text) {
  Lcores lcores;
  const Error malformed{std::string{kWhere}, fmt::format("`{}` is no list of lcores", text),
                        "write it as `0-3` or `0,2-3`; the first is the control thread's"};
  if (text.empty()) return tl::unexpected{malformed};
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view item = next_item(rest);
    const std::size_t at = item.find('@');
    std::vector<unsigned> ids;
    std::vector<unsigned> cpus;
    if (!parse_set(item.substr(0, at), ids)) return tl::unexpected{malformed};
    if (at == std::string_view::npos) {
      cpus = ids;
    } else if (!parse_set(item.substr(at + 1), cpus)) {
      return tl::unexpected{malformed};
    }
    std::copy(ids.begin(), ids.end(), std::back_inserter(lcores.ids));
    std::copy(cpus.begin(), cpus.end(), std::back_inserter(lcores.cpus));
  }
  return lcores;
}

tl::expected<void, Error> check_lcores(const Lcores& lcores) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return {};
  std::string there;
  for (unsigned cpu = 0; cpu < kMaxCpu; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) there += fmt::format("{}{}", there.empty() ? "" : ",", cpu);
  }
  for (const unsigned cpu : lcores.cpus) {
    if (!CPU_ISSET(cpu, &allowed)) {
      return tl::unexpected{Error{std::string{kWhere},
                                  fmt::format("there is no CPU {} for this process", cpu),
                                  fmt::format("choose from the CPUs {}", there)}};
    }
  }
  for (const unsigned id : lcores.ids) {
    if (id >= RTE_MAX_LCORE) {
      return tl::unexpected{Error{std::string{kWhere}, fmt::format("there is no lcore {}", id),
                                  fmt::format("lcores go up to {}; write `{}@CPU` to run one on a "
                                              "higher CPU",
                                              RTE_MAX_LCORE - 1, RTE_MAX_LCORE - 1)}};
    }
  }
  if (lcores.ids.size() < 2) {
    return tl::unexpected{Error{std::string{kWhere}, "there is no lcore left for a worker",
                                "give two or more: the first is the control thread's; on a machine "
                                "with one CPU write `0@0,1@0`"}};
  }
  return {};
}

}  // namespace gate511::dataplane
