// SPDX-License-Identifier: BSD-3-Clause
//
// The garden's hosts as one worker asks for them: names in hash sets, and expressions.
#pragma once

#include <string_view>

#include "http/host_set.hpp"
#include "http/patterns.hpp"

namespace gate511::policy {

/// A view: what it points to outlives it. Null: none.
struct GardenHosts {
  const http::HostSet* names = nullptr;              ///< of the configuration
  const http::HostSet* opened = nullptr;             ///< at run time
  const http::Patterns* patterns = nullptr;          ///< of the configuration
  const http::Patterns::Scratch* scratch = nullptr;  ///< the asking worker's, for `patterns`

  [[nodiscard]] bool empty() const noexcept {
    return names == nullptr && patterns == nullptr && (opened == nullptr || opened->empty());
  }
  /// `name`: any bytes, any case, a trailing dot or none.
  [[nodiscard]] bool contain(std::string_view name) const noexcept {
    if (names != nullptr && names->contains(name)) return true;
    if (opened != nullptr && opened->contains(name)) return true;
    if (patterns == nullptr || scratch == nullptr) return false;
    if (name.ends_with('.')) name.remove_suffix(1);
    return patterns->match(name, *scratch).has_value();
  }
};

}  // namespace gate511::policy
