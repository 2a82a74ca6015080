// SPDX-License-Identifier: BSD-3-Clause
#include "programs/number_commands.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "control/numbers/metrics.hpp"
#include "dataplane/telemetry.hpp"
#include "logging/log.hpp"

namespace gate511 {
namespace {

using control::numbers::Definition;
using control::numbers::Point;
using control::numbers::Snapshot;
using dataplane::TelemetryAnswer;

// A value of 20 digits, and quotes and commas of a row.
constexpr std::size_t kRowBytes = 24;
constexpr std::size_t kHeadBytes = 1'024;

void list_metrics(TelemetryAnswer& answer) {
  std::vector<std::string> names, types;
  for (const Definition& definition : control::numbers::definitions()) {
    names.emplace_back(definition.name);
    types.emplace_back(name_of(definition.kind));
  }
  answer.add("name", names);
  answer.add("type", types);
}

std::vector<Point> points_of(const Definition& definition, const Snapshot& snapshot) {
  control::numbers::Samples samples;
  definition.collect(snapshot, samples);
  std::vector<Point> all;
  for (const control::numbers::Sample& sample : samples) {
    for (Point& point : points(definition, sample)) all.push_back(std::move(point));
  }
  return all;
}

/// As JSON, where each backslash and quote is doubled.
std::size_t bytes_of(const Point& point) {
  std::size_t bytes = kRowBytes;
  for (const auto& [name, value] : point.labels)
    bytes += 2 * TelemetryAnswer::shown(value).size() + 4;
  return bytes;
}

/// So many of `points` from the first on fit into an answer.
std::size_t that_fit(const std::vector<Point>& points, std::size_t first) {
  std::size_t bytes = kHeadBytes, count = 0;
  while (first + count < points.size() && count < TelemetryAnswer::kMaxRows) {
    bytes += bytes_of(points[first + count]);
    if (bytes > TelemetryAnswer::kMaxBytes) break;
    ++count;
  }
  return count;
}

/// The name of a row, where a metric has several: a histogram's.
std::string series_of(const Point& point) {
  return std::string{point.suffix.empty() ? point.suffix : point.suffix.substr(1)};
}

void show_rows(const Definition& definition, const std::vector<Point>& rows,
               TelemetryAnswer& answer) {
  const bool is_histogram = definition.kind == control::numbers::Kind::kHistogram;
  const auto column = [&rows](auto value_of) {
    std::vector<decltype(value_of(rows.front()))> values;
    std::transform(rows.begin(), rows.end(), std::back_inserter(values), value_of);
    return values;
  };
  const auto label = [&column](std::size_t at) {
    return column([at](const Point& point) {
      return at < point.labels.size() ? point.labels[at].second : std::string{};
    });
  };
  for (std::size_t i = 0; i < definition.labels.size(); ++i)
    answer.add(std::string{definition.labels[i]}, label(i));
  if (is_histogram) {
    answer.add("series", column(series_of));
    answer.add("le", label(definition.labels.size()));
  }
  answer.add("value", column([](const Point& point) { return point.value; }));
  answer.add("divide_by", column([](const Point& point) { return point.scale; }));
}

void show_metric(control::numbers::Board& board, std::string_view parameters,
                 TelemetryAnswer& answer) {
  const std::size_t comma = std::min(parameters.find(','), parameters.size());
  const std::string_view name = parameters.substr(0, comma);
  const std::string_view wanted = parameters.substr(std::min(comma + 1, parameters.size()));
  std::size_t first = 0;
  const auto read = std::from_chars(wanted.data(), wanted.data() + wanted.size(), first);
  const auto all = control::numbers::definitions();
  const auto definition = std::ranges::find(all, name, &Definition::name);
  if (definition == all.end() ||
      (!wanted.empty() && (read.ec != std::errc{} || read.ptr != wanted.data() + wanted.size())))
    return answer.add("error",
                      "give the name of a metric, and the row to begin with: "
                      "/gate511/metric,NAME,FIRST; /gate511/metrics has the names");
  const auto snapshot = board.latest();
  if (!snapshot) return answer.add("error", "the gateway has not started yet");
  const std::vector<Point> points = points_of(*definition, *snapshot);
  first = std::min(first, points.size());
  const std::size_t count = that_fit(points, first);
  const auto from = points.begin() + static_cast<std::ptrdiff_t>(first);
  answer.add("snapshot", snapshot->number);
  answer.add("type", name_of(definition->kind));
  answer.add("first", first);
  answer.add("rows", points.size());
  if (count > 0) show_rows(*definition, {from, from + static_cast<std::ptrdiff_t>(count)}, answer);
}

}  // namespace

NumberCommands::NumberCommands(control::numbers::Board& board) {
  const bool listed = dataplane::add_telemetry(
      "/gate511/metrics", "Names and types of the gateway's numbers. No parameters.",
      [](std::string_view /*parameters*/, TelemetryAnswer& answer) { list_metrics(answer); });
  const bool shown = dataplane::add_telemetry(
      "/gate511/metric",
      "One of them, in columns. Parameters: its name, and the row to begin with.",
      [&board](std::string_view parameters, TelemetryAnswer& answer) {
        show_metric(board, parameters, answer);
      });
  if (listed && shown) return;
  logging::say(logging::Level::kWarning, "telemetry",
               "telemetry: DPDK does not take the gateway's commands; their numbers are in "
               "`stats.get`");
}

NumberCommands::~NumberCommands() {
  dataplane::clear_telemetry();
}

}  // namespace gate511
