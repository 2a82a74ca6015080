// SPDX-License-Identifier: BSD-3-Clause
//
// What was measured, as lines for people while it runs, or as one JSON document at the end.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

#include "programs/bench/measure.hpp"
#include "table/isa.hpp"

namespace gate511::bench {

using Json = nlohmann::ordered_json;

class Report {
 public:
  explicit Report(bool json) : json_{json} {}

  /// What the figures hold for.
  void machine(bool huge_pages, table::Isa isa);
  /// Above the lines of one bench.
  void heading(std::string_view text) const;
  /// One result: its members for JSON, and the line that says the same.
  void add(Json result, std::string_view line);
  void end() const;

 private:
  bool json_;
  Json machine_;
  Json results_ = Json::array();
};

/// `27.3`, or `27.3 noisy` where it may not be relied on.
[[nodiscard]] std::string show(const Figure& figure);
/// To a tenth, as JSON has it.
[[nodiscard]] double rounded(double value);
/// `1 M`, `10 k`.
[[nodiscard]] std::string show_count(std::uint64_t count);

}  // namespace gate511::bench
