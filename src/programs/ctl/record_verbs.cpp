// SPDX-License-Identifier: BSD-3-Clause
//
// records: who had which address when.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <optional>

#include "programs/ctl/command.hpp"
#include "programs/ctl/given.hpp"
#include "programs/ctl/show.hpp"
#include "programs/ctl/terminal.hpp"
#include "programs/ctl/units.hpp"

namespace gate511::ctl {
namespace {

struct Given {
  std::optional<std::string> ip, mac, user, at, since, until;
  std::optional<std::uint64_t> session;
};

tl::expected<Json, Failure> params_of(const Given& given) {
  Json params = Json::object();
  put(params, "ip", given.ip);
  put(params, "mac", given.mac);
  put(params, "user", given.user);
  put(params, "session", given.session);
  std::optional<Failure> wrong;
  put_time(params, "at", "--at", given.at, wrong);
  put_time(params, "since", "--since", given.since, wrong);
  put_time(params, "until", "--until", given.until, wrong);
  if (wrong) return tl::unexpected{std::move(*wrong)};
  return params;
}

std::string time_cell(const Json& object, const char* name, const char* none) {
  const std::uint64_t at = number(object, name);
  return at == 0 ? none : show_time(at);
}

/// A row an address, or one for a span without any.
std::vector<Row> rows_of(const Json& record) {
  const Row head{time_cell(record, "started", "-"), time_cell(record, "ended", "goes on"),
                 cell(record, "reason"), cell(record, "mac"), cell(record, "user")};
  std::vector<Row> rows;
  for (const Json& address : inside(record, "addresses")) {
    Row row = head;
    const bool is_guess = address.contains("was_seen") && !address.value("was_seen", true);
    row.insert(row.end(), {cell(address, "address"), cell(address, "vlan"), cell(address, "link"),
                           cell(address, "source"), time_cell(address, "first_seen", "-"),
                           time_cell(address, "last_seen", "-") +
                               (is_guess ? " (not seen at the time)" : "")});
    rows.push_back(std::move(row));
  }
  if (rows.empty()) {
    rows.push_back(head);
    rows.back().resize(11, "-");
  }
  return rows;
}

std::string remark_line(const Json& remark) {
  const std::string kind = cell(remark, "kind");
  const std::string span = fmt::format("from {} to {}", time_cell(remark, "since", "-"),
                                       time_cell(remark, "until", "-"));
  if (kind == "lost")
    return fmt::format("note: {} {} notes were lost\n", span, number(remark, "count"));
  if (kind == "clock") return fmt::format("note: the clock was set {}\n", span);
  if (kind == "left_out") {
    return fmt::format("note: session {}, {}, had {} more addresses than are kept\n",
                       number(remark, "session"), span, number(remark, "count"));
  }
  return fmt::format("note: no records were kept {}\n", span);
}

/// What is left out of an answer, and when records may be incomplete, is said behind them.
int find(const Command& command, const Given& given) {
  const auto params = params_of(given);
  if (!params) return fail(params.error());
  auto client = command.connect();
  if (!client) return fail(client.error());
  Table table{{{"STARTED", false, true},
               {"ENDED", false, true},
               {"REASON"},
               {"MAC", false, true},
               {"USER"},
               {"ADDRESS", false, true},
               {"VLAN", true},
               {"LINK"},
               {"SOURCE"},
               {"FIRST SEEN", false, true},
               {"LAST SEEN", false, true}},
              output_width()};
  Json all{{"records", Json::array()}};
  std::string notes;
  bool is_first = true;
  const auto done = command.each_page(*client, "records.find", *params, [&](const Json& page) {
    std::vector<Row> rows;
    for (const Json& record : inside(page, "records")) {
      if (command.json) all["records"].push_back(record);
      for (Row& row : rows_of(record)) rows.push_back(std::move(row));
      const std::uint64_t more = number(record, "more_addresses") + number(record, "left_out");
      if (more != 0) {
        notes += fmt::format("note: session {} had {} more\n", number(record, "session"), more);
      }
    }
    if (is_first && page.contains("remarks")) {
      all["remarks"] = page["remarks"];
      for (const Json& remark : inside(page, "remarks")) notes += remark_line(remark);
    }
    is_first = false;
    return command.json || print(table.part(rows));
  });
  if (!done) return fail(done.error());
  print(command.json ? json_text(all) + "\n" : notes);
  return static_cast<int>(Exit::kOk);
}

}  // namespace

void add_record_verbs(CLI::App& app, Command& command) {
  const auto given = std::make_shared<Given>();
  CLI::App* const finding =
      add_verb(command, &app, "records", "say who had which address when; for root alone",
               [&command, given] { return find(command, *given); });
  finding->add_option("--ip", given->ip, "an address that it had");
  finding->add_option("--mac", given->mac, "the client's MAC address");
  finding->add_option("--user", given->user, "who it was");
  finding->add_option("--session", given->session, "number of the session");
  finding->add_option("--at", given->at, "at that time: 2026-12-24T18:00Z, or unix time");
  finding->add_option("--since", given->since, "from that time on");
  finding->add_option("--until", given->until, "up to that time");
}

}  // namespace gate511::ctl
