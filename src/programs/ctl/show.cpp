// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/show.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "policy/verdict.hpp"

namespace gate511::ctl {
namespace {

using Row = std::vector<std::string>;

/// A value of a result: whatever is not there or of another type is shown as `-`.
std::string cell(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return "-";
  if (found->is_boolean()) return found->get<bool>() ? "yes" : "no";
  if (!found->is_string()) return found->dump();
  const auto& text = found->get_ref<const std::string&>();
  return text.empty() ? "-" : text;
}

std::uint64_t number(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

/// `1h 5m`: the two greatest units.
std::string duration(std::uint64_t seconds) {
  if (seconds >= 86'400) return fmt::format("{}d {}h", seconds / 86'400, seconds % 86'400 / 3'600);
  if (seconds >= 3'600) return fmt::format("{}h {}m", seconds / 3'600, seconds % 3'600 / 60);
  if (seconds >= 60) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  return fmt::format("{}s", seconds);
}

std::string ends_in(const Json& session) {
  const std::uint64_t ttl_s = number(session, "ttl_s");
  return ttl_s == 0 ? "no end" : "in " + duration(ttl_s);
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
}

/// Terminals show UTF-8 by the character, not by the byte.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

/// Frames of a zone, by what becomes of them; of a zone that is monitored, by what would have.
Row zone_row(const Json& zone) {
  const bool is_monitored = cell(zone, "enforce") == "monitor";
  const Json counts = zone.value(is_monitored ? "would_have" : "verdicts", Json::object());
  std::uint64_t forwarded = 0, answered = 0, dropped = 0;
  for (const policy::VerdictInfo& info : policy::kVerdicts) {
    const std::uint64_t frames = number(counts, std::string{info.name}.c_str());
    if (info.fate == policy::Fate::kForwarded) forwarded += frames;
    if (info.fate == policy::Fate::kAnswered) answered += frames;
    if (info.fate == policy::Fate::kDropped) dropped += frames;
  }
  return {cell(zone, "name"),
          cell(zone, "link"),
          cell(zone, "enforce"),
          std::to_string(forwarded),
          std::to_string(answered),
          std::to_string(dropped),
          is_monitored ? "would have been" : ""};
}

/// Nothing where there is the default zone of one link alone.
std::string show_zones(const Json& stats) {
  const Json zones = stats.value("zones", Json::array());
  if (zones.size() < 2) return {};
  std::vector<Row> rows;
  for (const Json& zone : zones) rows.push_back(zone_row(zone));
  return "\n" + table({"ZONE", "LINK", "ENFORCE", "FORWARDED", "ANSWERED", "DROPPED", ""}, rows);
}

}  // namespace

std::string table(const Row& heads, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> right(heads.size(), !rows.empty());
  for (const std::string& head : heads) widths.push_back(width(head));
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width(row[i]));
      if (!is_number(row[i])) right[i] = false;
    }
  }
  std::string text;
  const auto add = [&](const Row& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - width(row[i]), ' ');
      line += (i == 0 ? "" : "  ") + (right[i] ? space + row[i] : row[i] + space);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add(heads);
  for (const Row& row : rows) add(row);
  return text;
}

std::string show_hello(const Json& result) {
  return fmt::format("{} {}, control protocol {}\n", cell(result, "program"),
                     cell(result, "version"), cell(result, "protocol"));
}

std::string show_sessions(const Json& sessions) {
  const bool with_vlan = std::any_of(sessions.begin(), sessions.end(),
                                     [](const Json& one) { return one.contains("vlan"); });
  Row heads{"MAC", "STATE", "ENDS", "TAG", "USER", "BYTES UP", "BYTES DOWN"};
  if (with_vlan) heads.insert(heads.begin() + 1, "VLAN");
  std::vector<Row> rows;
  for (const Json& one : sessions) {
    Row row{cell(one, "mac"),  cell(one, "state"),    ends_in(one),           cell(one, "tag"),
            cell(one, "user"), cell(one, "bytes_up"), cell(one, "bytes_down")};
    if (with_vlan) row.insert(row.begin() + 1, cell(one, "vlan"));
    rows.push_back(std::move(row));
  }
  return table(heads, rows);
}

std::string show_added(const Json& result) {
  const Json& session = result.at("session");
  const bool created = result.value("created", false);
  return fmt::format("{} {}: {}, {}{}\n", created ? "added" : "changed", cell(session, "mac"),
                     cell(session, "state"), number(session, "ttl_s") == 0 ? "" : "ends ",
                     ends_in(session));
}

std::string show_revoked(const Json& result) {
  const std::uint64_t count = number(result, "revoked");
  if (count == 0) return "there was no such session\n";
  return fmt::format("revoked {} session{}\n", count, count == 1 ? "" : "s");
}

std::string show_stats(const Json& result) {
  const Json sessions = result.value("sessions", Json::object());
  const Json mbufs = result.value("mbufs", Json::object());
  std::string text = fmt::format(
      "up {}, {} worker{}, {} huge pages\n"
      "sessions  {} of {} ({} authenticated, {} restricted, {} blocked)\n"
      "mbufs     {} of {} in use\n\n",
      duration(number(result, "uptime_s")), result.value("workers", Json::array()).size(),
      result.value("workers", Json::array()).size() == 1 ? "" : "s",
      result.value("huge_pages", false) ? "with" : "without", cell(sessions, "total"),
      cell(sessions, "capacity"), cell(sessions, "authenticated"), cell(sessions, "restricted"),
      cell(sessions, "blocked"), cell(mbufs, "in_use"), cell(mbufs, "total"));
  std::vector<Row> rows;
  for (const char* name : {"frames_in", "forwarded", "answered", "held", "dropped"})
    rows.push_back({name, cell(result, name), ""});
  const Json verdicts = result.value("verdicts", Json::object());
  for (const policy::VerdictInfo& info : policy::kVerdicts) {
    const std::string name{info.name};
    const std::uint64_t frames = number(verdicts, name.c_str());
    if (frames != 0)
      rows.push_back({"  " + name, std::to_string(frames), std::string{info.sentence}});
  }
  return text + table({"", "FRAMES", ""}, rows) + show_zones(result);
}

std::string show_ports(const Json& result) {
  std::vector<Row> rows;
  for (const Json& port : result.at("ports")) {
    const std::uint64_t speed_mbps = number(port, "speed_mbps");
    rows.push_back({cell(port, "link"), cell(port, "role"), cell(port, "name"),
                    port.value("up", false) ? "up" : "down",
                    speed_mbps == 0 ? "-" : fmt::format("{} Mbit/s", speed_mbps), cell(port, "mtu"),
                    cell(port, "rx_packets"), cell(port, "tx_packets"), cell(port, "rx_missed")});
  }
  return table({"LINK", "ROLE", "PORT", "STATE", "SPEED", "MTU", "RX", "TX", "MISSED"}, rows);
}

std::string show_health(const Json& result) {
  std::string text = cell(result, "status") + "\n";
  for (const Json& problem : result.value("problems", Json::array()))
    text += fmt::format("- {}: {}\n", cell(problem, "what"), cell(problem, "cure"));
  return text;
}

}  // namespace gate511::ctl
