// SPDX-License-Identifier: BSD-3-Clause
//
// What is compiled once for all unit tests: speed alone; each file includes what it needs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
