// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portal/store/trail.hpp"
#include "portal/web/text.hpp"
#include "programs/ctl/table.hpp"
#include "programs/ctl/terminal.hpp"
#include "programs/ctl/units.hpp"
#include "programs/portal/command.hpp"

namespace gate511::portal {
namespace {

struct Given {
  std::string mac;
  std::string since;
};

tl::expected<Trail::Search, Error> search_of(const Given& given, UnixTime now) {
  Trail::Search wanted;
  if (!given.mac.empty()) {
    const auto mac = read_mac(given.mac);
    if (!mac) {
      return tl::unexpected{Error{"--mac", fmt::format("\"{}\" is no MAC", for_log(given.mac)),
                                  "write it like 02:00:5e:00:53:01"}};
    }
    wanted.mac = *mac;
  }
  if (given.since.empty()) return wanted;
  if (const auto within = ctl::parse_duration(given.since)) {
    wanted.since = now - std::min(*within, now);
  } else if (const auto point = ctl::parse_time(given.since)) {
    wanted.since = *point;
  } else {
    return tl::unexpected{Error{"--since", fmt::format("\"{}\" is no time", for_log(given.since)),
                                "write it like 2h, 7d, 2026-12-24 or 2026-12-24T18:00Z"}};
  }
  return wanted;
}

int show(const Command& command, const Given& given) {
  const auto wanted = search_of(given, now_s());
  if (!wanted) return fail(wanted.error(), Exit::kUsage);
  return command.with_file([&](const Config&, PortalFile& file) {
    ctl::Table table{{{"TIME", false, true}, {"MAC", false, true}, {"METHOD"}, {"WHO"}},
                     ctl::output_width()};
    std::vector<ctl::Row> rows;
    bool goes_on = true;
    const auto flush = [&] {
      goes_on = print(table.part(rows));
      rows.clear();
    };
    Trail{file}.find(*wanted, [&](const Login& login) {
      if (command.json) {
        const nlohmann::ordered_json line{
            {"at", login.at}, {"mac", login.mac}, {"method", login.method}, {"who", login.who}};
        return goes_on = print(line.dump() + "\n");
      }
      rows.push_back(
          {ctl::show_time(login.at), login.mac, login.method, login.who.empty() ? "-" : login.who});
      if (rows.size() == 100) flush();
      return goes_on;
    });
    if (!command.json && goes_on) flush();
    return static_cast<int>(goes_on ? Exit::kOk : Exit::kFailed);
  });
}

}  // namespace

void add_trail_verb(CLI::App& app, Command& command) {
  const auto given = std::make_shared<Given>();
  CLI::App* const verb = add_verb(command, &app, "trail", "show who logged in, the latest first",
                                  [&command, given] { return show(command, *given); });
  verb->add_option("-m,--mac", given->mac, "only this device's");
  verb->add_option("-s,--since", given->since,
                   "only those within a time such as 2h, or since a point such as 2026-12-24");
}

}  // namespace gate511::portal
