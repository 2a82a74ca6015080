// SPDX-License-Identifier: BSD-3-Clause
//
// Of ports, frames and answers. What counts by zone and verdict is there once it is not zero: of
// some 80 verdicts a zone has a few.
#include "control/numbers/metric_parts.hpp"
#include "http/answer_counters.hpp"
#include "net/capport.hpp"
#include "policy/verdict.hpp"

namespace gate511::control::numbers {
namespace {

using S = const Snapshot&;
using PortNumber = std::uint64_t dataplane::PortStatus::*;

constexpr std::array<const char*, 4> kFates{"forwarded", "held", "answered", "dropped"};
static_assert(static_cast<int>(policy::Fate::kForwarded) == 0 &&
              static_cast<int>(policy::Fate::kDropped) == 3);
constexpr std::array<const char*, 3> kEnforce{"on", "monitor", "off"};

void by_verdict(const ZoneCounts& zone, const dataplane::VerdictCounts& counts, Samples& out) {
  for (const policy::VerdictInfo& info : policy::kVerdicts) {
    const std::uint64_t count = counts[static_cast<std::size_t>(info.verdict)];
    if (count == 0) continue;
    out.push_back({{zone.link, zone.name, kFates.at(static_cast<std::size_t>(info.fate)),
                    std::string{info.name}},
                   count});
  }
}

template <PortNumber kNumber>
void by_port(S s, Samples& out) {
  for (const dataplane::PortStatus& port : s.ports)
    out.push_back({{port.link, port.role, port.name}, port.*kNumber});
}

void answers(S s, Samples& out) {
  for (std::size_t kind = 0; kind < http::kCountedAnswers; ++kind) {
    for (std::size_t size = 0; size < http::kSizeClasses; ++size)
      out.push_back(
          {{std::string{http::counted_name(kind)}, std::string{http::kSizeNames.at(size)}},
           s.all.answers.answers.at(kind).at(size)});
  }
}

void probes(S s, Samples& out) {
  const std::vector<std::string> names = http::ProbeNumbers::names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (const std::uint64_t count = s.all.answers.probes.at(i); count != 0)
      out.push_back({{names[i]}, count});
  }
}

void capport(S s, Samples& out) {
  for (std::size_t carrier = 0; carrier < net::kCapportCarriers; ++carrier) {
    for (std::size_t outcome = 0; outcome < net::kCapportOutcomes; ++outcome)
      out.push_back({{std::string{net::kCapportCarrierInfo.at(carrier).name},
                      std::string{net::kCapportOutcomeInfo.at(outcome).name}},
                     s.all.capport.at(carrier).at(outcome)});
  }
}

std::vector<Definition> port_metrics() {
  using Port = dataplane::PortStatus;
  const std::vector<std::string_view> labels{"link", "role", "port"};
  constexpr std::uint64_t kBitsInAByte = 8;
  return {
      {"gate511_port_up", Kind::kGauge, "1 if the port's link is up, else 0.", labels,
       [](S s, Samples& out) {
         for (const Port& port : s.ports)
           out.push_back({{port.link, port.role, port.name}, port.up ? 1U : 0U});
       }},
      {"gate511_port_speed_bytes", Kind::kGauge,
       "The port's speed in bytes a second; 0 where it is not known.", labels,
       [](S s, Samples& out) {
         constexpr std::uint64_t kBitsInAMbit = 1'000'000;
         for (const Port& port : s.ports)
           out.push_back(
               {{port.link, port.role, port.name}, port.speed_mbps * kBitsInAMbit / kBitsInAByte});
       }},
      {"gate511_port_received_frames_total", Kind::kCounter, "Frames received.", labels,
       by_port<&Port::rx_packets>},
      {"gate511_port_received_bytes_total", Kind::kCounter, "Bytes received.", labels,
       by_port<&Port::rx_bytes>},
      {"gate511_port_receive_errors_total", Kind::kCounter, "Frames received with errors.", labels,
       by_port<&Port::rx_errors>},
      {"gate511_port_missed_frames_total", Kind::kCounter,
       "Frames that the port lost, as its receive queue was full.", labels,
       [](S s, Samples& out) {
         for (const Port& port : s.ports)
           out.push_back({{port.link, port.role, port.name}, port.rx_missed - port.rx_no_mbuf});
       }},
      {"gate511_port_no_mbuf_total", Kind::kCounter,
       "Times that the port found no packet buffer to receive into.", labels,
       by_port<&Port::rx_no_mbuf>},
      {"gate511_port_transmitted_frames_total", Kind::kCounter, "Frames transmitted.", labels,
       by_port<&Port::tx_packets>},
      {"gate511_port_transmitted_bytes_total", Kind::kCounter, "Bytes transmitted.", labels,
       by_port<&Port::tx_bytes>},
      {"gate511_port_transmit_errors_total", Kind::kCounter, "Frames that were not transmitted.",
       labels, by_port<&Port::tx_errors>},
  };
}

}  // namespace

std::vector<Definition> frame_metrics() {
  std::vector<Definition> list = port_metrics();
  const std::vector<std::string_view> by_zone{"link", "zone", "fate", "verdict"};
  const std::vector<Definition> more{
      {"gate511_frames_total", Kind::kCounter,
       "Frames by what became of them: their verdict, and its fate (forwarded, held, answered, "
       "dropped). Without those that are zero.",
       by_zone,
       [](S s, Samples& out) {
         for (const ZoneCounts& zone : s.zones) by_verdict(zone, zone.all.counted, out);
       }},
      {"gate511_would_have_frames_total", Kind::kCounter,
       "Frames of zones that are monitored, by what would have become of them. Without those that "
       "are zero.",
       by_zone,
       [](S s, Samples& out) {
         for (const ZoneCounts& zone : s.zones) by_verdict(zone, zone.all.would_have, out);
       }},
      {"gate511_zone_info",
       Kind::kGauge,
       "Always 1; what is enforced (on, monitor, off) is a label.",
       {"link", "zone", "enforce"},
       [](S s, Samples& out) {
         for (const ZoneCounts& zone : s.zones)
           out.push_back(
               {{zone.link, zone.name, kEnforce.at(static_cast<std::size_t>(zone.enforce))}, 1});
       }},
      {"gate511_answers_total",
       Kind::kCounter,
       "Answers to HTTP requests of guests, by kind and by size class.",
       {"kind", "size"},
       answers},
      {"gate511_probe_redirects_total",
       Kind::kCounter,
       "Probes for a portal that were redirected, by rule. Without those that are zero.",
       {"probe"},
       probes},
      {"gate511_capport_answers_total",
       Kind::kCounter,
       "Answers that could tell a client of the portal's API (RFC 8910), by what became of them.",
       {"carrier", "outcome"},
       capport},
  };
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

}  // namespace gate511::control::numbers
