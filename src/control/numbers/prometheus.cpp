// SPDX-License-Identifier: BSD-3-Clause
//
// prometheus-cpp writes the text and escapes what is in it.
#include "control/numbers/prometheus.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <sstream>
#include <utility>
#include <vector>

#include "control/numbers/metrics.hpp"

namespace gate511::control::numbers {
namespace {

using prometheus::ClientMetric;

double in_units(std::uint64_t value, std::uint64_t scale) {
  return static_cast<double>(value) / static_cast<double>(scale);
}

prometheus::MetricType type_of(Kind kind) {
  return kind == Kind::kCounter ? prometheus::MetricType::Counter
         : kind == Kind::kGauge ? prometheus::MetricType::Gauge
                                : prometheus::MetricType::Histogram;
}

void put_histogram(const Definition& definition, const Sample& sample, ClientMetric& out) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < sample.classes.size(); ++i) {
    count += sample.classes[i];
    // The serializer adds the one without a bound.
    if (i < definition.bounds.size())
      out.histogram.bucket.push_back({count, in_units(definition.bounds[i], definition.scale)});
  }
  out.histogram.sample_count = count;
  out.histogram.sample_sum = in_units(sample.value, definition.scale);
}

ClientMetric metric_of(const Definition& definition, const Sample& sample) {
  ClientMetric metric;
  for (std::size_t i = 0; i < definition.labels.size(); ++i)
    metric.label.push_back({std::string{definition.labels[i]}, sample.labels.at(i)});
  if (definition.kind == Kind::kHistogram) put_histogram(definition, sample, metric);
  metric.counter.value = metric.gauge.value = in_units(sample.value, definition.scale);
  return metric;
}

}  // namespace

std::string prometheus_text(const Snapshot& snapshot) {
  std::vector<prometheus::MetricFamily> list;
  for (const Family& family : families(snapshot)) {
    if (family.samples.empty()) continue;
    const Definition& definition = *family.definition;
    prometheus::MetricFamily shown{
        std::string{definition.name}, std::string{definition.help}, type_of(definition.kind), {}};
    for (const Sample& sample : family.samples)
      shown.metric.push_back(metric_of(definition, sample));
    list.push_back(std::move(shown));
  }
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, list);
  return std::move(out).str();
}

}  // namespace gate511::control::numbers
