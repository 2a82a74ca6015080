// SPDX-License-Identifier: BSD-3-Clause
//
// Any text as configuration: either values within their ranges or an error that says all three
// things.
#include "control/config.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using gate511::control::parse_config;
  const auto config = parse_config({reinterpret_cast<const char*>(data), size}, "fuzz.toml");
  if (!config) {
    const auto& error = config.error();
    if (error.where.empty() || error.what.empty() || error.hint.empty()) std::abort();
    return 0;
  }
  if (config->links.empty() || config->dpdk.lcore_ids.size() < 2) std::abort();
  if (config->response.http_ports.empty() || config->portal.host.empty()) std::abort();
  static_cast<void>(warnings(*config));
  return 0;
}
