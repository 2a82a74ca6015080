// SPDX-License-Identifier: BSD-3-Clause
//
// What the rules say to a guest, for people: packets such as a guest sends are put before the same
// judge that the workers ask, so that what is told cannot differ from what is done.
#pragma once

#include <string>
#include <vector>

#include "policy/guest_rules.hpp"

namespace gate511::policy {

struct RuleProbe {
  std::string traffic;  ///< `DNS to 192.0.2.53`
  Verdict verdict;      ///< what becomes of it; its sentence stands in kVerdicts
};

/// In the order of the rules. Control thread: allocates.
[[nodiscard]] std::vector<RuleProbe> probe_rules(const RuleContext& context);

}  // namespace gate511::policy
