// SPDX-License-Identifier: BSD-3-Clause
//
// Virtual devices, such as ports on kernel interfaces (`--vdev` among EAL's arguments).
#pragma once

#include <tl/expected.hpp>

#include <string>
#include <vector>

#include "gate511/error.hpp"

namespace gate511::dataplane {

struct Vdev {
  std::string name;
  std::string arguments;
};

/// Takes the virtual devices out of `args`; what is left goes to `rest`.
[[nodiscard]] tl::expected<std::vector<Vdev>, Error> take_vdevs(
    const std::vector<std::string>& args, std::vector<std::string>& rest);

/// Creates one. EAL has started.
[[nodiscard]] tl::expected<void, Error> create_vdev(const Vdev& vdev, bool quiet);

}  // namespace gate511::dataplane
