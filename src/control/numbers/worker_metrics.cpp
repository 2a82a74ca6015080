// SPDX-License-Identifier: BSD-3-Clause
//
// Of the workers, and of what goes from them to other threads.
#include "control/numbers/metric_parts.hpp"

namespace gate511::control::numbers {
namespace {

using S = const Snapshot&;
using Worker = dataplane::WorkerStatus;

template <std::uint64_t Worker::*kNumber>
void by_worker(S s, Samples& out) {
  for (const Worker& worker : s.dataplane.workers)
    out.push_back({{std::to_string(worker.lcore)}, worker.*kNumber});
}

std::vector<std::uint64_t> fill_bounds() {
  std::vector<std::uint64_t> bounds;
  for (std::size_t i = 0; i < dataplane::kFillClasses; ++i) bounds.push_back(std::uint64_t{1} << i);
  return bounds;
}

/// Nothing is above the last bound: a burst is never larger.
void burst_fill(S s, Samples& out) {
  for (const Worker& worker : s.dataplane.workers) {
    Sample sample{{std::to_string(worker.lcore)}, worker.frames_in, {}};
    sample.classes.assign(worker.fill.begin(), worker.fill.end());
    sample.classes.push_back(0);
    out.push_back(std::move(sample));
  }
}

void ring_drops(S s, Samples& out) {
  const dataplane::RingDrops& drops = s.all.ring_drops;
  rows(out, {{"clients", drops.clients},
             {"uplink", drops.uplink},
             {"guards", drops.guards},
             {"capport", drops.capport},
             {"garden", s.dataplane.opened.untold}});
}

}  // namespace

std::vector<Definition> worker_metrics() {
  const std::vector<std::string_view> labels{"lcore"};
  return {
      {"gate511_worker_burst_frames", Kind::kHistogram,
       "Bursts that were received, by their frames (64 at most); the sum is all frames received.",
       labels, burst_fill, 1, fill_bounds()},
      {"gate511_worker_turns_total", Kind::kCounter,
       "Turns of the worker's loop, with and without frames: one that does not grow is stuck.",
       labels, by_worker<&Worker::loops>},
      {"gate511_worker_busy_cycles_total", Kind::kCounter,
       "Cycles of the time-stamp counter spent in turns that had a frame; divided by the frames, "
       "cycles a frame; divided by gate511_tsc_hertz, the share of time that the worker was busy.",
       labels, by_worker<&Worker::busy_cycles>},
      {"gate511_worker_replies_total", Kind::kCounter, "Frames of the gateway's own transmitted.",
       labels, by_worker<&Worker::replies>},
      {"gate511_tsc_hertz",
       Kind::kGauge,
       "Cycles a second of the time-stamp counter.",
       {},
       one<[](S s) { return s.dataplane.tsc_hz; }>},
      {"gate511_ring_dropped_total",
       Kind::kCounter,
       "Reports of workers and the garden thread to the control thread that found their ring full.",
       {"ring"},
       ring_drops},
      {"gate511_garden_answers_total",
       Kind::kCounter,
       "Answers of DNS for hosts of the garden: learnt; unasked, which that guest had not asked "
       "for; unlearnt, for which there was no place.",
       {"outcome"},
       [](S s, Samples& out) {
         const pipeline::LearntCounts& learnt = s.all.learnt;
         rows(out, {{"learnt", learnt.answers},
                    {"unasked", learnt.unasked},
                    {"unlearnt", learnt.unlearnt}});
       }},
      {"gate511_garden_addresses_refused_total",
       Kind::kCounter,
       "Addresses of such answers that no host of a garden may have.",
       {},
       one<[](S s) { return s.all.learnt.refused; }>},
      {"gate511_garden_addresses_full_total",
       Kind::kCounter,
       "Addresses of such answers for which the table of permits had no place.",
       {},
       one<[](S s) { return s.dataplane.opened.full; }>},
      {"gate511_garden_addresses",
       Kind::kGauge,
       "Addresses of hosts of the garden that are open.",
       {},
       one<[](S s) { return s.garden_learnt; }>},
      delay_metric<[](S s) { return s.all.held_for; }>(
          "gate511_held_answer_seconds",
          "How long answers of DNS waited for their addresses to be opened."),
  };
}

}  // namespace gate511::control::numbers
