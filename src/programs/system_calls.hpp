// SPDX-License-Identifier: BSD-3-Clause
//
// What the daemon may ask of the kernel once it runs: less than its start took.
#pragma once

#include <tl/expected.hpp>

#include <span>
#include <string>

#include "gate511/error.hpp"

namespace gate511 {

/// Whether it does anything: not in a build with a sanitizer, whose reports start processes.
[[nodiscard]] bool narrows_system_calls();

/// From here on, and for good, no thread of the process starts a program or a process, changes who
/// it is, traces another, mounts, loads code into the kernel, or uses what a gateway has no use for
/// and attackers have: such calls fail with EPERM. `drivers`: of the ports; AF_XDP's keep bpf(2).
/// Needs no_new_privs in all threads. Errors: the kernel has no seccomp filters, or threads have
/// their own.
[[nodiscard]] tl::expected<void, Error> narrow_system_calls(std::span<const std::string> drivers);

}  // namespace gate511
