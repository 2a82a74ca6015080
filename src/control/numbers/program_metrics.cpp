// SPDX-License-Identifier: BSD-3-Clause
//
// Of the program itself, its health, its configuration and its memory.
#include "control/numbers/metric_parts.hpp"

namespace gate511::control::numbers {

std::vector<Definition> program_metrics() {
  using S = const Snapshot&;
  return {
      {"gate511_build_info",
       Kind::kGauge,
       "Always 1; the version is a label.",
       {"version"},
       [](S s, Samples& out) {
         out.push_back({{s.version}, 1});
       }},
      {"gate511_start_time_seconds",
       Kind::kGauge,
       "When the gateway started, in unix time.",
       {},
       one<[](S s) { return s.started_s; }>},
      {"gate511_snapshot",
       Kind::kGauge,
       "Which reading of all numbers this is: numbers of one reading are equal wherever they are "
       "shown.",
       {},
       one<[](S s) { return s.number; }>},
      {"gate511_snapshot_time_seconds",
       Kind::kGauge,
       "When that was made, in unix time.",
       {},
       one<[](S s) { return s.taken_ms; }>,
       1'000},
      {"gate511_alarm",
       Kind::kGauge,
       "How often an alarm of `health` is raised now: for how many ports, workers or whatever it "
       "is of.",
       {"alarm", "severity"},
       [](S s, Samples& out) {
         for (const AlarmNumber& alarm : s.alarms)
           out.push_back({{alarm.name, alarm.severity}, alarm.raised});
       }},
      {"gate511_config_generation",
       Kind::kGauge,
       "1 at start, and one more with each reload that changed something.",
       {},
       one<[](S s) { return s.config_generation; }>},
      {"gate511_huge_pages",
       Kind::kGauge,
       "1 if the data plane's memory is of huge pages, else 0.",
       {},
       one<[](S s) { return s.dataplane.huge_pages; }>},
      {"gate511_mbufs",
       Kind::kGauge,
       "Packet buffers by state: in_use, free.",
       {"state"},
       [](S s, Samples& out) {
         const std::uint64_t in_use = s.dataplane.mbufs_in_use;
         rows(out, {{"in_use", in_use}, {"free", s.dataplane.mbufs_total - in_use}});
       }},
  };
}

}  // namespace gate511::control::numbers
