// SPDX-License-Identifier: BSD-3-Clause
//
// forget and export: what the portal keeps of one device.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "portal/store/subject.hpp"
#include "portal/web/text.hpp"
#include "programs/portal/command.hpp"

namespace gate511::portal {
namespace {

int bad_mac(const std::string& given) {
  return fail(
      {"MAC", fmt::format("\"{}\" is no MAC", for_log(given)), "write it like 02:00:5e:00:53:01"},
      Exit::kUsage);
}

int forget(const Command& command, const std::string& given) {
  const auto mac = read_mac(given);
  if (!mac) return bad_mac(given);
  return command.with_file([&](const Config&, PortalFile& file) {
    const Forgotten gone = forget_subject(file, *mac);
    const nlohmann::ordered_json line{
        {"logins", gone.logins}, {"vouchers", gone.vouchers}, {"links", gone.links}};
    const bool is_printed = print(
        command.json ? line.dump() + "\n"
                     : fmt::format("forgotten: {} logins, {} vouchers' devices, {} spent "
                                   "links; `gate511ctl forget {}` has the gateway forget it\n",
                                   gone.logins, gone.vouchers, gone.links, *mac));
    return static_cast<int>(is_printed ? Exit::kOk : Exit::kFailed);
  });
}

int tell(const Command& command, const std::string& given) {
  const auto mac = read_mac(given);
  if (!mac) return bad_mac(given);
  return command.with_file([&](const Config& config, PortalFile& file) {
    const bool is_printed = print(subject_json(file, config.database, *mac).dump(2) + "\n");
    return static_cast<int>(is_printed ? Exit::kOk : Exit::kFailed);
  });
}

}  // namespace

void add_subject_verbs(CLI::App& app, Command& command) {
  const auto mac = std::make_shared<std::string>();
  CLI::App* const forgetting =
      add_verb(command, &app, "forget", "take away all that the portal keeps of a device",
               [&command, mac] { return forget(command, *mac); });
  CLI::App* const exporting =
      add_verb(command, &app, "export", "tell all that the portal keeps of a device, as JSON",
               [&command, mac] { return tell(command, *mac); });
  forgetting->add_option("MAC", *mac, "the device's")->required();
  exporting->add_option("--subject", *mac, "the device's MAC")->required();
}

}  // namespace gate511::portal
