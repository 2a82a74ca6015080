// SPDX-License-Identifier: BSD-3-Clause
//
// Whether the cards, their NUMA nodes and the chosen CPUs go together: what costs speed and is no
// error. Read from sysfs, before DPDK takes anything.
#pragma once

#include <filesystem>
#include <vector>

#include "dataplane/options.hpp"
#include "gate511/error.hpp"

namespace gate511 {

struct Placement {
  std::vector<dataplane::LinkOptions> links;
  std::vector<unsigned> cpus;  ///< that lcores run on; the first is control's, the others workers'
};

/// What an operator should know, each a line. Ports that are no PCI addresses have nothing to say.
[[nodiscard]] std::vector<Error> placement_warnings(const Placement& placement,
                                                    const std::filesystem::path& sysfs = "/sys");

}  // namespace gate511
