// SPDX-License-Identifier: BSD-3-Clause
#include "portal/log.hpp"

#include "logging/log.hpp"

namespace gate511::portal {

void Log::say(std::string_view kind, const std::string& text) {
  logging::say(logging::Level::kWarning, kind, std::string{kind} + ": " + text);
}

}  // namespace gate511::portal
