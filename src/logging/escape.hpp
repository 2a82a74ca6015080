// SPDX-License-Identifier: BSD-3-Clause
//
// Text that anyone may have chosen, as a part of one printable line.
#pragma once

#include <string>
#include <string_view>

namespace gate511::logging {

/// Control characters, line and paragraph separators, what turns the direction of writing or is not
/// seen, and what is no UTF-8 as `\n`, `\x1b`, `\u202e`; a backslash stays as it is.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace gate511::logging
