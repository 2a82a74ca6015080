// SPDX-License-Identifier: BSD-3-Clause
//
// What a client would rather have: of Accept and Accept-Language (RFC 9110, 12.5), hostile as all
// of a request. What is not well formed counts for nothing.
#pragma once

#include <string_view>

#include "http/language.hpp"

namespace gate511::http {

/// True where JSON (`application/json` or `application/problem+json`, named as such) is preferred
/// to HTML: it weighs more, or as much as what only a wildcard says of HTML.
[[nodiscard]] bool prefers_json(std::string_view accept) noexcept;

/// The language that weighs most, of those the page speaks; the first at the same weight;
/// `otherwise` where none does. `pt-BR` is Portuguese.
[[nodiscard]] Language preferred_language(std::string_view accept_language,
                                          Language otherwise) noexcept;

}  // namespace gate511::http
