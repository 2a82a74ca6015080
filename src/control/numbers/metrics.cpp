// SPDX-License-Identifier: BSD-3-Clause
#include "control/numbers/metrics.hpp"

#include <fmt/format.h>

#include <utility>

namespace gate511::control::numbers {
namespace {

std::vector<Definition> all() {
  std::vector<Definition> list;
  for (auto* const part :
       {program_metrics, frame_metrics, worker_metrics, session_metrics, control_metrics}) {
    for (Definition& definition : part()) list.push_back(std::move(definition));
  }
  return list;
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return "counter";
    case Kind::kGauge:
      return "gauge";
    case Kind::kHistogram:
      return "histogram";
  }
  return {};
}

std::span<const Definition> definitions() {
  static const std::vector<Definition> kAll = all();
  return kAll;
}

std::vector<Family> families(const Snapshot& snapshot) {
  std::vector<Family> list;
  for (const Definition& definition : definitions()) {
    Family& family = list.emplace_back(Family{&definition, {}});
    definition.collect(snapshot, family.samples);
  }
  return list;
}

std::vector<Point> points(const Definition& definition, const Sample& sample) {
  Point base{.suffix = {}, .labels = {}, .value = sample.value, .scale = definition.scale};
  for (std::size_t i = 0; i < definition.labels.size(); ++i)
    base.labels.emplace_back(definition.labels[i], sample.labels.at(i));
  if (definition.kind != Kind::kHistogram) return {std::move(base)};
  std::vector<Point> list;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < sample.classes.size(); ++i) {
    count += sample.classes[i];
    Point& bucket = list.emplace_back(base);
    bucket.suffix = "_bucket";
    const bool is_last = i == definition.bounds.size();
    bucket.labels.emplace_back(
        "le", is_last ? "+Inf"
                      : fmt::format("{}", static_cast<double>(definition.bounds[i]) /
                                              static_cast<double>(definition.scale)));
    bucket.value = count;
    bucket.scale = 1;
  }
  list.emplace_back(base).suffix = "_sum";
  Point& last = list.emplace_back(std::move(base));
  last.suffix = "_count";
  last.value = count;
  last.scale = 1;
  return list;
}

}  // namespace gate511::control::numbers
