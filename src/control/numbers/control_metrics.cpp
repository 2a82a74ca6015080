// SPDX-License-Identifier: BSD-3-Clause
//
// Of the control sockets, of events and of records.
#include "control/numbers/metric_parts.hpp"

namespace gate511::control::numbers {
namespace {

using S = const Snapshot&;
constexpr std::uint64_t kUsInASecond = 1'000'000;

template <std::uint64_t ServerNumbers::*kNumber>
void of_server(S s, Samples& out) {
  if (s.server) out.push_back({{}, (*s.server).*kNumber});
}

template <std::uint64_t records::RecordsStatus::*kNumber>
void of_records(S s, Samples& out) {
  if (s.server && s.server->records) out.push_back({{}, (*s.server->records).*kNumber});
}

template <std::uint64_t EventNumbers::*kNumber>
void of_events(S s, Samples& out) {
  out.push_back({{}, s.events.*kNumber});
}

}  // namespace

std::vector<Definition> control_metrics() {
  return {
      {"gate511_control_clients",
       Kind::kGauge,
       "Clients of the control sockets, connected now.",
       {},
       of_server<&ServerNumbers::clients>},
      {"gate511_control_refused_total",
       Kind::kCounter,
       "Clients turned away: no place for them; by TLS, for want of a certificate with rights.",
       {"reason"},
       [](S s, Samples& out) {
         if (s.server) rows(out, {{"no_place", s.server->refused}, {"tls", s.server->tls_refused}});
       }},
      {"gate511_control_too_slow_total",
       Kind::kCounter,
       "Clients closed, as they did not read or did not end a line that they began.",
       {},
       of_server<&ServerNumbers::too_slow>},
      {"gate511_control_longest_slice_seconds",
       Kind::kGauge,
       "The longest that all else on the control thread had to wait for work on one thing.",
       {},
       of_server<&ServerNumbers::longest_slice_us>,
       kUsInASecond},
      {"gate511_audit_records_total",
       Kind::kCounter,
       "Records of the audit log: written; suppressed, as they came too fast; lost, as the disk "
       "was "
       "too slow or full.",
       {"outcome"},
       [](S s, Samples& out) {
         if (s.server)
           rows(out, {{"written", s.server->audit_written},
                      {"suppressed", s.server->audit_suppressed},
                      {"lost", s.server->audit_lost}});
       }},
      {"gate511_events_total",
       Kind::kCounter,
       "The number of the last event; it goes on over a restart where there is a store.",
       {},
       of_events<&EventNumbers::seq>},
      {"gate511_event_subscribers",
       Kind::kGauge,
       "Subscribers to events, connected now.",
       {},
       of_events<&EventNumbers::subscribers>},
      {"gate511_event_subscribers_overrun_total",
       Kind::kCounter,
       "Subscribers closed, as events came faster than they read.",
       {},
       of_events<&EventNumbers::overrun>},
      {"gate511_event_consumers",
       Kind::kGauge,
       "Named consumers, for whom ends of sessions are kept.",
       {},
       of_events<&EventNumbers::consumers>},
      {"gate511_events_kept",
       Kind::kGauge,
       "Ends of sessions that a named consumer has not acknowledged.",
       {},
       of_events<&EventNumbers::kept>},
      {"gate511_events_dropped_total",
       Kind::kCounter,
       "Ends of sessions that a named consumer never got.",
       {},
       of_events<&EventNumbers::dropped>},
      {"gate511_records_written_total",
       Kind::kCounter,
       "Notes of who had which address that were written. Without records, none of these.",
       {},
       of_records<&records::RecordsStatus::written>},
      {"gate511_records_lost_total",
       Kind::kCounter,
       "Notes for which there was no room while the disk failed.",
       {},
       of_records<&records::RecordsStatus::lost>},
      {"gate511_records_failures_total",
       Kind::kCounter,
       "Writes of records that did not succeed.",
       {},
       of_records<&records::RecordsStatus::failures>},
      {"gate511_records_waiting",
       Kind::kGauge,
       "Notes that are not written yet.",
       {},
       of_records<&records::RecordsStatus::waiting>},
      {"gate511_records_purged_total",
       Kind::kCounter,
       "Records deleted, as they were older than records.retention_days.",
       {},
       of_records<&records::RecordsStatus::purged>},
      {"gate511_records_longest_write_seconds",
       Kind::kGauge,
       "The longest write of records.",
       {},
       of_records<&records::RecordsStatus::longest_us>,
       kUsInASecond},
  };
}

}  // namespace gate511::control::numbers
