// SPDX-License-Identifier: BSD-3-Clause
//
// A listing of any length, printed page by page: memory stays that of a page.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "programs/ctl/command.hpp"
#include "programs/ctl/table.hpp"

namespace gate511::ctl {

struct Listing {
  std::string method;  ///< `session.list`
  Json params;
  const char* member;  ///< of the result, an array: `sessions`
  /// Of the first element, or of an empty object where there is none.
  std::function<std::vector<Column>(const Json& first)> columns;
  std::function<Row(const Json& element)> row;
};

/// As a table, or with `-j` as one object of the shape of a single page.
int list(const Command& command, const Listing& listing);

}  // namespace gate511::ctl
