// SPDX-License-Identifier: BSD-3-Clause
//
// A listening UNIX socket at a path, which may hold the socket of a gate511 that is no more.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <string>

#include "control/fd.hpp"
#include "gate511/error.hpp"

namespace gate511::control {

struct Listener {
  Fd socket;
  std::uint64_t inode = 0;
};

/// `group` empty: left alone. Makes the folder of `path` if it is missing.
[[nodiscard]] tl::expected<Listener, Error> open_listener(const std::string& path, unsigned mode,
                                                          const std::string& group);

/// Removes the socket at `path` if it still is the one with this inode.
void remove_socket(const std::string& path, std::uint64_t inode) noexcept;

}  // namespace gate511::control
