// SPDX-License-Identifier: BSD-3-Clause
//
// Small works on text from the network. Nothing here reads past its input or throws but bad_alloc.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "web/text.hpp"

namespace gate511::portal {

inline constexpr const char* kHtml = "text/html; charset=utf-8";

using web::equals_ignoring_case;
using web::trimmed;

/// Of ASCII letters.
[[nodiscard]] std::string lower_case(std::string_view text);
/// What an exception says of itself; `unknown` where it has no text.
[[nodiscard]] std::string what_of(const std::exception_ptr& thrown);
/// For text and for attribute values in quotes.
[[nodiscard]] std::string escape_html(std::string_view text);
/// Well-formed UTF-8 (RFC 3629) without control characters.
[[nodiscard]] bool is_plain_text(std::string_view text) noexcept;
/// For a log line: control characters and what is not ASCII become `?`, and it has `max` bytes.
[[nodiscard]] std::string for_log(std::string_view text, std::size_t max = 96);

/// `%41` and, where `plus_is_space`, `+`. nothing: an escape is broken.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

/// RFC 4648, 5, without padding.
[[nodiscard]] std::string base64url(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

/// `a`, `a=b`: a parameter of a query as it stands there; nothing where it is missing or twice
/// there.
[[nodiscard]] std::optional<std::string_view> raw_parameter(std::string_view query,
                                                            std::string_view name) noexcept;
/// Behind the first `?`.
[[nodiscard]] std::string_view query_of(std::string_view target) noexcept;

/// A cookie's value in a field `Cookie`; empty where it is missing, twice there, or longer than
/// 1,024 bytes.
[[nodiscard]] std::string_view cookie(std::string_view field, std::string_view name) noexcept;

}  // namespace gate511::portal
