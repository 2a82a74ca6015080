// SPDX-License-Identifier: BSD-3-Clause
#include "settings/log_section.hpp"

#include <cstddef>

namespace gate511::settings {

void read_log(Section& root, logging::Options& out) {
  using logging::kFormatNames;
  using logging::kLevelNames;
  Section section = root.sub("log", {"format", "level"});
  auto format = static_cast<std::size_t>(out.format);
  section.choice("format", {kFormatNames[0], kFormatNames[1], kFormatNames[2], kFormatNames[3]},
                 format);
  out.format = static_cast<logging::Format>(format);
  auto level = static_cast<std::size_t>(out.level);
  section.choice("level", {kLevelNames[0], kLevelNames[1], kLevelNames[2]}, level);
  out.level = static_cast<logging::Level>(level);
}

}  // namespace gate511::settings
