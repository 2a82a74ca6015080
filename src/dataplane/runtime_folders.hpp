// SPDX-License-Identifier: BSD-3-Clause
//
// What EAL leaves behind: a folder of each process in its runtime folder (/run/dpdk), with up to
// 7 MB of memory in it. A process that has given root up cannot remove its own.
#pragma once

#include <filesystem>
#include <string_view>

namespace gate511::dataplane {

/// Removes from `parent` the folders `PREFIX` + process ID of processes that are no more. One whose
/// configuration somebody has locked, as EAL's processes have theirs, is left alone, and so is what
/// cannot be removed.
void remove_runtime_folders_of_ended(const std::filesystem::path& parent, std::string_view prefix);

}  // namespace gate511::dataplane
