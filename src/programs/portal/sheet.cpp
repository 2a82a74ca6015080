// SPDX-License-Identifier: BSD-3-Clause
#include "programs/portal/sheet.hpp"

#include <fmt/format.h>

#include "portal/web/text.hpp"
#include "programs/ctl/units.hpp"

namespace gate511::portal {

std::string Sheet::head() const {
  return fmt::format(R"(<!doctype html>
<html lang="{0}">
<meta charset="utf-8">
<title>{1}</title>
<style>
  body {{ font: 11pt system-ui, sans-serif; margin: 0; }}
  main {{ display: grid; grid-template-columns: repeat(3, 1fr); }}
  div {{ border: 1px dashed #999; padding: 5mm; break-inside: avoid; }}
  p {{ margin: 0 0 1mm; }}
  b {{ font: bold 17pt monospace; letter-spacing: .06em; }}
  @page {{ margin: 10mm; }}
</style>
<main>
)",
                     code_of(config_.language), escape_html(config_.network_name));
}

std::string Sheet::card(const Voucher& voucher) const {
  const Plan* const plan = config_.plan(voucher.plan);
  std::string lasts = plan == nullptr || plan->ttl_s == 0
                          ? voucher.plan
                          : fmt::format("{}: {}", voucher.plan, ctl::show_duration(plan->ttl_s));
  if (voucher.devices > 1) lasts += fmt::format(", {} devices", voucher.devices);
  const std::string until =
      voucher.expires_at == 0 ? ""
                              : fmt::format("<p>until {}</p>", ctl::show_time(voucher.expires_at));
  return fmt::format("<div><p>{}</p><p><b>{}</b></p><p>{}</p>{}</div>\n",
                     escape_html(config_.network_name), escape_html(voucher.code),
                     escape_html(lasts), until);
}

std::string Sheet::end() {
  return "</main>\n</html>\n";
}

}  // namespace gate511::portal
