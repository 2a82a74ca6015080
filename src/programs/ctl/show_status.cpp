// SPDX-License-Identifier: BSD-3-Clause
//
// The daemon, its numbers and ports; clients, explanations and events.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "http/answer_counters.hpp"
#include "net/capport.hpp"
#include "policy/verdict.hpp"
#include "programs/ctl/show.hpp"
#include "programs/ctl/terminal.hpp"
#include "programs/ctl/units.hpp"

namespace gate511::ctl {

std::string show_hello(const Json& result) {
  return harmless(fmt::format("{} {}, control protocol {}", cell(result, "program"),
                              cell(result, "version"), cell(result, "protocol"))) +
         "\n";
}

namespace {

/// Frames of a zone, by what becomes of them; of a zone that is monitored, by what would have.
Row zone_row(const Json& zone) {
  const bool is_monitored = cell(zone, "enforce") == "monitor";
  const Json& counts = inside(zone, is_monitored ? "would_have" : "verdicts");
  std::map<policy::Fate, std::uint64_t> frames;
  for (const policy::VerdictInfo& info : policy::kVerdicts)
    frames[info.fate] += number(counts, std::string{info.name}.c_str());
  return {cell(zone, "name"),
          cell(zone, "link"),
          cell(zone, "enforce"),
          std::to_string(frames[policy::Fate::kForwarded]),
          std::to_string(frames[policy::Fate::kAnswered]),
          std::to_string(frames[policy::Fate::kDropped]),
          is_monitored ? "would have been" : ""};
}

/// Nothing where there is the default zone of one link alone.
std::string show_zones(const Json& stats, std::size_t width) {
  const Json& zones = inside(stats, "zones");
  if (zones.size() < 2) return {};
  std::vector<Row> rows;
  for (const Json& zone : zones) rows.push_back(zone_row(zone));
  return "\n" + table({{"ZONE"},
                       {"LINK"},
                       {"ENFORCE"},
                       {"FORWARDED", true},
                       {"ANSWERED", true},
                       {"DROPPED", true},
                       {""}},
                      rows, width);
}

/// The answers that there were, by what they are, and the probes among them by rule.
std::string show_answers(const Json& stats, std::size_t width) {
  std::vector<Row> rows;
  const Json& answers = inside(stats, "answers");
  for (std::size_t i = 0; i < http::kCountedAnswers; ++i) {
    const std::string name{http::counted_name(i)};
    const Json& sizes = inside(answers, name.c_str());
    Row row{name};
    std::uint64_t all = 0;
    for (const std::string_view size : http::kSizeNames) {
      all += number(sizes, std::string{size}.c_str());
      row.push_back(std::to_string(number(sizes, std::string{size}.c_str())));
    }
    row.emplace_back(http::counted_sentence(i));
    if (all != 0) rows.push_back(std::move(row));
  }
  if (rows.empty()) return {};
  std::string text =
      "\n" +
      table({{"ANSWERS"}, {"FULL", true}, {"COMPACT", true}, {"TINY", true}, {""}}, rows, width);
  rows.clear();
  for (const auto& [name, count] : inside(stats, "probes").items())
    rows.push_back({harmless(name), std::to_string(number(inside(stats, "probes"), name.c_str()))});
  return rows.empty() ? text : text + "\n" + table({{"PROBES"}, {"REDIRECTED", true}}, rows, width);
}

/// What could tell clients of the portal's API, and what became of it.
std::string show_capport(const Json& stats, std::size_t width) {
  std::vector<Row> rows;
  const Json& capport = inside(stats, "capport");
  for (const net::CapportCarrierInfo& carrier : net::kCapportCarrierInfo) {
    const std::string name{carrier.name};
    for (const net::CapportOutcomeInfo& outcome : net::kCapportOutcomeInfo) {
      const bool inserted = &outcome == &net::kCapportOutcomeInfo[0];
      const std::uint64_t count = inserted
                                      ? number(inside(capport, "inserted"), name.c_str())
                                      : number(inside(inside(capport, "left_alone"), name.c_str()),
                                               std::string{outcome.name}.c_str());
      if (count != 0)
        rows.push_back({name, std::to_string(count),
                        fmt::format("{}{}", inserted ? "" : "left alone: ", outcome.sentence)});
    }
  }
  return rows.empty() ? std::string{}
                      : "\n" + table({{"CAPPORT"}, {"ANSWERS", true}, {""}}, rows, width);
}

}  // namespace

std::string show_stats(const Json& result, std::size_t width) {
  const Json& sessions = inside(result, "sessions");
  const Json& mbufs = inside(result, "mbufs");
  const std::size_t workers = inside(result, "workers").size();
  std::string text = fmt::format(
      "up {}, {} worker{}, {} huge pages\n"
      "sessions  {} of {} ({} authenticated, {} restricted, {} blocked)\n"
      "mbufs     {} of {} in use\n\n",
      show_duration(number(result, "uptime_s")), workers, workers == 1 ? "" : "s",
      cell(result, "huge_pages") == "yes" ? "with" : "without", cell(sessions, "total"),
      cell(sessions, "capacity"), cell(sessions, "authenticated"), cell(sessions, "restricted"),
      cell(sessions, "blocked"), cell(mbufs, "in_use"), cell(mbufs, "total"));
  std::vector<Row> rows;
  for (const char* name : {"frames_in", "forwarded", "answered", "held", "dropped"})
    rows.push_back({name, cell(result, name), ""});
  const Json& verdicts = inside(result, "verdicts");
  for (const policy::VerdictInfo& info : policy::kVerdicts) {
    const std::string name{info.name};
    const std::uint64_t frames = number(verdicts, name.c_str());
    if (frames != 0)
      rows.push_back({"  " + name, std::to_string(frames), std::string{info.sentence}});
  }
  return text + table({{""}, {"FRAMES", true}, {""}}, rows, width) + show_answers(result, width) +
         show_capport(result, width) + show_zones(result, width);
}

std::string show_ports(const Json& result, std::size_t width) {
  std::vector<Row> rows;
  for (const Json& port : inside(result, "ports")) {
    const std::uint64_t mbps = number(port, "speed_mbps");
    const std::string state = cell(port, "up");
    rows.push_back({cell(port, "link"), cell(port, "role"), cell(port, "name"),
                    state == "yes"  ? "up"
                    : state == "no" ? "down"
                                    : "-",
                    mbps == 0 ? "-" : show_rate(static_cast<double>(mbps) * 1e6), cell(port, "mtu"),
                    cell(port, "rx_packets"), cell(port, "tx_packets"), cell(port, "rx_missed")});
  }
  return table({{"LINK"},
                {"ROLE"},
                {"PORT"},
                {"STATE", false, true},
                {"SPEED", true},
                {"MTU", true},
                {"RX", true},
                {"TX", true},
                {"MISSED", true}},
               rows, width);
}

std::string show_health(const Json& result, bool colour) {
  const std::string status = cell(result, "status");
  std::string text = coloured(harmless(status), status == "ok" ? "32" : "31;1", colour) + "\n";
  for (const Json& problem : inside(result, "problems")) {
    const std::string severity = cell(problem, "severity");
    text += "- " + coloured(harmless(severity), severity == "critical" ? "31;1" : "33", colour);
    text += harmless(fmt::format(" {} since {}: {}; {}", cell(problem, "alarm"),
                                 show_time(number(problem, "since")), cell(problem, "what"),
                                 cell(problem, "cure"))) +
            "\n";
  }
  return text;
}

std::vector<Column> client_columns() {
  return {{"MAC", false, true},   {"VLAN", true}, {"LINK"},
          {"STATE", false, true}, {"ADDRESSES"},  {"SEEN"}};
}

Row client_row(const Json& client) {
  std::string addresses;
  std::uint64_t seen = number(client, "last_seen");
  for (const Json& one : inside(client, "addresses")) {
    addresses += (addresses.empty() ? "" : ", ") +
                 (one.is_string() ? one.get<std::string>() : cell(one, "address"));
    if (one.is_object()) seen = std::max(seen, number(one, "last_seen"));
  }
  return {cell(client, "mac"),
          cell(client, "vlan"),
          cell(client, "link"),
          cell(client, "state"),
          addresses.empty() ? "-" : addresses,
          seen == 0 ? "-" : show_time(seen)};
}

std::string show_explained(const Json& result, std::size_t width) {
  std::string text = harmless(fmt::format("{}: {}, link {}, VLAN {}, zone {}", cell(result, "mac"),
                                          cell(result, "state"), cell(result, "link"),
                                          cell(result, "vlan"), cell(result, "zone"))) +
                     "\n";
  for (const Json& why : inside(result, "why"))
    text += "- " + harmless(why.is_string() ? why.get<std::string>() : why.dump()) + "\n";
  std::vector<Row> rows;
  for (const Json& rule : inside(result, "rules"))
    rows.push_back({cell(rule, "traffic"), cell(rule, "fate"), cell(rule, "sentence")});
  if (!rows.empty())
    text += "\n" + table({{"TRAFFIC"}, {"BECOMES", false, true}, {"BECAUSE"}}, rows, width);
  const Json& request = inside(result, "request");
  if (request.empty()) return text;
  text += "\n" + harmless(fmt::format("the request: {}, as a guest's", cell(request, "sentence"))) +
          "\n";
  for (const Json& why : inside(request, "why"))
    text += "- " + harmless(why.is_string() ? why.get<std::string>() : why.dump()) + "\n";
  return text;
}

namespace {

/// ` name=value`; of a session what tells it from others and what it moved.
void add_member(std::string& text, const std::string& name, const Json& value) {
  if (!value.is_object()) {
    text +=
        fmt::format("  {}={}", name,
                    value.is_string() ? value.get<std::string>()
                                      : value.dump(-1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  for (const char* inner : {"id", "mac", "vlan", "link", "state", "tag", "user"}) {
    const std::string shown = cell(value, inner);
    if (shown != "-") text += fmt::format("  {}={}", inner, shown);
  }
  text +=
      fmt::format("  up={}  down={}", size_cell(value, "bytes_up"), size_cell(value, "bytes_down"));
}

}  // namespace

std::string show_event(const Json& event) {
  const std::uint64_t at = number(event, "time");
  std::string text = fmt::format("{}  {:>8}  {}", at == 0 ? cell(event, "time") : show_time(at),
                                 cell(event, "seq"), cell(event, "type"));
  for (const auto& [name, value] : event.items()) {
    if (name != "time" && name != "seq" && name != "type") add_member(text, name, value);
  }
  return harmless(text) + "\n";
}

}  // namespace gate511::ctl
