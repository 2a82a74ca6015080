// SPDX-License-Identifier: BSD-3-Clause
//
// Files of the operator's that dress the portal.
#pragma once

#include <tl/expected.hpp>

#include <string>

#include "gate511/error.hpp"
#include "portal/config.hpp"

namespace gate511::portal {

struct Brand {
  static constexpr std::size_t kMaxFile = 1 << 20;  ///< bytes

  std::string style;      ///< CSS; empty: none
  std::string logo;       ///< an image; empty: none
  std::string logo_type;  ///< such as `image/png`
  std::string terms;      ///< HTML; empty: the built-in sentence
};

/// Reads what the configuration names.
[[nodiscard]] tl::expected<Brand, Error> load_brand(const Config& config);

/// `image/png` and the like, by its first bytes; empty: none that browsers show.
[[nodiscard]] std::string image_type(std::string_view bytes);

}  // namespace gate511::portal
