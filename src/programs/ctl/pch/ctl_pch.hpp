// SPDX-License-Identifier: BSD-3-Clause
//
// What is compiled once for all verbs: speed alone; each file includes what it needs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
