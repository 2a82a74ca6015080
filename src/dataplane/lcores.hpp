// SPDX-License-Identifier: BSD-3-Clause
//
// Reads EAL's notation of lcores ahead of EAL, which ends the process where it cannot pin a thread.
#pragma once

#include <tl/expected.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "gate511/error.hpp"

namespace gate511::dataplane {

struct Lcores {
  std::vector<unsigned> ids;   ///< in the order given; the first is the control thread's
  std::vector<unsigned> cpus;  ///< that they run on
};

/// Parses `0-3`, `2,0-1`, `0@4,(1,2)@(6-7)`.
[[nodiscard]] tl::expected<Lcores, Error> parse_lcores(std::string_view text);

/// An error unless this process may run on each CPU and there is an lcore for a worker.
[[nodiscard]] tl::expected<void, Error> check_lcores(const Lcores& lcores);

}  // namespace gate511::dataplane
