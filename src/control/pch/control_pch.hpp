// SPDX-License-Identifier: BSD-3-Clause
//
// What is compiled once for all of the control plane: speed alone; each file includes what it
// needs.
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>
