// SPDX-License-Identifier: BSD-3-Clause
//
// Files that a configuration is, or names.
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <string>

#include "gate511/error.hpp"
#include "settings/reader.hpp"

namespace gate511::settings {

/// The whole configuration file, which is at most 16 MiB long. Errors name it.
[[nodiscard]] tl::expected<std::string, Error> read_config_file(const std::string& path);

/// The bytes of a secret: a regular file of `min` to 4,096 bytes that is not open to every user.
/// The problem begins with what is wrong, such as "is no regular file", to stand behind the key and
/// path. `hint`: what to do where there is no such secret; empty: to make one of random bytes.
[[nodiscard]] tl::expected<std::string, Problem> read_secret(const std::string& path,
                                                             std::size_t min,
                                                             const std::string& hint = {});

}  // namespace gate511::settings
