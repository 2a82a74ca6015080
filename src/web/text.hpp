// SPDX-License-Identifier: BSD-3-Clause
//
// Small works on a request's fields.
#pragma once

#include <string_view>

namespace gate511::web {

/// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
/// Of ASCII letters.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace gate511::web
