// SPDX-License-Identifier: BSD-3-Clause
//
// A database that holds who is who: its owner's alone.
#pragma once

#include <string>

namespace gate511::sql {

/// Before it is opened: makes the file of mode 0600 where there is none, and takes what rights
/// others have to one that is there, as after a restore from a backup, and to its write-ahead log.
/// Throws std::runtime_error where that cannot be done. What else is wrong with it, SQLite tells.
void make_private(const std::string& path);

}  // namespace gate511::sql
