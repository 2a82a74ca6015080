// SPDX-License-Identifier: BSD-3-Clause
#include "portal/store/plans.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

constexpr const char* kCounts =
    "SELECT plan, sum(vouchers), sum(users) FROM ("
    " SELECT plan, 1 AS vouchers, 0 AS users FROM voucher WHERE revoked = 0"
    "  AND iif(first_used > 0, ends_at = 0 OR ends_at > ?1, expires_at = 0 OR expires_at > ?1)"
    " UNION ALL SELECT plan, 0, 1 FROM user) GROUP BY plan ORDER BY plan";

std::string counted(std::uint64_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

std::vector<Error> missing_plans(PortalFile& file, const Config& config, UnixTime now) {
  std::vector<Error> found;
  const PortalFile::Work work{file};
  auto row = work.prepare(kCounts);
  row.bind(1, now);
  while (row.step()) {
    const std::string name{row.bytes(0)};
    if (config.plan(name) != nullptr) continue;
    found.push_back(
        {config.source,
         fmt::format("{} and {} are of plan \"{}\", which there is none of: they cannot log in",
                     counted(row.number(1), "voucher"), counted(row.number(2), "user"),
                     for_log(name)),
         fmt::format("add [[plan]] name = \"{}\" again", for_log(name))});
  }
  return found;
}

}  // namespace gate511::portal
