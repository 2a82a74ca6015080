// SPDX-License-Identifier: BSD-3-Clause
//
// The texts of the answers: fields, pages, problem+json, HTTP/2's frames. At load, off the packet
// path. What an answer holds is said in docs/architecture.md; each fills its class exactly.
#pragma once

#include <tl/expected.hpp>

#include "gate511/error.hpp"
#include "http/answers.hpp"
#include "http/template.hpp"

namespace gate511::http {

/// What is wrong with a portal's URL, at `portal.url`.
[[nodiscard]] tl::expected<void, Error> check_portal_url(std::string_view url);

/// Each is a template for `size`, which is not kTiny. Errors name a key in `response` and say by
/// how many bytes, in which language, it is over.
[[nodiscard]] tl::expected<Template, Error> render_page(SizeClass size, Language language,
                                                        const AnswerTexts& texts);
[[nodiscard]] tl::expected<Template, Error> render_problem(SizeClass size, Language language,
                                                           const AnswerTexts& texts);
[[nodiscard]] tl::expected<Template, Error> render_h2(SizeClass size, const AnswerTexts& texts);

/// These fit always.
[[nodiscard]] Template render_tiny();
[[nodiscard]] Template render_page_head(SizeClass size);
[[nodiscard]] Template render_problem_head(SizeClass size);
[[nodiscard]] Template render_redirect(SizeClass size, const AnswerTexts& texts);
[[nodiscard]] Template render_redirect_head(SizeClass size, const AnswerTexts& texts);
[[nodiscard]] Template render_h2_head(SizeClass size);  ///< kTiny too, with or without body
[[nodiscard]] Template render_h2_preface(SizeClass size);

}  // namespace gate511::http
