// SPDX-License-Identifier: BSD-3-Clause
//
// Names of the garden's hosts as people write them: in any script and any case. Non-ASCII names
// become their A-labels (IDNA2008, RFC 5891), by libidn2.
#pragma once

#include <tl/expected.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "gate511/error.hpp"

namespace gate511::control {

/// What is wrong with a name, and what would be right.
struct BadHost {
  std::string what;
  std::string hint;
};

/// `/.../`: an expression, which is no name.
[[nodiscard]] inline bool is_pattern(std::string_view text) {
  return text.size() > 2 && text.front() == '/' && text.back() == '/';
}

/// `a.example` or `*.a.example`, in lower case and ASCII.
[[nodiscard]] tl::expected<std::string, BadHost> parse_host(std::string_view text);

/// A name a line; `#` begins a comment. The first error stands at `SOURCE:LINE`.
[[nodiscard]] tl::expected<std::vector<std::string>, Error> parse_host_list(
    std::string_view text, std::string_view source);

/// The same of a file of at most 16 MiB.
[[nodiscard]] tl::expected<std::vector<std::string>, Error> read_host_list(const std::string& path);

}  // namespace gate511::control
