// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/top_frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "policy/verdict.hpp"
#include "programs/ctl/show.hpp"
#include "programs/ctl/table.hpp"
#include "programs/ctl/units.hpp"

namespace gate511::ctl {
namespace {

using Lines = std::vector<std::string>;

/// What grew from one object of counters to the next, a second.
class Rates {
 public:
  Rates(const Json& before, const Json& now, double seconds)
      : before_{before}, now_{now}, seconds_{seconds} {}

  [[nodiscard]] double of(const char* name) const {
    const std::uint64_t was = number(before_, name);
    const std::uint64_t is = number(now_, name);
    return is > was && seconds_ > 0 ? static_cast<double>(is - was) / seconds_ : 0;
  }
  [[nodiscard]] std::string per_s(const char* name) const { return show_per_s(of(name)); }
  [[nodiscard]] std::string bits(const char* name) const { return show_rate(of(name) * 8); }

 private:
  const Json& before_;
  const Json& now_;
  double seconds_;
};

/// The element of a list whose `name` is that of `one`; else an empty object.
const Json& same_in(const Json& list, const Json& one, const char* name) {
  static const Json kNothing = Json::object();
  const auto wanted = cell(one, name);
  for (const Json& other : list) {
    if (cell(other, name) == wanted) return other;
  }
  return kNothing;
}

void append(Lines& lines, const std::string& text, bool colour) {
  std::string_view rest{text};
  for (bool is_head = true; !rest.empty(); is_head = false) {
    const std::size_t end = rest.find('\n');
    lines.push_back(coloured(rest.substr(0, end), "1", colour && is_head));
    rest.remove_prefix(std::min(end, rest.size() - 1) + 1);
  }
}

std::string ports_table(const TopSample& before, const TopSample& now, double seconds,
                        std::size_t width) {
  std::vector<Row> rows;
  for (const Json& port : inside(now.ports, "ports")) {
    const Rates rates{same_in(inside(before.ports, "ports"), port, "name"), port, seconds};
    rows.push_back({cell(port, "link"), cell(port, "role"),
                    cell(port, "up") == "no" ? "down" : "up", rates.per_s("rx_packets"),
                    rates.bits("rx_bytes"), rates.per_s("tx_packets"), rates.bits("tx_bytes"),
                    rates.per_s("rx_missed")});
  }
  return table({{"LINK"},
                {"PORT"},
                {"STATE", false, true},
                {"IN", true},
                {"", true},
                {"OUT", true},
                {"", true},
                {"MISSED", true}},
               rows, width);
}

std::string workers_table(const TopSample& before, const TopSample& now, double seconds,
                          std::size_t width) {
  std::vector<Row> rows;
  for (const Json& worker : inside(now.stats, "workers")) {
    const Rates rates{same_in(inside(before.stats, "workers"), worker, "lcore"), worker, seconds};
    const double bursts = rates.of("bursts");
    rows.push_back({cell(worker, "lcore"), rates.per_s("frames_in"), rates.per_s("replies"),
                    bursts > 0 ? fmt::format("{:.1f}", rates.of("frames_in") / bursts) : "-",
                    rates.per_s("loops")});
  }
  return table(
      {{"WORKER", true}, {"FRAMES", true}, {"REPLIES", true}, {"A BURST", true}, {"LOOPS", true}},
      rows, width);
}

std::string verdicts_table(const TopSample& before, const TopSample& now, double seconds,
                           std::size_t count, std::size_t width) {
  const Json& is = inside(now.stats, "verdicts");
  const Rates rates{inside(before.stats, "verdicts"), is, seconds};
  std::vector<std::pair<double, const policy::VerdictInfo*>> order;
  for (const policy::VerdictInfo& info : policy::kVerdicts) {
    const std::string name{info.name};
    if (number(is, name.c_str()) != 0) order.emplace_back(rates.of(name.c_str()), &info);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Row> rows;
  for (const auto& [rate, info] : order) {
    if (rows.size() == count) break;
    const std::string name{info->name};
    rows.push_back({name, show_per_s(rate), show_count(number(is, name.c_str())),
                    std::string{info->sentence}});
  }
  return table({{"VERDICT", false, true}, {"RATE", true}, {"FRAMES", true}, {""}}, rows, width);
}

std::string busy_table(const BusySessions& busy, std::size_t count, std::size_t width) {
  std::vector<Row> rows;
  for (const BusySession& one : busy.busiest(count))
    rows.push_back({one.mac, show_rate(one.up_bps), show_rate(one.down_bps), one.tag, one.user});
  const char* const head = busy.is_sample() ? "BUSIEST OF SOME" : "BUSIEST SESSION";
  return table({{head, false, true}, {"UP", true}, {"DOWN", true}, {"TAG"}, {"USER"}}, rows, width);
}

}  // namespace

std::vector<std::string> top_frame(const TopSample& before, const TopSample& now,
                                   const BusySessions& busy, Size size, bool colour) {
  const double seconds = now.at_s - before.at_s;
  const Json& sessions = inside(now.stats, "sessions");
  const Rates rates{before.stats, now.stats, seconds};
  Lines lines;
  lines.push_back(fmt::format(
      "gate511  up {}  {} of {} sessions: {} authenticated, {} restricted, "
      "{} blocked",
      show_duration(number(now.stats, "uptime_s")), show_count(number(sessions, "total")),
      show_count(number(sessions, "capacity")), show_count(number(sessions, "authenticated")),
      show_count(number(sessions, "restricted")), show_count(number(sessions, "blocked"))));
  lines.push_back(fmt::format("frames in {}, forwarded {}, answered {}, held {}, dropped {}",
                              rates.per_s("frames_in"), rates.per_s("forwarded"),
                              rates.per_s("answered"), rates.per_s("held"),
                              rates.per_s("dropped")));
  lines.emplace_back();
  append(lines, ports_table(before, now, seconds, size.columns), colour);
  lines.emplace_back();
  append(lines, workers_table(before, now, seconds, size.columns), colour);
  lines.emplace_back();
  // What is left is shared by the verdicts and the sessions, each with its heads.
  const std::size_t room = size.rows > lines.size() + 3 ? size.rows - lines.size() - 3 : 0;
  append(lines, verdicts_table(before, now, seconds, (room + 1) / 2, size.columns), colour);
  lines.emplace_back();
  append(lines,
         busy_table(busy, size.rows > lines.size() + 1 ? size.rows - lines.size() - 1 : 0,
                    size.columns),
         colour);
  for (std::size_t i : {std::size_t{0}, std::size_t{1}}) lines[i] = clipped(lines[i], size.columns);
  if (lines.size() > size.rows) lines.resize(size.rows);
  return lines;
}

}  // namespace gate511::ctl
